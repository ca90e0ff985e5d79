"""How well the class can be told from one patch of the image alone, position by position."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias import _ranks
from core.bias._folds import assign_folds, permute_codes
from core.bias._ridge import cross_score, fit_scale, indicate, score
from core.bias.frame import FramedSet
from core.bias.patches import PatchGrid, describe_patches
from core.errors import InputError, TooFewImagesError
from core.progress import Progress, SilentProgress

__all__ = [
    "ALPHA",
    "MIN_PATIENTS",
    "ProbeMap",
    "ProbeOptions",
    "compute_patch_probe",
    "compute_transfer_probe",
    "require_patients",
]

ALPHA: Final = 0.05
"""Chance that a set without any signal has a suspect position."""

MIN_PATIENTS: Final = 10
"""Patients (or images, where patients are unknown) of each class that a probe needs."""

_SILENT: Final = SilentProgress()


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What decides a probe's numbers.

    Attributes:
        grid: the positions.
        n_folds: folds of cross-validation.
        n_permutations: shuffled labellings behind the threshold; 0 for none.
        seed: seeds folds and labellings.

    Raises:
        InputError: if there are fewer than two folds, or too few labellings for a threshold.
    """

    grid: PatchGrid = field(default_factory=PatchGrid)
    n_folds: int = 5
    n_permutations: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.n_folds <= MIN_PATIENTS:
            raise InputError(f"A probe takes 2 to {MIN_PATIENTS} folds, not {self.n_folds}.")
        least = math.ceil(1 / ALPHA) - 1
        if self.n_permutations and self.n_permutations < least:
            raise InputError(f"A threshold at {ALPHA} takes at least {least} permutations.")


@dataclass(frozen=True, slots=True)
class ProbeMap:
    """A probe's answer at every position.

    Attributes:
        auroc: (rows, columns) area under the ROC curve; 0.5 is chance, 1 tells every image's class. For more
            than two classes the mean of each against the rest.
        low: lower end of its 95 % interval, for that position on its own. Folds learn from each other's
            images; how much that widens the interval comes from the shuffled labellings, and nothing does
            without them. Whether there is any signal at all, `p_value` says.
        high: upper end.
        p_value: chance that a set without any signal reaches that area at any position (family-wise), or
            None where no labellings were shuffled.
        threshold: area above which `p_value` is at most `ALPHA`, or None.
        scores: (rows * columns, n, k) score of every image, to be compared within a fold.
        folds: (n,) fold of each image; 0 throughout where the probe was trained on another set.
    """

    auroc: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_value: NDArray[np.float64] | None
    threshold: float | None
    scores: NDArray[np.float32]
    folds: NDArray[np.intp]


def compute_patch_probe(
    images: FramedSet, options: ProbeOptions, *, progress: Progress = _SILENT
) -> ProbeMap:
    """Train and test a probe within one set, patient-wise.

    At each position a ridge regression of the class on the patch's features (`describe_patches`) is fitted
    in closed form on all folds but one and scores that one. The same fit to shuffled labels gives the
    largest area over all positions that chance alone reaches; its upper quantile is the threshold.

    Args:
        images: the set.
        options: positions, folds, permutations, seed.
        progress: told about every position.

    Raises:
        TooFewImagesError: if a class has fewer than `MIN_PATIENTS` patients.
        CancelledError: if progress says so.

    References:
        Westfall and Young, Resampling-Based Multiple Testing, 1993 (the null of the maximum).
        Phipson and Smyth, Permutation p-values should never be zero, 2010.
    """
    require_patients(images)
    folds = assign_folds(images.codes, images.groups, n_folds=options.n_folds, seed=options.seed)
    drawn = permute_codes(
        images.codes, images.groups, folds, n_permutations=options.n_permutations, seed=options.seed + 1
    )
    n_classes = len(images.classes)
    # (n, 1 + permutations, k) -> (n, (1 + permutations) * k); the true labelling comes first.
    told = indicate(np.column_stack([images.codes, drawn]), n_classes)
    k = told.shape[2]
    positive = told.reshape(len(images), -1)
    targets = positive.astype(np.float64)
    progress.start(f"Probing {images.name}", math.prod(options.grid.shape), unit="positions")
    rows, scores = [], []
    largest = np.full(options.n_permutations, -np.inf)
    for features in describe_patches(images.pixels, options.grid):
        answers = cross_score(features, targets, folds)
        scores.append(answers[:, :k].astype(np.float32))
        shuffled = answers[:, k:], positive[:, k:], folds
        areas = _ranks.auroc(*shuffled).reshape(-1, k).mean(axis=1)
        largest = np.maximum(largest, areas)
        inflation = _ranks.find_inflation(*shuffled, images.groups, areas)
        rows.append(
            _ranks.auroc_with_interval(
                answers[:, :k], positive[:, :k], folds, images.groups, inflation=inflation
            )
        )
        progress.advance()
    return _lay_out(rows, scores, folds, options.grid, largest)


def compute_transfer_probe(
    *, real: FramedSet, synthetic: FramedSet, grid: PatchGrid, progress: Progress = _SILENT
) -> ProbeMap:
    """Train a probe on all real images and test it on synthetic ones.

    Args:
        real: what it learns from.
        synthetic: what it is tested on.
        grid: the positions.
        progress: told about every position.

    Raises:
        TooFewImagesError: if a class of either set has fewer than `MIN_PATIENTS` patients.
        CancelledError: if progress says so.
    """
    require_patients(real)
    require_patients(synthetic)
    n_classes = len(real.classes)
    targets = indicate(real.codes, n_classes).astype(np.float64)
    positive = indicate(synthetic.codes, n_classes)
    folds = np.zeros(len(synthetic), dtype=np.intp)
    progress.start(f"Probing {synthetic.name} by real", math.prod(grid.shape), unit="positions")
    rows, scores = [], []
    pairs = zip(describe_patches(real.pixels, grid), describe_patches(synthetic.pixels, grid), strict=True)
    for learned, asked in pairs:
        scale = fit_scale(learned)
        answers = score(scale.apply(learned), targets, scale.apply(asked))
        rows.append(_ranks.auroc_with_interval(answers, positive, folds, synthetic.groups))
        scores.append(answers.astype(np.float32))
        progress.advance()
    return _lay_out(rows, scores, folds, grid, np.empty(0))


def require_patients(images: FramedSet) -> None:
    """Refuse a set with too few patients of a class.

    Raises:
        TooFewImagesError: if a class has fewer than `MIN_PATIENTS`.
    """
    for code, label in enumerate(images.classes):
        n = len(np.unique(images.groups[images.codes == code]))
        if n < MIN_PATIENTS:
            raise TooFewImagesError(
                f"The {images.name} set has {n} different images or patients of class {label!r}; telling "
                f"classes apart takes at least {MIN_PATIENTS} of each."
            )


def _lay_out(
    rows: list[tuple[float, float, float]],
    scores: list[NDArray[np.float32]],
    folds: NDArray[np.intp],
    grid: PatchGrid,
    largest: NDArray[np.float64],
) -> ProbeMap:
    area, low, high = (np.array(values).reshape(grid.shape) for values in zip(*rows, strict=True))
    p_value, threshold = None, None
    if len(largest):
        ordered = np.sort(largest)
        n_as_large = len(ordered) - np.searchsorted(ordered, area, side="left")
        p_value = (1 + n_as_large) / (1 + len(ordered))
        threshold = float(ordered[-math.floor(ALPHA * (1 + len(ordered)) + 1e-9)])
    return ProbeMap(area, low, high, p_value, threshold, np.stack(scores), folds)
