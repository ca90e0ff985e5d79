"""Calls on pairs: agreed, open, adjudicated; and confirmed copies by set."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.db.review_record import Stage, Verdict
from core.review.outcome import Basis, compute_calls, compute_outcomes, find_disagreements
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from tests.core.review.rows import COPY, NEAR, NOT, UNSURE, make_pair, make_rows
from tests.reviews import make_paired_audit


def call(*readings: Verdict | None, settled: tuple[Verdict | None, ...] = ()) -> tuple[Verdict | None, Basis]:
    rows = [row for reader, said in enumerate(readings) for row in make_rows(str(reader), {0: said})]
    for judge, said in enumerate(settled):
        rows += make_rows(f"judge {judge}", {0: said}, stage=Stage.ADJUDICATION)
    (found,) = compute_calls([make_pair(0)], rows)
    return found.verdict, found.basis


@pytest.mark.parametrize(
    ("readings", "verdict", "basis"),
    [
        ((), None, Basis.UNREAD),
        ((None,), None, Basis.UNREAD),
        ((COPY,), COPY, Basis.ONE_READER),
        ((UNSURE,), None, Basis.OPEN),
        ((COPY, COPY), COPY, Basis.AGREED),
        ((COPY, NEAR), NEAR, Basis.AGREED),
        ((NEAR, COPY, COPY), NEAR, Basis.AGREED),
        ((NOT, NOT, None), NOT, Basis.AGREED),
        ((COPY, NOT), None, Basis.OPEN),
        ((NEAR, NOT), None, Basis.OPEN),
        ((NOT, NOT, UNSURE), None, Basis.OPEN),
    ],
)
def test_calls_by_readers(readings: tuple[Verdict, ...], verdict: Verdict | None, basis: Basis) -> None:
    assert call(*readings) == (verdict, basis)


def test_adjudication_settles_and_can_be_withdrawn() -> None:
    assert call(COPY, NOT, settled=(NEAR,)) == (NEAR, Basis.ADJUDICATED)
    assert call(COPY, NOT, settled=(COPY, NOT)) == (NOT, Basis.ADJUDICATED)
    assert call(COPY, NOT, settled=(COPY, None)) == (COPY, Basis.ADJUDICATED)
    assert call(COPY, NOT, settled=(None,)) == (None, Basis.OPEN)
    assert call(COPY, NOT, settled=(UNSURE,)) == (None, Basis.OPEN)


def test_the_list_to_settle_holds_controls_and_shrinks() -> None:
    pairs = [make_pair(number, is_control=number == 3) for number in range(5)]
    rows = make_rows("Ada", {0: COPY, 1: COPY, 2: UNSURE, 3: COPY, 4: NOT})
    rows += make_rows("Bo", {0: COPY, 1: NOT, 2: NOT, 3: NOT, 4: NOT})
    calls = compute_calls(pairs, rows)
    assert [one.pair.number for one in find_disagreements(calls)] == [1, 2, 3]
    calls = compute_calls(pairs, [*rows, *make_rows("Judge", {1: COPY, 3: NOT}, stage=Stage.ADJUDICATION)])
    assert [one.pair.number for one in find_disagreements(calls)] == [2]
    assert [one.pair.number for one in find_disagreements(calls, settled=True)] == [1, 2, 3]
    assert [one.is_confirmed for one in calls] == [True, True, False, False, False]


def test_a_control_is_never_a_confirmed_copy() -> None:
    (found,) = compute_calls([make_pair(0, is_control=True)], make_rows("Ada", {0: COPY}))
    assert (found.verdict, found.is_confirmed) == (COPY, False)


def test_outcomes_by_set(tmp_path: Path) -> None:
    audit = make_paired_audit(tmp_path)
    pairs = plan_review(audit.pairs, audit.items, ReviewPlan(n_strongest=30))
    numbers = {
        name: [pair.number for pair in pairs if pair.query_set == name] for name in ("gan", "ddpm", "heldout")
    }
    gan = dict(zip(numbers["gan"], [COPY, COPY, NEAR, NOT, NOT, UNSURE], strict=False))
    rows = make_rows("Ada", gan | dict.fromkeys(numbers["heldout"], COPY))
    first, second = compute_outcomes(compute_calls(pairs, rows), audit.items)
    assert (first.name, first.n_images, first.n_pairs, first.n_called, first.n_open) == ("gan", 20, 20, 5, 1)
    assert (first.n_copies, first.n_near_copies, first.n_confirmed) == (2, 1, 3)
    assert first.of_called is not None
    assert (first.of_called.value, first.of_called.n_synthetic) == (0.6, 5)
    assert (first.of_all.value, first.of_all.n_synthetic) == (0.15, 20)
    assert (first.of_all.low or 0) < 0.15 < (first.of_all.high or 0)
    assert (second.name, second.n_called, second.of_called, second.of_all.value) == ("ddpm", 0, None, 0.0)
    only = [pair for pair in pairs if pair.query_set != "ddpm"]
    assert [one.name for one in compute_outcomes(compute_calls(only, rows), audit.items)] == ["gan"]
