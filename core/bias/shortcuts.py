"""Properties that should not tell a class: brightness, borders, shape, size and format of the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias import _ranks
from core.bias._folds import assign_folds, permute_codes
from core.bias._ridge import cross_score, indicate
from core.bias.frame import FramedSet
from core.bias.patch_probe import require_patients
from core.datasets.image_set import Item

__all__ = ["SHORTCUTS", "Shortcut", "compute_shortcuts"]

Floats = NDArray[np.float64]

_BINS: Final = 32
_BORDER: Final = 0.03  # of the frame's side
_BLACK: Final = 8  # grey levels; collimation and padding lie below
_PARTS: Final = 8


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What one property alone tells of the class.

    Attributes:
        name: a key of `SHORTCUTS`.
        auroc: cross-validated area under the ROC curve of a tiny classifier; 0.5 is chance.
        low: lower end of its 95 % interval, as wide as that of `ProbeMap`.
        high: upper end.
        p_value: chance that, without any signal, any of the properties reaches that area (family-wise).
        n: images.
        note: why it tells nothing where it cannot; else empty.
    """

    name: str
    auroc: float
    low: float
    high: float
    p_value: float
    n: int
    note: str = ""


def compute_shortcuts(
    images: FramedSet, *, n_folds: int = 5, n_permutations: int = 200, seed: int = 0
) -> tuple[Shortcut, ...]:
    """Tell classes apart by each property alone, patient-wise.

    Args:
        images: a set on its frame.
        n_folds: folds of cross-validation.
        n_permutations: shuffled labellings behind the p-values.
        seed: seeds folds and labellings.

    Returns:
        One result a property, in the order of `SHORTCUTS`.

    Raises:
        TooFewImagesError: if a class has too few patients for a probe.
    """
    require_patients(images)
    folds = assign_folds(images.codes, images.groups, n_folds=n_folds, seed=seed)
    drawn = permute_codes(images.codes, images.groups, folds, n_permutations=n_permutations, seed=seed + 1)
    told = indicate(np.column_stack([images.codes, drawn]), len(images.classes))
    k = told.shape[2]
    positive = told.reshape(len(images), -1)
    targets = positive.astype(np.float64)
    measured = {name: measure(images) for name, (_, measure) in SHORTCUTS.items()}
    varying = {name: bool(np.ptp(features, axis=0).any()) for name, features in measured.items()}
    largest = np.full(n_permutations, 0.5)
    areas = {}
    for name, features in measured.items():
        scores = cross_score(features, targets, folds)
        shuffled = scores[:, k:], positive[:, k:], folds
        null = _ranks.auroc(*shuffled).reshape(-1, k).mean(axis=1)
        inflation = _ranks.find_inflation(*shuffled, images.groups, null)
        areas[name] = _ranks.auroc_with_interval(
            scores[:, :k], positive[:, :k], folds, images.groups, inflation=inflation
        )
        largest = np.maximum(largest, null)
    return tuple(
        Shortcut(
            name,
            *areas[name],
            p_value=float((1 + (largest >= areas[name][0]).sum()) / (1 + n_permutations)),
            n=len(images),
            note="" if varying[name] else "It is the same in every image.",
        )
        for name in SHORTCUTS
    )


def _measure_histogram(images: FramedSet) -> Floats:
    """Shares of grey levels, with their mean and spread."""
    flat = images.pixels.reshape(len(images), -1)
    levels = np.arange(256)
    shares = np.array([np.bincount(row, minlength=256) for row in flat]) / flat.shape[1]
    mean = shares @ levels
    spread = np.sqrt(np.maximum(shares @ levels**2 - mean**2, 0))
    # Shares lie far below one grey level; as per cent they are on the other features' scale.
    binned = 100 * shares.reshape(len(images), _BINS, -1).sum(axis=2)
    return np.column_stack([binned, mean, spread])


def _measure_border(images: FramedSet) -> Floats:
    """Mean, spread and black share of each side's outermost strip."""
    pixels = images.pixels
    width = max(1, round(_BORDER * pixels.shape[1]))
    strips = pixels[:, :width], pixels[:, -width:], pixels[:, :, :width], pixels[:, :, -width:]
    columns = []
    for strip in strips:
        flat = strip.reshape(len(images), -1)
        columns += [flat.mean(axis=1), flat.std(axis=1), 100 * (flat < _BLACK).mean(axis=1)]
    return np.column_stack(columns)


def _measure_aspect(images: FramedSet) -> Floats:
    return _spread([item.facts.width / item.facts.height for item in images.items])


def _measure_resolution(images: FramedSet) -> Floats:
    sides = ([item.facts.width for item in images.items], [item.facts.height for item in images.items])
    return np.column_stack([_spread(side) for side in sides])


def _spread(values: Sequence[float]) -> Floats:
    """A positive value's logarithm, and its eighth of the images: a class may hold the middle."""
    logs = np.log(np.asarray(values, dtype=np.float64))
    edges = np.unique(np.quantile(logs, np.linspace(0, 1, _PARTS + 1)[1:-1]))
    return np.column_stack([logs, np.searchsorted(edges, logs)[:, np.newaxis] == np.arange(len(edges) + 1)])


def _measure_format(images: FramedSet) -> Floats:
    """Which container, pixel mode and depth a file has."""

    def name(item: Item) -> str:
        return f"{item.facts.format} {item.facts.mode} {item.facts.bit_depth} {item.facts.channels}"

    names = np.array([name(item) for item in images.items])
    return np.asarray(names[:, np.newaxis] == np.unique(names), dtype=np.float64)


SHORTCUTS: Final[dict[str, tuple[str, Callable[[FramedSet], Floats]]]] = {
    "intensity": ("Brightness and contrast of the whole image (intensity histogram).", _measure_histogram),
    "border": ("Brightness of the outermost strips: collimation, padding, frames.", _measure_border),
    "aspect": ("Width over height.", _measure_aspect),
    "resolution": ("Width and height in pixels.", _measure_resolution),
    "format": ("File format, pixel mode and depth.", _measure_format),
}
"""Property to what it looks at, in a reader's words, and how it is measured."""
