"""Where the mean images of two classes differ, in units of the spread within them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias.frame import FramedSet

__all__ = ["ClassDifference", "compute_class_differences"]

Floats = NDArray[np.float64]

# Half a step of 8 bits: a pixel that is constant within both classes has no smaller spread than rounding.
_LEAST_DEVIATION: Final = 0.5


@dataclass(frozen=True, slots=True)
class ClassDifference:
    """One pair of classes.

    Attributes:
        first: class whose larger values are positive.
        second: the other class.
        difference: (side, side) mean difference over pooled standard deviation (Cohen's d).
        n_first: images of the first class.
        n_second: images of the second.
    """

    first: str
    second: str
    difference: Floats
    n_first: int
    n_second: int


def compute_class_differences(images: FramedSet) -> tuple[ClassDifference, ...]:
    """Compare every pair of classes pixel by pixel.

    The map describes and does not test: it sees brightness at one pixel, where a probe sees a patch.

    Args:
        images: a set on its frame; classes of fewer than two images are left out.

    Returns:
        Pairs in the order of the class names.

    References:
        Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, eq. 2.5.1.
    """
    moments = {}
    for code, label in enumerate(images.classes):
        rows = np.flatnonzero(images.codes == code)
        if len(rows) > 1:
            moments[label] = len(rows), *_measure(images.pixels, rows)
    differences = []
    for (first, (n, mean, variance)), (second, (m, other, spread)) in combinations(moments.items(), 2):
        pooled = np.sqrt(((n - 1) * variance + (m - 1) * spread) / (n + m - 2))
        difference = (mean - other) / np.maximum(pooled, _LEAST_DEVIATION)
        differences.append(ClassDifference(first, second, difference, n, m))
    return tuple(differences)


def _measure(pixels: NDArray[np.uint8], rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Mean and variance of each pixel, image by image: a class on a large frame does not fit in as floats."""
    total = np.zeros(pixels.shape[1:], dtype=np.int64)
    squares = np.zeros_like(total)
    for row in rows:
        picture = pixels[row].astype(np.int64)
        total += picture
        squares += picture * picture
    n = len(rows)
    # Whole numbers to the end: nothing is lost by subtracting.
    return total / n, (n * squares - total * total) / (n * (n - 1))
