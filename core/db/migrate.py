"""Brings the tables to this version's form; alembic is loaded only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from core.errors import DatabaseError

__all__ = ["HEAD", "is_current", "upgrade"]

HEAD = "0005"
"""The newest migration; a test holds it against the folder of migrations."""

_FOLDER = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x4D5342


def is_current(engine: Engine) -> bool:
    """Whether the tables have this version's form already."""
    if engine.dialect.name == "sqlite" and engine.url.database is not None:
        file = Path(engine.url.database)
        if not file.exists():
            return False
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, one process at a time.

    Raises:
        DatabaseError: if a newer version of the program made the tables.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    if engine.dialect.name == "sqlite" and engine.url.database is not None:
        # Audits hold mean images and names of files of patients: nobody else on the machine reads them.
        Path(engine.url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    # Options of alembic.ini that would be guessed, with a warning, if nobody named them.
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise DatabaseError(
                f"The database was made by a newer version of MedSynAudit (its form is {found!r}); upgrade "
                "the program, or set MEDSYN_DATABASE_URL or MEDSYN_HOME to another place."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
