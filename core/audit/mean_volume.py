"""The mean of volumes: one volume with its spread, and where it lies in the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MeanVolume"]


@dataclass(frozen=True, slots=True, eq=False)
class MeanVolume:
    """Mean and standard deviation of n volumes.

    Attributes:
        mean: (slices, rows, columns, channels) float32 on the scale 0 to 255.
        std: the same shape, real numbers.
        n: volumes averaged.
        spacing_mm: distance between slices, rows and columns; None where the files do not tell.
        is_oriented: whether the axes of all volumes are known to be those of the body, see
            `core.images.volume.Volume`.
    """

    mean: NDArray[np.floating]
    std: NDArray[np.floating]
    n: int
    spacing_mm: tuple[float, float, float] | None = None
    is_oriented: bool = False
