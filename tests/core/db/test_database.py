"""Opening: migrations, one writer at a time, and a sentence when the database fails."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from core.config import Settings, get_settings
from core.db import migrate
from core.db.database import Database, open_database
from core.db.studies import list_studies, save_study
from core.db.table_base import Base
from core.db.tables import JobTable
from core.errors import DatabaseError
from tests.core.db.test_studies import folders


def at(tmp_path: Path, url: str | None) -> Settings:
    return Settings(
        home=tmp_path / "home",
        weights_dir=None,
        torch_home=tmp_path,
        offline=True,
        max_pixels=1,
        max_file_bytes=1,
        database_url=url,
    )


def test_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database._engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {
            "alembic_version", "studies", "audits", "results", "jobs", "reviews", "review_pairs", "verdicts",
            "review_openings", "experiments", "experiment_results", "rating_sessions", "rating_stimuli",
            "rating_raters", "rating_answers", "generator_runs",
        }  # fmt: skip
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == migrate.HEAD


def test_migrations_can_be_taken_back(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrate._FOLDER))
    config.set_main_option("path_separator", "os")
    with database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_a_database_of_an_earlier_version_is_upgraded_with_what_it_holds(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    study = save_study(database, name="Films", folders=folders())
    config = Config()
    config.set_main_option("script_location", str(migrate._FOLDER))
    config.set_main_option("path_separator", "os")
    with database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert not migrate.is_current(database._engine)
    migrate.upgrade(database._engine)
    assert migrate.is_current(database._engine)
    assert list_studies(database) == (study,)


def test_opening_again_finds_what_was_written(database: Database) -> None:
    with database.write() as session:
        session.execute(text("CREATE TABLE kept (n INTEGER)"))
        session.execute(text("INSERT INTO kept VALUES (7)"))
    database.close()
    again = open_database(get_settings())
    with again.read() as session:
        assert session.execute(text("SELECT n FROM kept")).scalar() == 7


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with database.write() as session:
        session.execute(text("CREATE TABLE kept (n INTEGER)"))
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.execute(text("INSERT INTO kept VALUES (7)"))
        _ = 1 / 0
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM kept")).scalar() == 0


def test_writers_wait_for_each_other_and_readers_do_not(database: Database) -> None:
    with database.write() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        for _ in range(5):
            with database.write() as session:
                n = session.execute(text("SELECT n FROM counter")).scalar_one()
                time.sleep(0.005)
                session.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    with database.read() as session:
        assert session.execute(text("SELECT n FROM counter")).scalar_one() <= 20
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.execute(text("SELECT n FROM counter")).scalar_one() == 20


def test_a_reader_sees_one_state(database: Database) -> None:
    with database.read() as reading:
        count = select(func.count()).select_from(JobTable)
        before = reading.scalar(count)
        with database.write() as session:
            session.execute(
                text(
                    "INSERT INTO jobs (id, kind, title, payload, state, created_at, stage, unit, steps_done, "
                    "steps_total, notices, exit_reason) VALUES ('a', 'k', 't', '{}', 'queued', "
                    "'2026-01-01 00:00:00', '', '', 0, 0, '[]', '')"
                )
            )
        assert reading.scalar(count) == before == 0


def test_sqlite_is_in_wal_mode(workspace: Path) -> None:
    database = open_database(get_settings())
    with database.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
    assert (workspace / "medsynaudit.sqlite3").exists()
    database.close()


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://x@localhost/y", "sqlite://", "sqlite:///:memory:", "oracle://x"]
)
def test_other_databases_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DatabaseError, match="MEDSYN_DATABASE_URL is not an address"):
        open_database(at(tmp_path, url))


def test_a_server_that_is_not_there_is_a_sentence_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="does not answer") as error:
        open_database(at(tmp_path, "postgresql://me:secret@127.0.0.1:9/none"))
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "medsynaudit.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(
        DatabaseError, match=r"medsynaudit\.sqlite3 does not answer \(file is not a database\)"
    ):
        open_database(at(tmp_path, None))


def test_a_workspace_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    with pytest.raises(DatabaseError, match="does not answer"):
        open_database(at(tmp_path, None))


def test_a_newer_database_is_left_alone(database: Database) -> None:
    from core.db.database import _open

    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    _open.cache_clear()
    with pytest.raises(DatabaseError, match="newer version"):
        open_database(get_settings())


def test_many_processes_open_an_empty_database_at_once(database_url: str) -> None:
    import subprocess
    import sys

    code = "from core.db.database import open_database; open_database()"
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


def test_the_workspace_is_its_owners_alone(workspace: Path) -> None:
    open_database(get_settings()).close()
    assert workspace.stat().st_mode & 0o077 == 0
