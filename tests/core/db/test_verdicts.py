"""Verdicts: kept in order, once, for good."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update

from core.db.database import Database
from core.db.review_openings import has_opened, open_outcome
from core.db.review_record import NewVerdict, ReviewRecord, Stage, Verdict
from core.db.reviews import lock_review
from core.db.tables import VerdictTable
from core.db.verdicts import add_verdicts, list_verdicts
from core.errors import DatabaseError, InputError, UnknownNameError
from tests.reviews import keep_paired_audit, keep_review, say

COPY, NEAR, NOT, UNSURE = Verdict


@pytest.fixture
def review(database: Database) -> ReviewRecord:
    return keep_review(database, keep_paired_audit(database), n_strongest=20)


def test_a_batch_is_kept_in_its_order(database: Database, review: ReviewRecord) -> None:
    before = datetime.now(UTC)
    batch = [
        NewVerdict(3, COPY, "t1", confidence=5, note=" =seen\0 it\n", seen=True),
        NewVerdict(0, UNSURE, "t2", confidence=1, seen=False),
        NewVerdict(3, None, "t3"),
        NewVerdict(3, NOT, "t4", stage=Stage.ADJUDICATION),
    ]
    assert add_verdicts(database, review.id, " Dr  Ada ", batch) == ("t1", "t2", "t3", "t4")
    rows = list_verdicts(database, review.id)
    assert [(row.number, row.verdict, row.confidence, row.stage, row.seen, row.token) for row in rows] == [
        (3, COPY, 5, Stage.READING, True, "t1"),
        (0, UNSURE, 1, Stage.READING, False, "t2"),
        (3, None, None, Stage.READING, None, "t3"),
        (3, NOT, None, Stage.ADJUDICATION, None, "t4"),
    ]
    assert rows[0].note == "=seen\N{REPLACEMENT CHARACTER} it"
    assert {row.reviewer for row in rows} == {"Dr Ada"}
    assert all(before <= row.made_at <= datetime.now(UTC) for row in rows)
    assert [row.id for row in rows] == sorted({row.id for row in rows})


def test_a_batch_sent_again_is_kept_once(database: Database, review: ReviewRecord) -> None:
    batch = say({0: COPY, 1: NOT})
    assert add_verdicts(database, review.id, "Ada", batch) == add_verdicts(database, review.id, "Ada", batch)
    more = say({2: NEAR})
    twice = [*batch, *more, *more]
    assert add_verdicts(database, review.id, "Ada", twice) == tuple(one.token for one in twice)
    assert [row.number for row in list_verdicts(database, review.id)] == [0, 1, 2]
    # Tokens are one reviewer's own.
    add_verdicts(database, review.id, "Bo", batch)
    assert [row.reviewer for row in list_verdicts(database, review.id)] == ["Ada"] * 3 + ["Bo"] * 2
    assert [row.number for row in list_verdicts(database, review.id, " Bo ")] == [0, 1]
    assert list_verdicts(database, review.id, "nobody") == ()


def test_one_token_for_two_pairs_is_refused(database: Database, review: ReviewRecord) -> None:
    first, second = say({0: COPY, 1: COPY})
    add_verdicts(database, review.id, "Ada", [first])
    with pytest.raises(InputError, match="carries the token of one on pair 1"):
        add_verdicts(database, review.id, "Ada", [replace(second, token=first.token)])
    with pytest.raises(InputError, match="carries the token"):
        add_verdicts(database, review.id, "Ada", [second, replace(second, number=2)])
    assert len(list_verdicts(database, review.id)) == 1


def test_one_bad_verdict_keeps_the_whole_batch_out(database: Database, review: ReviewRecord) -> None:
    good, bad = say({0: COPY, 1: COPY})
    for worse, says in (
        (replace(bad, number=900), "no pair 901"),
        (replace(bad, number=-1), "no pair 0"),
        (replace(bad, confidence=0), "from 1 to 5, not 0"),
        (replace(bad, confidence=6), "from 1 to 5, not 6"),
        (replace(bad, note="x" * 2001), "2,000 characters"),
        (replace(bad, token=""), "token of 1 to 64"),
        (replace(bad, token="x" * 65), "token of 1 to 64"),
    ):
        with pytest.raises(InputError, match=says):
            add_verdicts(database, review.id, "Ada", [good, worse])
    assert list_verdicts(database, review.id) == ()


def test_reviewers_and_reviews_are_checked(database: Database, review: ReviewRecord) -> None:
    assert add_verdicts(database, review.id, "Ada", []) == ()
    for name in ("", " ", "x" * 121, "a\x07"):
        with pytest.raises(InputError, match="reviewer needs a name"):
            add_verdicts(database, review.id, name, say({0: COPY}))
    with pytest.raises(UnknownNameError, match="no review"):
        add_verdicts(database, "gone", "Ada", say({0: COPY}))
    with pytest.raises(UnknownNameError, match="no review"):
        list_verdicts(database, "gone")


def test_a_locked_review_takes_nothing_new(database: Database, review: ReviewRecord) -> None:
    batch = say({0: COPY})
    add_verdicts(database, review.id, "Ada", batch)
    lock_review(database, review.id, "Ada")
    # Its answer may have been lost.
    assert add_verdicts(database, review.id, "Ada", batch) == (batch[0].token,)
    with pytest.raises(InputError, match="locked by Ada"):
        add_verdicts(database, review.id, "Ada", [*batch, *say({1: COPY})])
    assert len(list_verdicts(database, review.id)) == 1


def test_the_database_itself_refuses_changes(database: Database, review: ReviewRecord) -> None:
    add_verdicts(database, review.id, "Ada", say({0: COPY}))
    for statement in (
        update(VerdictTable).values(verdict="not a copy"),
        update(VerdictTable).where(VerdictTable.number == 0).values(made_at=datetime.now(UTC)),
        delete(VerdictTable),
    ):
        with pytest.raises(DatabaseError, match="never changed"), database.write() as session:
            session.execute(statement)
    assert [row.verdict for row in list_verdicts(database, review.id)] == [COPY]


def test_two_reviewers_at_once_lose_nothing(database: Database, review: ReviewRecord) -> None:
    def read(name: str) -> None:
        for number in range(0, 20, 2):
            batch = say({number: COPY, number + 1: NOT})
            add_verdicts(database, review.id, name, batch)
            add_verdicts(database, review.id, name, batch)

    names = ["Ada", "Bo", "Cy"]
    threads = [threading.Thread(target=read, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        assert [row.number for row in list_verdicts(database, review.id, name)] == list(range(20))


def test_the_same_token_at_once_is_kept_once(database: Database, review: ReviewRecord) -> None:
    batch = say(dict.fromkeys(range(5), COPY))
    threads = [
        threading.Thread(target=add_verdicts, args=(database, review.id, "Ada", batch)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.number for row in list_verdicts(database, review.id)] == list(range(5))


def test_readings_after_the_outcome_was_opened_are_marked(database: Database, review: ReviewRecord) -> None:
    add_verdicts(database, review.id, "Ada", say({0: COPY}))
    assert not has_opened(database, review.id, "Ada")
    for _ in range(2):
        open_outcome(database, review.id, " Ada ")
    assert has_opened(database, review.id, "Ada")
    assert not has_opened(database, review.id, "Bo")
    add_verdicts(database, review.id, "Ada", say({1: COPY}))
    add_verdicts(database, review.id, "Bo", say({1: COPY}))
    assert [row.blinded for row in list_verdicts(database, review.id)] == [True, False, True]
    with pytest.raises(UnknownNameError):
        open_outcome(database, "none", "Ada")
    with pytest.raises(InputError):
        open_outcome(database, review.id, " ")
