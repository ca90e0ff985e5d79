"""Opens the database: one writer at a time on SQLite and PostgreSQL alike, errors as one sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from core.config import Settings, get_settings
from core.db.migrate import is_current, upgrade
from core.errors import DatabaseError

__all__ = ["Database", "open_database"]

_BUSY_TIMEOUT_S = 15
_CONNECT_TIMEOUT_S = 10
# Any constant that nothing else takes; the bytes of "MSA".
_WRITER_LOCK = 0x4D5341
_opening = threading.Lock()


class Database:
    """An open database whose tables are there.

    Attributes:
        place: where it is, without a password; for messages.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        url = engine.url
        self.place = str(url.database) if url.drivername.startswith("sqlite") else url.render_as_string()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing.

        Raises:
            DatabaseError: if the database does not answer.
        """
        with self._session() as session:
            if self._engine.dialect.name == "sqlite":
                session.connection().exec_driver_sql("BEGIN")
            else:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
            # Closing rolls back.

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is the only writer; commits at the end, rolls back on any error.

        Raises:
            DatabaseError: if the database does not answer or stays busy.
        """
        with self._session() as session:
            if self._engine.dialect.name == "sqlite":
                # Taking the lock at once avoids the dead end of two readers that both want to write.
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            else:
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
            yield session
            session.commit()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with Session(self._engine, expire_on_commit=False) as session:
                yield session
        except SQLAlchemyError as error:
            raise _explain(self.place, error) from error


def open_database(settings: Settings | None = None) -> Database:
    """Open the settings' database, making or upgrading its tables where needed.

    One `Database` is kept for each address in a process.

    Args:
        settings: the process's own when None.

    Raises:
        DatabaseError: if it cannot be opened; the message says what to change.
    """
    settings = settings or get_settings()
    # Sessions of a dashboard are threads; migrations run in one at a time.
    with _opening:
        return _open(settings.database_url or "", settings.home)


@lru_cache(maxsize=8)
def _open(address: str, home: Path) -> Database:
    try:
        if address:
            url = make_url(address)
        else:
            url = URL.create("sqlite", database=str(home / "medsynaudit.sqlite3"))
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+pg8000")
        engine = _create_engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(
            "MEDSYN_DATABASE_URL is not an address of SQLite or PostgreSQL; write "
            "postgresql://user:password@host/name or sqlite:////folder/file."
        ) from error
    database = Database(engine)
    try:
        if not is_current(engine):
            upgrade(engine)
    except DatabaseError:
        engine.dispose()
        raise
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise _explain(database.place, error) from error
    return database


def _create_engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ArgumentError("jobs are processes of their own and need a file")
        engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if backend != "postgresql":
        raise ArgumentError("only SQLite and PostgreSQL are tested")
    return create_engine(
        url, pool_pre_ping=True, pool_recycle=1800, connect_args={"timeout": _CONNECT_TIMEOUT_S}
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own accord: `write` begins them itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers go on while a job writes.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _explain(place: str, error: Exception) -> DatabaseError:
    """One sentence without SQL or parameters, which may hold what users typed."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    detail = cause.args[0] if cause.args else type(cause).__name__
    if isinstance(detail, dict):  # the answer of a PostgreSQL server, by one-letter fields
        detail = detail.get("M", type(cause).__name__)
    return DatabaseError(
        f"The database {place} does not answer ({' '.join(str(detail).split())}); see that it is there, may "
        "be written and has room, or set MEDSYN_DATABASE_URL."
    )
