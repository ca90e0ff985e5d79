"""Krippendorff's own examples, Fleiss' own table, and a naive reference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from core.rating.kappas import compute_fleiss
from core.rating.krippendorff import compute_alpha, count_answers


def parse(text: str) -> NDArray[np.int64]:
    """(units, raters) codes of a matrix as published: one line a rater, a point where there is no answer."""
    rows = [[-1 if one == "." else int(one) for one in line.split()] for line in text.strip().splitlines()]
    return np.array(rows).T


# Krippendorff 2011, section A: two observers, ten units.
BINARY = """
0 1 0 0 0 0 0 0 1 0
1 1 1 0 0 1 0 0 0 0
"""
# Krippendorff 2011, section C: four observers, twelve units, five values, missing ones.
MISSING = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
# Fleiss 1971, table 1: diagnoses of 30 patients by six psychiatrists each, in five categories.
DIAGNOSES = """
0 0 0 6 0  0 3 0 0 3  0 1 4 0 1  0 0 0 0 6  0 3 0 3 0  2 0 4 0 0  0 0 4 0 2  2 0 3 1 0  2 0 0 4 0
0 0 0 0 6  1 0 0 5 0  1 1 0 4 0  0 3 3 0 0  1 0 0 5 0  0 2 0 3 1  0 0 5 0 1  3 0 0 1 2  5 1 0 0 0
0 2 0 4 0  1 0 2 0 3  0 0 0 0 6  0 1 0 5 0  0 2 0 1 3  2 0 0 4 0  1 0 0 4 1  0 5 0 1 0  4 0 0 0 2
0 2 0 4 0  1 0 5 0 0  0 0 0 0 6
"""


def test_published_examples() -> None:
    assert compute_alpha(count_answers(parse(BINARY), 2))[0] == pytest.approx(0.095, abs=0.0005)
    assert compute_alpha(count_answers(parse(MISSING), 6))[0] == pytest.approx(0.743, abs=0.0005)


def test_fleiss_published_kappa() -> None:
    counts = np.array(DIAGNOSES.split(), dtype=float).reshape(30, 5)
    found = compute_fleiss(counts, 6, np.ones((10, 30)))
    assert found.value == pytest.approx(0.430, abs=0.0005)
    # Without missing answers alpha is Fleiss' kappa with a correction for few answers.
    alpha = compute_alpha(counts)[0]
    assert 1 - alpha == pytest.approx((1 - found.value) * (1 - 1 / 180))


def naive(codes: NDArray[np.int64]) -> float:
    """Alpha from pairs of answers, as it is defined: observed over expected disagreement."""
    units = [[one for one in row if one >= 0] for row in codes.tolist()]
    units = [row for row in units if len(row) > 1]
    values = [one for row in units for one in row]
    observed = sum(
        sum(a != b for a, b in itertools.permutations(row, 2)) / (len(row) - 1) for row in units
    ) / len(values)
    expected = sum(a != b for a, b in itertools.permutations(values, 2)) / (len(values) * (len(values) - 1))
    return 1 - observed / expected


@pytest.mark.parametrize("seed", range(5))
def test_alpha_by_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (15, 4))
    codes[rng.random(codes.shape) < 0.3] = -1
    counts = count_answers(codes, 3)
    assert compute_alpha(counts)[0] == pytest.approx(naive(codes))
    # Orders of units and of raters are of no account, and neither are names of answers.
    shuffled = rng.permutation(codes)[:, rng.permutation(4)]
    assert compute_alpha(count_answers(shuffled, 3)[:, [2, 0, 1]])[0] == pytest.approx(naive(codes))


def test_weights_are_repeated_units() -> None:
    rng = np.random.default_rng(1)
    codes, times = rng.integers(0, 2, (8, 3)), np.array([0, 2, 1, 3, 1, 0, 1, 1])
    repeated = compute_alpha(count_answers(np.repeat(codes, times, axis=0), 2))[0]
    weighted = compute_alpha(count_answers(codes, 2), times[np.newaxis].astype(float))
    assert weighted[0] == pytest.approx(repeated)


def test_extremes() -> None:
    agreeing = np.array([[0, 0], [1, 1], [0, 0]])
    assert compute_alpha(count_answers(agreeing, 2))[0] == 1
    opposed = np.array([[0, 1], [1, 0]] * 20)
    assert compute_alpha(count_answers(opposed, 2))[0] < -0.9
    assert np.isnan(compute_alpha(count_answers(np.zeros((4, 2), dtype=int), 2))[0])
    assert np.isnan(compute_alpha(count_answers(np.full((4, 2), -1), 2))[0])
