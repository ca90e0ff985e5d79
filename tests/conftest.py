"""Fixtures that every test folder shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import get_settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real sample images beside the checkout; tests that use it are additional."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real sample images (../shared/data beside the checkout) are not here")
    return SHARED_DATA


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace folder, offline, without weights."""
    home = tmp_path / "workspace"
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    monkeypatch.setenv("MEDSYN_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("MEDSYN_WEIGHTS_DIR", raising=False)
    get_settings.cache_clear()
    yield home
    get_settings.cache_clear()
