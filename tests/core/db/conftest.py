"""A database of either kind that tests share which need no empty one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from core.config import Settings
from core.db.database import Database, open_database
from tests.postgres import fresh_postgres


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database that holds what other tests left there."""
    with ExitStack() as stack:
        url = stack.enter_context(fresh_postgres()) if request.param == "postgresql" else None
        settings = dataclasses.replace(
            Settings.from_environment(), home=tmp_path_factory.mktemp("shared"), database_url=url
        )
        database = open_database(settings)
        stack.callback(database.close)
        yield database
