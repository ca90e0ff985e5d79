"""Folds keep patients together; permutations keep what folds fix."""

from __future__ import annotations

import numpy as np

from core.bias._folds import assign_folds, permute_codes


def _cohort() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), rng.integers(1, 4, 60))
    return (groups % 3 == 0).astype(np.intp), groups


def test_patients_stay_together_and_classes_spread() -> None:
    codes, groups = _cohort()
    folds = assign_folds(codes, groups, n_folds=5, seed=0)
    for group in np.unique(groups):
        assert len(np.unique(folds[groups == group])) == 1
    for code in (0, 1):
        counts = np.bincount(folds[codes == code], minlength=5)
        assert counts.max() - counts.min() <= 3
    assert not np.array_equal(folds, assign_folds(codes, groups, n_folds=5, seed=1))


def test_permutations_move_whole_patients_within_their_fold() -> None:
    codes, groups = _cohort()
    folds = assign_folds(codes, groups, n_folds=5, seed=0)
    drawn = permute_codes(codes, groups, folds, n_permutations=30, seed=1)
    assert (drawn != codes[:, np.newaxis]).mean() > 0.2
    for fold in range(5):
        held = folds == fold
        assert (drawn[held].sum(axis=0) == codes[held].sum()).all()
    for group in np.unique(groups):
        rows = drawn[groups == group]
        assert (rows == rows[0]).all()
