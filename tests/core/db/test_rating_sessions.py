"""Rating sessions: kept whole, found, prepared, closed and opened again."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_record import RatingSessionRecord, StimulusRecord, Trial, TrialKind
from core.db.rating_sessions import (
    close_rating_session,
    create_rating_session,
    find_rating_session,
    list_rating_sessions,
    load_rating_session,
    load_stimuli,
    mark_prepared,
    reopen_rating_session,
)
from core.db.studies import save_study
from core.errors import InputError, UnknownNameError
from tests.core.db.rated import keep_rated, make_stimuli
from tests.core.db.test_studies import folders

TRIALS = (Trial(TrialKind.TEST, (1,)), Trial(TrialKind.CHECK, (0, 2)), Trial(TrialKind.REPEAT, (1,)))


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


def keep(
    database: Database, study_id: str, name: str = "First", stimuli: list[StimulusRecord] | None = None
) -> RatingSessionRecord:
    return create_rating_session(
        database,
        study_id=study_id,
        name=name,
        design={"seed": 1},
        folders={"real": "r"},
        stimuli=make_stimuli(3) if stimuli is None else stimuli,
        raters=[(" Dr  A ", TRIALS), ("", TRIALS[:1])],
        is_simulated=True,
    )


@pytest.fixture
def study_id(database: Database) -> str:
    return save_study(database, name=secrets.token_hex(4), folders=folders()).id


def test_a_session_comes_back_as_it_was_made(database: Database, study_id: str) -> None:
    before = datetime.now(UTC)
    made = keep(database, study_id, " First   look ")
    assert before <= made.created_at <= datetime.now(UTC)
    assert (made.name, made.design, made.folders) == ("First look", {"seed": 1}, {"real": "r"})
    assert (made.is_simulated, made.prepared_at, made.closed_at) == (True, None, None)
    assert load_rating_session(database, made.id) == made
    assert list(load_stimuli(database, made.id)) == make_stimuli(3)
    first, second = list_raters(database, made.id)
    assert (first.name, first.number, first.trials) == ("Dr A", 0, TRIALS)
    assert (second.name, second.number, second.trials) == ("Rater 2", 1, TRIALS[:1])
    assert first.id != second.id
    assert (first.background, first.screen, first.consented_at, first.finished_at) == ((), {}, None, None)


def test_an_id_given_beforehand_makes_one_session(database: Database, study_id: str) -> None:
    def make(name: str) -> RatingSessionRecord:
        return create_rating_session(
            database,
            study_id=study_id,
            name=name,
            design={},
            folders={},
            stimuli=make_stimuli(3),
            raters=[("", TRIALS)],
            session_id=session_id,
        )

    session_id = secrets.token_hex(8)
    made = make("First")
    assert made.id == session_id
    # Done again, whatever it says now.
    assert make("Second") == made
    assert list_rating_sessions(database, study_id) == (made,)
    assert len(list_raters(database, made.id)) == 1


def test_sessions_are_listed_newest_first_and_found_by_name(database: Database, study_id: str) -> None:
    other = save_study(database, name="Other", folders=folders())
    made = [keep(database, study_id, "One"), keep(database, study_id, "Two"), keep(database, other.id, "Two")]
    assert list_rating_sessions(database)[:3] == tuple(reversed(made))
    assert list_rating_sessions(database, study_id) == (made[1], made[0])
    assert list_rating_sessions(database, "none") == ()
    assert find_rating_session(database, "oNE") == made[0]
    assert find_rating_session(database, made[2].id) == made[2]
    with pytest.raises(UnknownNameError, match="Several rating sessions are called 'two'"):
        find_rating_session(database, "two")
    with pytest.raises(UnknownNameError, match=f"no rating session 'x'; there are: .*{made[0].id} 'One'"):
        find_rating_session(database, "x")
    for use in (load_rating_session, load_stimuli, mark_prepared, close_rating_session):
        with pytest.raises(UnknownNameError, match="no rating session 'gone'"):
            use(database, "gone")


def test_what_cannot_be_kept_leaves_nothing(database: Database, study_id: str) -> None:
    for name in ("", "  ", "x" * 81, "a\x07"):
        with pytest.raises(InputError, match="name of 1 to 80"):
            keep(database, study_id, name)
    with pytest.raises(UnknownNameError, match="no study"):
        keep(database, "gone")
    with pytest.raises(InputError, match="without an image"):
        keep(database, study_id, stimuli=[])
    with pytest.raises(InputError, match="without a gap"):
        keep(database, study_id, stimuli=make_stimuli(4)[1:])
    with pytest.raises(InputError, match="does not have"):
        keep(database, study_id, stimuli=make_stimuli(2))
    assert list_rating_sessions(database, study_id) == ()
    keep(database, study_id, "Straße")
    with pytest.raises(InputError, match="called 'Straße' already"):
        keep(database, study_id, "STRASSE")


def test_any_name_of_class_and_file_can_be_kept(database: Database, study_id: str) -> None:
    odd = StimulusRecord(0, TrialKind.TEST, "gan", "Rö\0ntgen\n", True, "a/é\t'.png", None)
    made = keep(database, study_id, stimuli=[odd, *make_stimuli(3)[1:]])
    (found, *_) = load_stimuli(database, made.id)
    assert found.class_name == "Rö\N{REPLACEMENT CHARACTER}ntgen\n"
    assert (found.file, found.synthetic, found.digest) == (odd.file, "gan", None)


def test_preparing_and_closing_keep_their_first_time(database: Database) -> None:
    session = keep_rated(database)
    assert session.prepared_at is not None
    assert mark_prepared(database, session.id) == session
    closed = close_rating_session(database, session.id)
    assert closed.closed_at is not None
    assert close_rating_session(database, session.id) == closed
    assert reopen_rating_session(database, session.id) == session
    assert load_rating_session(database, session.id) == session
