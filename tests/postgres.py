"""Empty databases on the PostgreSQL server that `MEDSYN_TEST_POSTGRES_URL` names."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

__all__ = ["fresh_postgres"]


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """Make a database, yield its address, and drop it; skips where there is no server."""
    address = os.environ.get("MEDSYN_TEST_POSTGRES_URL", "")
    if not address:
        reason = "MEDSYN_TEST_POSTGRES_URL names no PostgreSQL server (.ci/postgres FOLDER starts one)"
        if os.environ.get("MEDSYN_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    url = make_url(address).set(drivername="postgresql+pg8000")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"test_{secrets.token_hex(6)}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()
