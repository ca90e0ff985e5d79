"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import Database, open_database
from tests.postgres import fresh_postgres
from tests.workers import group_tests, is_alone, name_worker, take_turn

# The tests' networks are tiny: a second thread waits for the first more than it helps, and where servers, browsers
# and jobs of a test share the cores, tenfold so. Read when torch is loaded, here and in every process of a test.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A worker has a workspace of its own, as for a run of its own.
if (_worker := name_worker()) and "MEDSYN_HOME" in os.environ:
    os.environ["MEDSYN_HOME"] = str(Path(os.environ["MEDSYN_HOME"]) / _worker)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together."""
    group_tests(items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Begin a test, with its fixtures, when the other workers let it."""
    if name_worker() is None:
        return (yield)
    # Below the run's folder for temporary files, each worker has one of its own.
    folder = Path(item.config.getoption("basetemp")).parent
    with take_turn(folder, alone=is_alone(item)):
        return (yield)


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
