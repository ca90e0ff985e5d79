"""Self-consistency, attention checks, reaction times, flagged trials, and images that fooled raters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.rating.answer_table import AnswerTable, tabulate_answers
from core.rating.attention_checks import compute_checks
from core.rating.consistency import compute_consistency
from core.rating.fooling import compute_image_answers, find_fooling, find_unfooling
from core.rating.reaction_times import compute_reaction_times, find_flagged

COLUMNS = ["rater", "trial", "item", "synthetic", "truth", "answer", "kind"]


def tabulate(rows: list[tuple[object, ...]], **columns: object):
    return tabulate_answers(pd.DataFrame(rows, columns=COLUMNS).assign(**columns))


def times(values: dict[str, list[float]], **columns: object) -> AnswerTable:
    rows = [
        (rater, at, f"{at}", "a" if at % 2 else "", "fake" if at % 2 else "real", "fake", "test", value)
        for rater, own in values.items()
        for at, value in enumerate(own)
    ]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "reaction_time_ms"])
    return tabulate_answers(frame.assign(**columns)).test


def test_repeats_are_held_against_the_first_answer() -> None:
    rows = [("A", at, f"{at}", "s", "fake", "fake" if at < 6 else "real", "test") for at in range(10)]
    rows += [("A", 20 + at, f"{at}", "s", "fake", "fake" if at < 4 else "real", "repeat") for at in range(10)]
    rows += [("A", 40, "never shown", "s", "fake", "fake", "repeat")]
    found = tabulate(rows)
    consistency = compute_consistency(found.test, found.repeat)
    assert consistency.same.value == 0.8 and consistency.same.n == 10
    # Said twice: fake 4, real 4, changed 2.
    assert consistency.kappa.value == pytest.approx((0.8 - (0.6 * 0.4 + 0.4 * 0.6)) / (1 - 0.48))
    assert consistency.by_rater["A"] == consistency.same
    none = compute_consistency(found.test, found.test.select(np.zeros(10, dtype=bool)))
    assert none.same.value is None and none.kappa.value is None and none.by_rater == {}


@pytest.mark.parametrize(
    ("passed", "n", "doubtful"), [(4, 4, False), (3, 4, False), (2, 4, True), (0, 1, True)]
)
def test_one_slip_is_no_sign_of_inattention(passed: int, n: int, doubtful: bool) -> None:
    rows = [("A", at, f"{at}", "", "fake", "fake" if at < passed else "real", "check") for at in range(n)]
    (found,) = compute_checks(tabulate(rows).check)
    assert (found.rater, found.n_passed, found.n, found.is_doubtful) == ("A", passed, n, doubtful)


def test_median_of_one_rater_has_the_interval_of_order_statistics() -> None:
    own = [300.0 + 20 * at for at in range(20)]
    found = compute_reaction_times(times({"A": own})).median
    assert found.value == np.median(own) and found.n == 20
    # Ranks 6 and 15 of 20 hold a median with 95 %.
    rank = int(stats.binom.ppf(0.025, 20, 0.5))
    assert found.low == own[rank - 1] and found.high == own[20 - rank]
    few = compute_reaction_times(times({"A": own[:5]})).median
    assert few.value == 340 and few.low is None and "too few" in few.note


def test_raters_medians_are_averaged_on_the_logarithmic_scale() -> None:
    found = compute_reaction_times(times({"A": [500.0] * 9, "B": [1000.0] * 9, "C": [2000.0] * 9})).median
    assert found.value == pytest.approx(1000)
    low, high = stats.t.interval(0.95, 2, np.log(1000), stats.sem(np.log([500, 1000, 2000])))
    assert (found.low, found.high) == pytest.approx((np.exp(low), np.exp(high)))
    by_answer = compute_reaction_times(times({"A": [500.0] * 9})).by_answer
    assert set(by_answer) == {"fake called fake", "real called fake"}


def test_flagged_trials_are_listed_and_their_times_left_out() -> None:
    table = times(
        {"A": [600.0] * 7 + [40.0]},
        was_hidden=[at == 1 for at in range(8)],
        was_early=[at == 2 for at in range(8)],
        dropped_frames=[2 if at in (1, 3) else 0 for at in range(8)],
    )
    flagged = {one.trial: one.flags for one in find_flagged(table)}
    assert flagged == {
        1: ("hidden window", "dropped frames"),
        2: ("early key",),
        3: ("dropped frames",),
        7: ("under 100 ms",),
    }
    assert compute_reaction_times(table).median.n == 5
    assert find_flagged(times({"A": [600.0]})) == ()


def test_images_are_ordered_by_how_many_they_fooled() -> None:
    said = {
        "always": "real real real",
        "mostly": "real real fake",
        "never": "fake fake fake",
        "once": "real fake fake",
    }
    rows = [
        (f"R{rater}", at, item, "a", "fake", answer, "test")
        for at, (item, answers) in enumerate(said.items())
        for rater, answer in enumerate(answers.split())
    ]
    rows += [(f"R{rater}", 9, "real one", "", "real", "fake", "test") for rater in range(2)]
    # Half of them is not most of them.
    rows += [
        (f"R{rater}", 10, "half", "a", "fake", "fake" if rater else "real", "test") for rater in range(2)
    ]
    images = compute_image_answers(tabulate(rows, confidence=4).test)
    assert [one.item for one in images] == ["always", "real one", "mostly", "half", "once", "never"]
    assert [one.n_fooled for one in images] == [3, 2, 2, 1, 1, 0]
    assert [one.item for one in find_fooling(images)] == ["always", "mostly"]
    assert [one.item for one in find_unfooling(images)] == ["never"]
    assert images[2].answers == {"R0": "real", "R1": "real", "R2": "fake"}
    assert images[2].confidences == {"R0": 4, "R1": 4, "R2": 4}
    assert images[2].low < images[2].share < images[2].high
    assert images[1].synthetic is None and images[1].n == 2


def test_one_id_in_two_sets_is_two_images() -> None:
    rows = [("A", at, "same", name, "fake", "fake", "test") for at, name in enumerate(["a", "b"])]
    assert len(compute_image_answers(tabulate(rows).test)) == 2
