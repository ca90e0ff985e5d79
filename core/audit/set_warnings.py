"""Sentences on what makes a set hard to compare with the real one, written in one place and found by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

__all__ = [
    "title_set",
    "warn_of_classes",
    "warn_of_shapes",
    "warn_of_sizes",
    "warn_of_spacing",
    "warn_of_values",
    "write_spacing",
]

_AXES: Final = ("slices", "rows", "columns")
# Spacings that differ by less are equal: files round them.
_TOLERANCE: Final = 0.01

# Values that reach twice as far, or whose middle is half of the wider range away, are on another scale:
# what is of one kind differs less.
_MOST_SPAN: Final = 2.0

_Spacing = tuple[float, float, float]


def title_set(role: str, name: str) -> str:
    """What a warning calls a set.

    Args:
        role: heldout or synthetic.
        name: its name in results.
    """
    return "The held-out set" if role == "heldout" else f"Synthetic set {name!r}"


def warn_of_classes(title: str, theirs: Iterable[str], real: Iterable[str]) -> str:
    """Say that a set and the real one do not have the same classes.

    Args:
        title: from `title_set`.
        theirs: the set's classes, in its order.
        real: the real set's.
    """
    return (
        f"{title} has the classes {', '.join(theirs)}, the real set {', '.join(real)}: whole-set numbers mix "
        "what is missing with how good it is."
    )


def warn_of_values(
    title: str, theirs: tuple[float, float] | None, real: tuple[float, float] | None
) -> str | None:
    """Say that the grey values of a set lie elsewhere, or reach twice as far or half; None if they do not.

    Args:
        title: from `title_set`.
        theirs: smallest and largest value of the set's images, medians over those deeper than 8 bits; None
            where there are none.
        real: the real set's.
    """
    if theirs is None or real is None:
        return None
    (low, high), (real_low, real_high) = theirs, real
    span, real_span = high - low, real_high - real_low
    widest = max(span, real_span)
    is_alike = min(span, real_span) >= widest / _MOST_SPAN
    is_there = abs((low + high) - (real_low + real_high)) / 2 <= widest / _MOST_SPAN
    if is_alike and is_there:
        return None
    return (
        f"{title} and the real set differ in the range of their values ({low:.6g} to {high:.6g} against "
        f"{real_low:.6g} to {real_high:.6g}): one window shows them differently, and a policy that goes by "
        "each image hides it."
    )


def warn_of_sizes(title: str) -> str:
    """Say that no image of a set is of a real image's size."""
    return f"{title} and the real set have no image size in common: resizing alone moves distances."


def warn_of_shapes(
    title: str, theirs: Sequence[tuple[int, int]], real: Sequence[tuple[int, int]]
) -> str | None:
    """Say that all volumes of a set are larger, or all smaller, than the real ones; None if they are not.

    Args:
        title: from `title_set`.
        theirs: smallest and largest number of slices, of rows and of columns of the set's volumes.
        real: those of the real ones.
    """
    apart = [at for at in range(len(_AXES)) if theirs[at][1] < real[at][0] or theirs[at][0] > real[at][1]]
    if not apart:
        return None

    def write(sides: Sequence[tuple[int, int]]) -> str:
        return " and ".join(f"{_write_range(*sides[at])} {_AXES[at]}" for at in apart)

    return (
        f"{title} has volumes of {write(theirs)}, the real set of {write(real)}: resampling alone moves "
        "distances."
    )


def warn_of_spacing(
    title: str, theirs: tuple[_Spacing, _Spacing] | None, real: tuple[_Spacing, _Spacing] | None
) -> str | None:
    """Say that the voxels of a set are not of a real voxel's size, or that this is not known of one of them.

    Args:
        title: from `title_set`.
        theirs: smallest and largest distance between slices, rows and columns in mm; None if not all tell.
        real: those of the real set.
    """
    if theirs is None and real is None:
        return None
    if theirs is None:
        return f"{title} does not say how large its voxels are, the real set does: their scales may differ."
    if real is None:
        return f"{title} says how large its voxels are, the real set does not: their scales may differ."
    low, high = 1 - _TOLERANCE, 1 + _TOLERANCE
    if all(
        theirs[0][at] <= real[1][at] * high and theirs[1][at] >= real[0][at] * low for at in range(len(_AXES))
    ):
        return None
    return (
        f"{title} has voxels of {write_spacing(theirs)}, the real set of {write_spacing(real)} (between "
        "slices, rows, columns): resampling alone moves distances."
    )


def write_spacing(spacing: tuple[_Spacing, _Spacing]) -> str:
    """Write the smallest and the largest spacing of a set, such as `1 to 1.5 x 0.7 x 0.7 mm`."""
    sides = (_write_range(*(f"{mm:.3g}" for mm in ends)) for ends in zip(*spacing, strict=True))
    return f"{' x '.join(sides)} mm"


def _write_range(low: object, high: object) -> str:
    return f"{low}" if low == high else f"{low} to {high}"
