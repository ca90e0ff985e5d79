"""Raters: invited, renamed, begun once, revoked."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.db.database import Database
from core.db.raters import add_rater, begin_rating, list_raters, load_rater, rename_rater, revoke_rater
from core.db.rating_record import Background, Trial, TrialKind
from core.db.rating_sessions import close_rating_session, create_rating_session, mark_prepared
from core.errors import InputError, UnknownNameError
from tests.core.db.rated import BACKGROUND, SCREEN, keep_rated, make_stimuli


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


def trials_of(number: int) -> tuple[Trial, ...]:
    return (Trial(TrialKind.TEST, (number,)),)


def test_raters_join_with_the_next_number(database: Database) -> None:
    session = keep_rated(database)
    third = add_rater(database, session.id, name="", make_trials=trials_of)
    assert (third.number, third.name, third.trials) == (2, "Rater 3", trials_of(2))
    fourth = add_rater(database, session.id, name=" Dr  Ö ", make_trials=trials_of)
    assert (fourth.number, fourth.name) == (3, "Dr Ö")
    assert list_raters(database, session.id)[2:] == (third, fourth)
    assert load_rater(database, fourth.id) == fourth
    for name, says in (
        ("dr ö", "called 'Dr Ö' already"),
        ("x" * 81, "80 printable"),
        ("a\0", "80 printable"),
    ):
        with pytest.raises(InputError, match=says):
            add_rater(database, session.id, name=name, make_trials=trials_of)
    with pytest.raises(InputError, match="has no trial"):
        add_rater(database, session.id, name="", make_trials=lambda number: ())
    with pytest.raises(InputError, match="does not have"):
        add_rater(database, session.id, name="", make_trials=lambda number: trials_of(6))
    assert len(list_raters(database, session.id)) == 4
    close_rating_session(database, session.id)
    with pytest.raises(InputError, match="'First look' is closed"):
        add_rater(database, session.id, name="", make_trials=trials_of)


def test_raters_who_join_at_once_get_different_numbers(database: Database) -> None:
    session = keep_rated(database, n_raters=1)
    threads = [
        threading.Thread(
            target=add_rater, args=(database, session.id), kwargs={"name": "", "make_trials": trials_of}
        )
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.number for one in list_raters(database, session.id)] == list(range(6))


def test_names_can_be_changed(database: Database) -> None:
    session = keep_rated(database)
    first, second = list_raters(database, session.id)
    assert rename_rater(database, first.id, "Ada").name == "Ada"
    assert rename_rater(database, first.id, "ADA").name == "ADA"
    with pytest.raises(InputError, match="called 'ADA' already"):
        rename_rater(database, second.id, "ada")
    assert rename_rater(database, first.id, " ") == first


def test_beginning_keeps_the_first_consent(database: Database) -> None:
    (rater, _) = list_raters(database, keep_rated(database).id)
    experts = (Background("  chest  radiologist", 12), Background("resident", 0.5))
    begun = begin_rating(database, rater.id, background=experts, screen=SCREEN)
    assert begun.consented_at is not None
    assert begun.background == (Background("chest radiologist", 12), Background("resident", 0.5))
    assert begun.screen == SCREEN
    again = begin_rating(database, rater.id, background=BACKGROUND, screen={})
    assert again == begun == load_rater(database, rater.id)


def test_what_a_browser_says_is_checked(database: Database) -> None:
    (rater, _) = list_raters(database, keep_rated(database).id)
    for background in (
        (),
        BACKGROUND * 13,
        (Background(" ", 1),),
        (Background("x" * 81, 1),),
        (Background("a\x07", 1),),
        (Background("a", -1),),
        (Background("a", 81),),
        (Background("a", float("nan")),),
    ):
        with pytest.raises(InputError):
            begin_rating(database, rater.id, background=background, screen=SCREEN)
    for screen in ({"agent": 1.0}, {"width": 0.0}, {"width": float("nan")}, {"refresh_hz": float("inf")}):
        with pytest.raises(InputError, match="screen does not fit"):
            begin_rating(database, rater.id, background=BACKGROUND, screen=screen)
    assert load_rater(database, rater.id) == rater


def test_nobody_begins_early_or_late(database: Database) -> None:
    session = keep_rated(database)
    unprepared = create_rating_session(
        database,
        study_id=session.study_id,
        name="Second",
        design={},
        folders={},
        stimuli=make_stimuli(2),
        raters=[("", trials_of(0))],
    )
    (waiting,) = list_raters(database, unprepared.id)
    with pytest.raises(InputError, match="not prepared yet"):
        begin_rating(database, waiting.id, background=BACKGROUND, screen=SCREEN)
    mark_prepared(database, unprepared.id)
    assert begin_rating(database, waiting.id, background=BACKGROUND, screen={}).consented_at is not None
    first, second = list_raters(database, session.id)
    revoked = revoke_rater(database, first.id)
    assert revoked.revoked_at is not None
    assert replace(revoked, revoked_at=None) == first
    assert revoke_rater(database, first.id) == revoked
    with pytest.raises(InputError, match="link was taken back"):
        begin_rating(database, first.id, background=BACKGROUND, screen=SCREEN)
    close_rating_session(database, session.id)
    with pytest.raises(InputError, match="session is closed"):
        begin_rating(database, second.id, background=BACKGROUND, screen=SCREEN)


def test_unknown_raters_and_sessions_are_named(database: Database) -> None:
    for use in (
        lambda: load_rater(database, "gone"),
        lambda: revoke_rater(database, "gone"),
        lambda: rename_rater(database, "gone", "x"),
        lambda: begin_rating(database, "gone", background=BACKGROUND, screen={}),
    ):
        with pytest.raises(UnknownNameError, match="no rater 'gone'"):
            use()
    for use_session in (
        lambda: list_raters(database, "gone"),
        lambda: add_rater(database, "gone", name="", make_trials=trials_of),
    ):
        with pytest.raises(UnknownNameError, match="no rating session 'gone'"):
            use_session()
