"""Cohen's kappa against published numbers and a naive reference; false alarms on controls."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.review.agreement import compute_agreements, compute_false_alarms, compute_kappa
from tests.core.review.rows import COPY, NEAR, NOT, UNSURE, make_pair, make_rows


def test_kappa_of_the_textbook() -> None:
    """Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003, tables 18.1 and 18.3.

    Two raters' diagnoses of 100 subjects; overall kappa 0.68 with a standard error of 0.087.
    """
    kappa = compute_kappa(np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]]))
    assert kappa.value is not None
    assert kappa.low is not None
    assert kappa.high is not None
    assert round(kappa.value, 2) == 0.68
    assert (kappa.high - kappa.low) / 2 / 1.96 == pytest.approx(0.087, abs=0.001)
    assert kappa.note == ""


def naive(counts: np.ndarray) -> tuple[float, float]:
    """Kappa and its standard error, as Fleiss, Cohen and Everitt 1969 write it (eq. 13)."""
    p = counts / counts.sum()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    agreed, chance = np.trace(p), rows @ columns
    kappa = (agreed - chance) / (1 - chance)
    total = 0.0
    for i in range(len(p)):
        for j in range(len(p)):
            if i == j:
                total += p[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2
            else:
                total += p[i, j] * (1 - kappa) ** 2 * (columns[i] + rows[j]) ** 2
    total -= (kappa - chance * (1 - kappa)) ** 2
    return float(kappa), math.sqrt(total / counts.sum()) / (1 - chance)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_by_its_definition(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 20, (4, 4))
    counts[3] *= seed % 2  # nobody says it
    value, error = naive(counts)
    kappa = compute_kappa(counts)
    assert kappa.value == pytest.approx(value, abs=1e-12)
    assert kappa.low == pytest.approx(max(value - 1.959964 * error, -1), abs=1e-6)
    assert kappa.high == pytest.approx(min(value + 1.959964 * error, 1), abs=1e-6)


@pytest.mark.parametrize(
    ("counts", "value", "says"),
    [
        ([[0, 0], [0, 0]], None, "at least two pairs"),
        ([[1, 0], [0, 0]], None, "at least two pairs"),
        ([[9, 0], [0, 0]], None, "same of all 9 pairs: kappa is undefined"),
        ([[5, 0], [0, 4]], 1.0, "agree on all 9 pairs: kappa has no interval"),
        ([[0, 3], [3, 0]], -1.0, "differ on all 6 pairs: kappa has no interval"),
        ([[5, 4], [0, 0]], 0.0, "One reader said the same of all 9 pairs"),
        ([[0, 7], [0, 0]], 0.0, "One reader said the same of all 7 pairs"),
    ],
)
def test_kappa_without_a_number_says_why(counts: list[list[int]], value: float | None, says: str) -> None:
    kappa = compute_kappa(np.array(counts))
    assert kappa.value == (None if value is None else pytest.approx(value))
    assert (kappa.low, kappa.high) == (None, None)
    assert says in kappa.note


def test_two_readers_over_what_both_judged() -> None:
    ada = make_rows("Ada", {0: COPY, 1: NEAR, 2: NOT, 3: UNSURE, 4: NOT, 5: COPY, 6: NOT})
    bo = make_rows("Bo", {0: COPY, 1: COPY, 2: NOT, 3: NOT, 4: UNSURE, 6: COPY, 7: NOT})
    verdicts, copies = compute_agreements([*ada, *bo])
    assert (verdicts.readers, verdicts.scale, verdicts.n, verdicts.n_unsure) == (
        ("Ada", "Bo"),
        "verdicts",
        6,
        0,
    )
    assert verdicts.n_equal == 2
    # 0 and 1 copies to both, 2 to neither, 6 to Bo alone: 3 of 4, by chance 0.5 * 0.75 + 0.5 * 0.25.
    assert (copies.scale, copies.n, copies.n_unsure, copies.n_equal) == ("copies", 4, 2, 3)
    assert copies.kappa == pytest.approx((0.75 - 0.5) / (1 - 0.5))


def test_every_two_readers_are_compared() -> None:
    rows = [row for name in ("Ada", "Bo", "Cy") for row in make_rows(name, {0: COPY, 1: NOT})]
    found = compute_agreements(rows)
    assert [one.readers for one in found[::2]] == [("Ada", "Bo"), ("Ada", "Cy"), ("Bo", "Cy")]
    assert compute_agreements(make_rows("Ada", {0: COPY})) == ()


def test_false_alarms_are_controls_called_copies() -> None:
    pairs = [make_pair(number, is_control=number < 10) for number in range(20)]
    said = dict.fromkeys(range(10, 20), COPY) | {0: COPY, 1: NEAR, 2: UNSURE, 3: NOT, 4: NOT}
    ada, bo = compute_false_alarms(pairs, [*make_rows("Ada", said), *make_rows("Bo", {12: COPY})])
    assert (ada.reviewer, ada.n_controls, ada.n_alarms, ada.n_unsure) == ("Ada", 5, 2, 1)
    assert ada.rate is not None
    # Wilson's interval of 2 in 5, from the literature's tables: 0.118 to 0.769.
    assert (ada.rate.value, round(ada.rate.low or 0, 3), round(ada.rate.high or 0, 3)) == (0.4, 0.118, 0.769)
    assert (bo.n_controls, bo.rate) == (0, None)
