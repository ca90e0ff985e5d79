"""Audits with the codes of a trained VQ-VAE-2, asked for as the predecessor spelt it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.core.features.vqvae_run import write_run
from tests.core.test_cli import call
from tests.images import write_images


@pytest.mark.usefixtures("workspace")
def test_codes_serve_the_copy_metrics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real, made = (write_images(tmp_path / name, 16) for name in ("real", "made"))
    run = write_run(tmp_path / "run")
    sets = ("-r", real, "-d", made)
    first = ("--select_model", "vqvae_bottom", "--pretrained_model_path", run)
    assert call("audit", *sets, "-o", tmp_path / "a", *first) == 0
    table = pd.read_csv(tmp_path / "a" / "metrics.csv")
    assert f"vqvae-bottom:{run}" in set(table["extractor"])
    found = set(table["metric"])
    assert {"fidelity", "privacy"} <= found
    # Codes have no means and covariances.
    assert not any(name.startswith(("fd", "fid_", "kid")) for name in found)
    # The same files in both sets: each lies on its own, at no differing code.
    copies = pd.read_csv(tmp_path / "a" / "copies.csv")
    assert (copies["distance"] == 0).all()
    assert call("audit", *sets, "-o", tmp_path / "c", "--select_model", "vqvae_top") == 2
    assert "--pretrained_model_path" in capsys.readouterr().err
