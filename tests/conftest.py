"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import Database, open_database
from tests.postgres import fresh_postgres

# The tests' networks are tiny: a second thread waits for the first more than it helps, and where servers, browsers
# and jobs of a test share the cores, tenfold so. Read when torch is loaded, here and in every process of a test.
os.environ.setdefault("OMP_NUM_THREADS", "1")

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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, workspace: Path) -> Iterator[str]:
    """Address of an empty database of either kind; also in the environment, for processes of jobs."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "sqlite":
            patch.delenv("MEDSYN_DATABASE_URL", raising=False)
            get_settings.cache_clear()
            yield ""
            return
        with fresh_postgres() as url:
            patch.setenv("MEDSYN_DATABASE_URL", url)
            get_settings.cache_clear()
            yield url
    get_settings.cache_clear()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, migrated database."""
    opened = open_database(get_settings())
    yield opened
    opened.close()
