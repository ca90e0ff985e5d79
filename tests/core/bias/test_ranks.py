"""Areas over pairs of one fold, held against counting pairs one by one."""

from __future__ import annotations

import numpy as np
import pytest

from core.bias import _ranks


def _count(scores: np.ndarray, positive: np.ndarray, folds: np.ndarray) -> float:
    won = pairs = 0.0
    for up in np.flatnonzero(positive):
        for down in np.flatnonzero(~positive & (folds == folds[up])):
            pairs += 1
            won += 0.5 * (1 + np.sign(scores[up] - scores[down]))
    return won / pairs


@pytest.mark.parametrize("levels", [4, 10**6])
def test_area_counts_pairs_of_one_fold(levels: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, levels, (50, 3)).astype(float)
    positive = rng.random((50, 3)) < 0.4
    folds = rng.integers(0, 3, 50)
    areas = _ranks.auroc(scores, positive, folds)
    for column in range(3):
        assert areas[column] == pytest.approx(_count(scores[:, column], positive[:, column], folds))


@pytest.mark.parametrize("block", [512, 7])
def test_redrawn_images_count_as_often_as_they_were_drawn(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ranks, "_BLOCK", block)
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 9, (50, 2)).astype(float)
    positive, folds = rng.random(50) < 0.6, rng.integers(0, 3, 50)
    rows = rng.integers(0, 50, (4, 50))
    weights = np.array([np.bincount(drawn, minlength=50) for drawn in rows], dtype=float)
    area, draws = _ranks.redraw_area(scores, positive, folds, weights)
    both = np.column_stack([positive, positive])
    assert area == pytest.approx(_ranks.auroc(scores, both, folds).mean())
    for drawn, found in zip(rows, draws, strict=True):
        assert found == pytest.approx(_ranks.auroc(scores[drawn], both[drawn], folds[drawn]).mean())
    assert _ranks.redraw_area(scores, np.zeros(50, dtype=bool), folds, weights)[1].tolist() == [0] * 4


def test_scores_of_other_folds_do_not_count() -> None:
    scores = np.array([[0.0], [1.0], [100.0], [101.0]])
    positive = np.array([[False], [True], [False], [True]])
    assert _ranks.auroc(scores, positive, np.array([0, 0, 1, 1])) == [1.0]
    assert _ranks.auroc(scores, positive, np.zeros(4, dtype=int)) == [0.75]
    assert _ranks.auroc(scores, np.zeros((4, 1), dtype=bool), np.zeros(4, dtype=int)) == [0.5]


@pytest.mark.parametrize("images_each", [1, 3])
def test_interval_covers_the_true_area(images_each: int) -> None:
    """True area of two normals one unit apart: 0.76. Images of a patient share most of their score."""
    rng = np.random.default_rng(1)
    n, covered = 60, 0
    groups = np.repeat(np.arange(n), images_each)
    positive = groups % 2 == 0
    for _ in range(200):
        scores = (rng.normal(0, 1, n) * np.sqrt(0.9))[groups] + rng.normal(0, np.sqrt(0.1), len(groups))
        area, low, high = _ranks.auroc_with_interval(
            (scores + positive)[:, np.newaxis],
            positive[:, np.newaxis],
            np.zeros(len(groups), dtype=int),
            groups,
        )
        assert low <= area <= high
        covered += low <= 0.7602 <= high
    assert 180 <= covered <= 199


def test_perfect_order_keeps_an_interval() -> None:
    positive = np.arange(40)[:, np.newaxis] >= 20
    area, low, high = _ranks.auroc_with_interval(
        np.arange(40.0)[:, np.newaxis], positive, np.zeros(40, dtype=int), np.arange(40)
    )
    assert (area, high) == (1.0, 1.0)
    assert 0.8 < low < 0.9
