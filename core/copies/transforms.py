"""The eight flips and turns of a square, with the names that users read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["TRANSFORMS", "Transform", "apply_transform", "invert_transform"]


class Transform(StrEnum):
    """A flip or turn; the values are those of copies.csv.

    Diagonals are named by their course from left to right: the falling one starts in the upper left corner.
    """

    AS_IS = "as is"
    MIRRORED_LEFT_RIGHT = "mirrored left-right"
    MIRRORED_TOP_BOTTOM = "mirrored top-bottom"
    TURNED_180 = "turned 180°"
    TURNED_CLOCKWISE = "turned 90° clockwise"
    TURNED_ANTICLOCKWISE = "turned 90° anticlockwise"
    MIRRORED_FALLING = "mirrored at the falling diagonal"
    MIRRORED_RISING = "mirrored at the rising diagonal"


TRANSFORMS: Final[tuple[Transform, ...]] = tuple(Transform)
"""All eight, the plainest first: where several fit equally well, the first one is reported."""

# Whether rows and columns change places, and then whether rows and whether columns are reversed.
_STEPS: Final[dict[Transform, tuple[bool, bool, bool]]] = {
    Transform.AS_IS: (False, False, False),
    Transform.MIRRORED_LEFT_RIGHT: (False, False, True),
    Transform.MIRRORED_TOP_BOTTOM: (False, True, False),
    Transform.TURNED_180: (False, True, True),
    Transform.TURNED_CLOCKWISE: (True, False, True),
    Transform.TURNED_ANTICLOCKWISE: (True, True, False),
    Transform.MIRRORED_FALLING: (True, False, False),
    Transform.MIRRORED_RISING: (True, True, True),
}

_INVERSES: Final[dict[Transform, Transform]] = {
    Transform.TURNED_CLOCKWISE: Transform.TURNED_ANTICLOCKWISE,
    Transform.TURNED_ANTICLOCKWISE: Transform.TURNED_CLOCKWISE,
}


def apply_transform(
    pixels: NDArray[Any], transform: Transform, *, axes: tuple[int, int] = (0, 1)
) -> NDArray[Any]:
    """Flip or turn an image; pixel values move and stay what they are.

    Args:
        pixels: an array with rows and columns among its axes.
        transform: what to do to it.
        axes: the axes of rows and of columns, such as (1, 2) for a batch of planes.

    Returns:
        A view; rows and columns have changed places in those that turn by a quarter or mirror at a diagonal.
    """
    swap, reverse_rows, reverse_columns = _STEPS[transform]
    rows, columns = axes
    turned = pixels.swapaxes(rows, columns) if swap else pixels
    reversed_axes = tuple(
        axis for axis, wanted in ((rows, reverse_rows), (columns, reverse_columns)) if wanted
    )
    return np.flip(turned, reversed_axes)


def invert_transform(transform: Transform) -> Transform:
    """Return what undoes a flip or turn; all but the quarter turns undo themselves."""
    return _INVERSES.get(transform, transform)
