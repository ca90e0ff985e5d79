"""What the parity tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.weights import make_fid_weights


@pytest.fixture(scope="session")
def fid_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One weight file of the FID layout that every tool loads."""
    return make_fid_weights(tmp_path_factory.mktemp("fid-weights") / "layout.pth", seed=0)
