"""The command that maps bias asks classifiers, too, where that is wanted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from core.bias import attribution_options
from core.bias.archive import load_bias
from core.bias.attribution_archive import load_attribution, load_attribution_map
from core.bias.attribution_options import AttributionOptions
from core.cli import main
from tests.core.utility.films import TINY, write_set


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_attribution_stands_beside_the_analysis(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = partial(AttributionOptions, protocol=TINY, repeats=1, n_images=2, cover=0.25, step=0.25)
    monkeypatch.setattr(attribution_options, "AttributionOptions", small)
    write_set(tmp_path / "real", 20, seed=1, contrast=90)
    out = tmp_path / "out"
    command = ("bias", "heatmap", "--real", tmp_path / "real", "--output", out, "--frame", 32, "--workers", 0)
    options = ("--permutations", 39, "--stride", 16)
    assert call(*command, *options, "--attribution") == 0
    said = capsys.readouterr().out
    assert "trained once: balanced accuracy" in said
    assert "of what speaks for the class lies in region 1" in said
    found, analysis = load_attribution(out), load_bias(out)
    assert found is not None
    assert found.side_px == analysis.settings.side_px == 32
    boxes = {(one.left, one.top, one.right, one.bottom) for one in found.shares}
    assert boxes == {(one.left, one.top, one.right, one.bottom) for one in analysis.suspects}
    assert load_attribution_map(out, "real", "occlusion", "light").shape == (32, 32)
    # An analysis in its place takes the attribution of the earlier one away.
    assert call(*command, *options) == 0
    assert load_attribution(out) is None
