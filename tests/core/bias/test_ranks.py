"""Areas over pairs of one fold, held against counting pairs one by one."""

from __future__ import annotations

import numpy as np
import pytest

from core.bias import _ranks
from core.bias._folds import assign_folds, permute_codes
from core.bias._ridge import cross_score


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


@pytest.mark.parametrize(("shift", "images_each"), [(0.0, 1), (0.0, 3), (1.0, 1), (2.0, 1)])
def test_the_interval_of_cross_validation_covers_the_mean_area(shift: float, images_each: int) -> None:
    """Of sets with and without a signal; patients' variance alone would not do."""
    rng = np.random.default_rng(3)
    n, n_sets, n_shuffled = 80, 150, 60
    groups = np.repeat(np.arange(n), images_each)
    codes = (groups >= n // 2).astype(np.intp)
    found = []
    for seed in range(n_sets):
        features = rng.normal(size=(n, 20))[groups] + rng.normal(size=(len(groups), 20))
        features[:, 0] += np.sqrt(2) * shift * codes
        folds = assign_folds(codes, groups, n_folds=5, seed=seed)
        drawn = permute_codes(codes, groups, folds, n_permutations=n_shuffled, seed=seed + 1)
        positive = np.column_stack([codes, drawn]) == 1
        scores = cross_score(features, positive.astype(float), folds)
        shuffled = scores[:, 1:], positive[:, 1:], folds
        inflation = _ranks.find_inflation(*shuffled, groups, _ranks.auroc(*shuffled))
        one = scores[:, :1], positive[:, :1], folds, groups
        found.append(
            (*_ranks.auroc_with_interval(*one, inflation=inflation), *_ranks.auroc_with_interval(*one)[1:])
        )
    area, low, high, plain_low, plain_high = np.array(found).T
    covered = np.mean((low <= area.mean()) & (area.mean() <= high))
    plainly = np.mean((plain_low <= area.mean()) & (area.mean() <= plain_high))
    # Two standard errors of 150 sets are 0.036.
    assert 0.9 <= covered <= 0.99
    assert plainly < min(covered, 0.93)


def test_scores_from_elsewhere_need_no_wider_interval() -> None:
    rng = np.random.default_rng(0)
    n, n_shuffled = 60, 400
    scores = np.repeat(rng.normal(size=(n, 1)), n_shuffled, axis=1)
    positive = np.column_stack([rng.permutation(n) < n // 2 for _ in range(n_shuffled)])
    folds, groups = np.zeros(n, dtype=int), np.arange(n)
    areas = _ranks.auroc(scores, positive, folds)
    assert 1 <= _ranks.find_inflation(scores, positive, folds, groups, areas) < 1.2
    # Nothing was shuffled, or nothing varies.
    assert _ranks.find_inflation(scores[:, :0], positive[:, :0], folds, groups, areas[:0]) == 1
    flat = np.zeros_like(scores)
    assert _ranks.find_inflation(flat, positive, folds, groups, _ranks.auroc(flat, positive, folds)) == 1


@pytest.mark.parametrize("levels", [1_000_000, 5])
def test_an_image_moves_an_area_by_the_pairs_it_wins(levels: int) -> None:
    """Against counting pairs one by one, with and without ties, of two columns over two folds."""
    rng = np.random.default_rng(levels)
    scores, positive = rng.integers(0, levels, (30, 2)).astype(float), rng.random((30, 2)) < 0.4
    folds = np.arange(30) % 2
    areas = _ranks.auroc(scores, positive, folds)
    found = _ranks._influence(scores, positive, folds, areas)
    for column, area in enumerate(areas):
        moved, pairs = np.zeros(30), 0
        for up in np.flatnonzero(positive[:, column]):
            for down in np.flatnonzero(~positive[:, column] & (folds == folds[up])):
                won = 0.5 * (1 + np.sign(scores[up, column] - scores[down, column]))
                moved[up] += won - area
                moved[down] += won - area
                pairs += 1
        assert found[:, column] == pytest.approx(moved / pairs)
