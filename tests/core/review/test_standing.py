"""What holds: the last row, unless it withdraws; of each reviewer alone."""

from __future__ import annotations

import random

from core.db.review_record import Stage
from core.review.standing import compute_standing, find_current, list_reviewers
from tests.core.review.rows import COPY, NEAR, NOT, UNSURE, make_pair, make_rows

PAIRS = [make_pair(number) for number in range(5)]


def test_the_last_row_holds_and_a_withdrawal_leaves_none() -> None:
    rows = [*make_rows("Ada", {0: COPY, 1: NOT, 2: UNSURE}), *make_rows("Ada", {1: NEAR, 2: None})]
    standing = compute_standing(PAIRS, random.Random(0).sample(rows, len(rows)), "Ada")
    assert {number: row.verdict for number, row in standing.current.items()} == {0: COPY, 1: NEAR}
    assert (standing.n_done, standing.n_left) == (2, 3)
    assert (standing.next_number, standing.last_number) == (2, 1)
    again = compute_standing(PAIRS, [*rows, *make_rows("Ada", {2: NOT})], "Ada")
    assert again.current[2].verdict is NOT
    assert (again.next_number, again.last_number) == (3, 2)


def test_a_second_reader_sees_nothing_of_the_first() -> None:
    rows = make_rows("Ada", dict.fromkeys(range(5), COPY))
    bo = compute_standing(PAIRS, rows, "Bo")
    assert (dict(bo.current), bo.n_done, bo.n_left, bo.next_number, bo.last_number) == ({}, 0, 5, 0, None)
    ada = compute_standing(PAIRS, [*rows, *make_rows("Bo", {0: NOT, 1: None})], "Ada")
    assert {row.verdict for row in ada.current.values()} == {COPY}
    assert (ada.n_left, ada.next_number, ada.last_number) == (0, None, 4)


def test_adjudication_is_another_stage() -> None:
    rows = [*make_rows("Ada", {0: COPY}), *make_rows("Ada", {0: NOT, 3: NOT}, stage=Stage.ADJUDICATION)]
    assert compute_standing(PAIRS, rows, "Ada").current[0].verdict is COPY
    settled = compute_standing(PAIRS[:1], rows, "Ada", stage=Stage.ADJUDICATION)
    assert {number: row.verdict for number, row in settled.current.items()} == {0: NOT}


def test_reviewers_come_in_the_order_of_their_first_verdicts() -> None:
    rows = [*make_rows("Bo", {0: COPY}), *make_rows("Ada", {0: COPY}), *make_rows("Bo", {0: None})]
    rows += make_rows("Judge", {0: COPY}, stage=Stage.ADJUDICATION)
    assert list_reviewers(rows) == ("Bo", "Ada")
    assert find_current(rows)["Bo"] == {}
