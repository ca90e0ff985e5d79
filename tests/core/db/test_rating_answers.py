"""Answers of raters: on the right trial, once, for good."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update

from core.db.database import Database
from core.db.raters import list_raters, load_rater, revoke_rater
from core.db.rating_answers import add_answers, count_answers, group_by_rater, list_answers, standing_answers
from core.db.rating_record import Answer, NewAnswer, RatingSessionRecord, Trial, TrialKind
from core.db.rating_sessions import close_rating_session, reopen_rating_session
from core.db.rating_tables import RatingAnswerTable
from core.errors import DatabaseError, InputError, UnknownNameError
from tests.core.db.rated import begin_all, keep_rated, say_all

REAL, FAKE, LEFT, RIGHT = Answer


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


@pytest.fixture
def session(database: Database) -> RatingSessionRecord:
    return keep_rated(database)


@pytest.fixture
def rater(database: Database, session: RatingSessionRecord) -> str:
    return begin_all(database, session)[0]


def test_answers_are_kept_as_they_were_given(database: Database, rater: str) -> None:
    before = datetime.now(UTC)
    full = NewAnswer(0, "t0", FAKE, 5, 812.25, 250.1, 15, 59.94, 2, was_hidden=True, was_early=True)
    bare = NewAnswer(1, "t1", REAL)
    assert add_answers(database, rater, [full, bare]) == 2
    rows = list_answers(database, rater_id=rater)
    assert [row.given for row in rows] == [full, bare]
    assert {row.rater_id for row in rows} == {rater}
    assert all(before <= row.made_at <= datetime.now(UTC) for row in rows)
    assert [row.id for row in rows] == sorted({row.id for row in rows})


def test_an_answer_fits_the_next_trial_alone(database: Database, rater: str) -> None:
    assert add_answers(database, rater, []) == 0
    assert add_answers(database, rater, say_all([FAKE])) == 1
    for position in (0, 2, -1, 6):
        with pytest.raises(InputError, match=f"on trial {position + 1} does not fit; trial 2 is next"):
            add_answers(database, rater, [NewAnswer(position, "new", FAKE)])
    # One that does not fit keeps the whole batch out.
    with pytest.raises(InputError, match="trial 4 is next"):
        add_answers(database, rater, [*say_all([REAL, REAL], first=1), NewAnswer(4, "gap", FAKE)])
    assert [row.given.position for row in list_answers(database, rater_id=rater)] == [0]


def test_the_last_answer_can_be_undone_and_given_anew(database: Database, rater: str) -> None:
    with pytest.raises(InputError, match="cannot be undone; there is none"):
        add_answers(database, rater, [NewAnswer(0, "u", None)])
    add_answers(database, rater, say_all([FAKE, FAKE, FAKE]))
    with pytest.raises(InputError, match=r"trial 1 cannot be undone; only that of trial 3 can"):
        add_answers(database, rater, [NewAnswer(0, "u", None)])
    batch = [NewAnswer(2, "u2", None), NewAnswer(1, "u1", None), NewAnswer(1, "again", REAL)]
    assert add_answers(database, rater, batch) == 2
    rows = list_answers(database, rater_id=rater)
    assert len(rows) == 6
    standing = standing_answers(reversed(rows))
    assert {place: one.answer for place, one in standing.items()} == {0: FAKE, 1: REAL}
    assert count_answers(database)[rater] == 2


def test_a_batch_sent_again_is_kept_once(
    database: Database, session: RatingSessionRecord, rater: str
) -> None:
    batch = [*say_all([FAKE, REAL]), NewAnswer(1, "undo", None), NewAnswer(1, "other", FAKE)]
    assert add_answers(database, rater, batch) == 2
    assert add_answers(database, rater, [*batch, *batch]) == 2
    assert add_answers(database, rater, [*batch, *say_all([REAL], first=2)]) == 3
    assert len(list_answers(database, rater_id=rater)) == 5
    # Its reply may have been lost before the session was closed.
    close_rating_session(database, session.id)
    assert add_answers(database, rater, batch) == 3
    with pytest.raises(InputError, match="session is closed"):
        add_answers(database, rater, [*batch, *say_all([REAL], first=3)])
    reopen_rating_session(database, session.id)
    assert add_answers(database, rater, say_all([REAL], first=3)) == 4
    revoke_rater(database, rater)
    with pytest.raises(InputError, match="link was taken back"):
        add_answers(database, rater, say_all([REAL], first=4))


def test_one_token_for_two_answers_is_refused(database: Database, rater: str) -> None:
    first, second = say_all([FAKE, FAKE])
    for pair in (
        [first, replace(second, token=first.token)],
        [first, replace(first, answer=REAL)],
        [first, replace(first, answer=None)],
    ):
        with pytest.raises(InputError, match="carries the token of another"):
            add_answers(database, rater, pair)
        assert list_answers(database, rater_id=rater) == ()
    add_answers(database, rater, [first])
    with pytest.raises(InputError, match="carries the token of another"):
        add_answers(database, rater, [replace(second, token=first.token)])


def test_every_field_is_checked(database: Database, rater: str) -> None:
    good = NewAnswer(0, "t", FAKE)
    nan = float("nan")
    for bad, says in (
        (replace(good, token=""), "token of 1 to 64"),
        (replace(good, token="x" * 65), "token of 1 to 64"),
        (replace(good, token="ü"), "token of 1 to 64"),
        (replace(good, confidence=0), "from 1 to 5, not 0"),
        (replace(good, confidence=6), "from 1 to 5, not 6"),
        (replace(good, reaction_time_ms=-1.0), "reaction time of trial 1"),
        (replace(good, reaction_time_ms=nan), "reaction time of trial 1"),
        (replace(good, exposure_ms=1e12), "exposure of trial 1"),
        (replace(good, frames=-1), "frames of trial 1"),
        (replace(good, dropped_frames=2**31), "frames of trial 1"),
        (replace(good, frame_rate_hz=0.0), "frame rate of trial 1"),
        (replace(good, frame_rate_hz=nan), "frame rate of trial 1"),
        (replace(good, answer=LEFT), "answered with fake or real, not left"),
    ):
        with pytest.raises(InputError, match=says):
            add_answers(database, rater, [bad])
    with pytest.raises(InputError, match="too many"):
        add_answers(database, rater, [good] * 5001)
    assert list_answers(database, rater_id=rater) == ()


def test_a_pair_is_answered_with_a_side(database: Database) -> None:
    session = keep_rated(database, trials=[Trial(TrialKind.TEST, (0, 1))])
    rater, other = begin_all(database, session)
    for answer in (REAL, FAKE):
        with pytest.raises(InputError, match="answered with left or right"):
            add_answers(database, rater, say_all([answer]))
    assert add_answers(database, rater, say_all([LEFT])) == 1
    assert add_answers(database, other, say_all([RIGHT])) == 1


def test_the_last_answer_finishes(database: Database, session: RatingSessionRecord, rater: str) -> None:
    answers = say_all([FAKE] * 6)
    # Undone in the same batch, nothing was finished yet.
    assert add_answers(database, rater, [*answers, NewAnswer(5, "undo", None)]) == 5
    assert load_rater(database, rater).finished_at is None
    assert add_answers(database, rater, [NewAnswer(5, "last", REAL)]) == 6
    finished = load_rater(database, rater)
    assert finished.finished_at is not None
    for late in (NewAnswer(5, "undo again", None), NewAnswer(6, "more", REAL)):
        with pytest.raises(InputError, match="finished"):
            add_answers(database, rater, [late])
    assert add_answers(database, rater, answers) == 6
    assert load_rater(database, rater) == finished
    assert count_answers(database, session.id) == {rater: 6}
    assert count_answers(database, "other") == {}


def test_who_has_not_agreed_cannot_answer(database: Database, session: RatingSessionRecord) -> None:
    (rater, _) = list_raters(database, session.id)
    with pytest.raises(InputError, match="not begun"):
        add_answers(database, rater.id, say_all([FAKE]))
    with pytest.raises(UnknownNameError, match="no rater"):
        add_answers(database, "gone", say_all([FAKE]))


def test_answers_are_listed_by_session_and_rater(database: Database, session: RatingSessionRecord) -> None:
    first, second = begin_all(database, session)
    other = keep_rated(database, name="Second look", n_raters=1)
    (third,) = begin_all(database, other)
    for rater in (second, third, first):
        # Tokens are one rater's own.
        add_answers(database, rater, say_all([FAKE, REAL]))
    assert [row.rater_id for row in list_answers(database)[-6:]] == [second] * 2 + [third] * 2 + [first] * 2
    rows = list_answers(database, session_id=session.id)
    assert [row.rater_id for row in rows] == [second, second, first, first]
    assert list_answers(database, session_id=session.id, rater_id=third) == ()
    parts = group_by_rater(rows)
    assert parts == {one: list_answers(database, rater_id=one) for one in (second, first)}
    with pytest.raises(ValueError, match="one rater at a time"):
        standing_answers(rows)
    assert count_answers(database).items() >= {first: 2, second: 2, third: 2}.items()
    for what in ({"session_id": "gone"}, {"rater_id": "gone"}):
        with pytest.raises(UnknownNameError):
            list_answers(database, **what)


def test_the_database_itself_refuses_changes(database: Database, rater: str) -> None:
    add_answers(database, rater, say_all([FAKE]))
    for statement in (
        update(RatingAnswerTable).values(answer="real"),
        update(RatingAnswerTable).where(RatingAnswerTable.rater_id == rater).values(reaction_time_ms=1.0),
        delete(RatingAnswerTable),
    ):
        with pytest.raises(DatabaseError, match="never changed"), database.write() as session:
            session.execute(statement)
    assert [row.given.answer for row in list_answers(database, rater_id=rater)] == [FAKE]


def test_twenty_raters_at_once_lose_and_double_nothing(database: Database) -> None:
    session = keep_rated(database, n_trials=12, n_raters=20)
    raters = begin_all(database, session)
    truth = {
        rater: [Answer((REAL, FAKE)[(place * 7 + n) % 3 == 0]) for n in range(12)]
        for place, rater in enumerate(raters)
    }
    failed: list[BaseException] = []

    def rate(rater: str) -> None:
        try:
            for first in range(0, 12, 3):
                batch = say_all(truth[rater][first : first + 3], first=first)
                assert add_answers(database, rater, batch) == first + 3
                if first == 6:
                    assert add_answers(database, rater, batch) == 9
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=rate, args=(rater,)) for rater in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for rater, rows in group_by_rater(list_answers(database, session_id=session.id)).items():
        assert [row.given.position for row in rows] == list(range(12))
        assert [row.given.answer for row in rows] == truth[rater]
        assert load_rater(database, rater).finished_at is not None
    assert count_answers(database, session.id) == dict.fromkeys(raters, 12)


def test_the_same_answer_at_once_is_kept_once(database: Database, rater: str) -> None:
    batch = say_all([FAKE, REAL, FAKE])
    threads = [threading.Thread(target=add_answers, args=(database, rater, batch)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.given.position for row in list_answers(database, rater_id=rater)] == [0, 1, 2]
