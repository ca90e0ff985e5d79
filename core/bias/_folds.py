"""Folds that keep patients together, and permutations of labels that the folds cannot tell from the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign_folds", "permute_codes"]


def assign_folds(
    codes: NDArray[np.intp], groups: NDArray[np.intp], *, n_folds: int, seed: int
) -> NDArray[np.intp]:
    """Deal patients to folds so that each fold has its share of every class.

    Args:
        codes: (n,) class of each image.
        groups: (n,) patient of each image.
        n_folds: folds.
        seed: seeds the order in which patients are dealt.

    Returns:
        (n,) fold of each image; all images of a patient lie in one fold.
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    rng.shuffle(members)
    # Large patients first: small ones even out what they left uneven.
    members.sort(key=len, reverse=True)
    n_classes = int(codes.max()) + 1
    filled = np.zeros((n_folds, n_classes))
    folds = np.empty(len(codes), dtype=np.intp)
    for rows in members:
        counts = np.bincount(codes[rows], minlength=n_classes)
        # The fold with the fewest images of this patient's classes; of equal ones the emptiest.
        load = filled @ counts + 1e-3 * filled.sum(axis=1)
        fold = int(np.argmin(load))
        folds[rows] = fold
        filled[fold] += counts
    return folds


def permute_codes(
    codes: NDArray[np.intp],
    groups: NDArray[np.intp],
    folds: NDArray[np.intp],
    *,
    n_permutations: int,
    seed: int,
) -> NDArray[np.intp]:
    """Shuffle classes among patients of one fold with equally many images.

    If classes had nothing to do with images, each of these labellings would have been as likely as the
    true one, folds included: they are dealt by class, and every fold keeps its classes' counts.

    Args:
        codes: (n,) class of each image.
        groups: (n,) patient of each image.
        folds: (n,) fold of each image, from `assign_folds`.
        n_permutations: labellings to draw.
        seed: seeds the draws.

    Returns:
        (n, n_permutations) class of each image in each labelling.
    """
    rng = np.random.default_rng(seed)
    blocks: dict[tuple[int, int], list[NDArray[np.intp]]] = {}
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        blocks.setdefault((int(folds[rows[0]]), len(rows)), []).append(rows)
    permuted = np.repeat(codes[:, np.newaxis], n_permutations, axis=1)
    for alike in blocks.values():
        rows = np.stack(alike)  # (patients, images of each)
        for draw in range(n_permutations):
            permuted[rows, draw] = codes[rows[rng.permutation(len(rows))]]
    return permuted
