"""The sixteen ways in which a copied volume may lie: flips and turns of its slices, as is or turned over."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.copies.transforms import TRANSFORMS, Transform, apply_transform

__all__ = ["VOLUME_TURNS", "VolumeTurn", "turn_volume"]


class VolumeTurn(NamedTuple):
    """A flip or turn of every slice, and then perhaps the reversal of their order.

    Attributes:
        transform: what to do to rows and columns.
        turned_over: whether slices change their order, head to foot.
    """

    transform: Transform
    turned_over: bool = False

    @property
    def words(self) -> str:
        """What readers are told of it; of a picture, the name of the flip or turn."""
        if not self.turned_over:
            return self.transform.value
        over = "turned over, head to foot"
        return over if self.transform is Transform.AS_IS else f"{self.transform}, {over}"


VOLUME_TURNS: Final = tuple(VolumeTurn(transform, over) for over in (False, True) for transform in TRANSFORMS)
"""All sixteen, the plainest first: where several fit equally well, the first one is reported."""


def turn_volume(values: NDArray[Any], turn: VolumeTurn) -> NDArray[Any]:
    """Turn (..., slices, rows, columns); voxel values move and stay what they are.

    Returns:
        A view; rows and columns have changed places in those that turn by a quarter or mirror at a diagonal.
    """
    turned = apply_transform(values, turn.transform, axes=(values.ndim - 2, values.ndim - 1))
    return np.flip(turned, values.ndim - 3) if turn.turned_over else turned
