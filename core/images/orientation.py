"""Turns stacks to lie as radiologists look at them, by the affine that places voxels in the body."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Orientation", "find_orientation", "orient_array"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a file's axes become slices, rows and columns.

    Attributes:
        axes: the file's axes that become slices, rows and columns.
        flips: whether each of these is turned round.
        spacing_mm: distance between voxels along each of these.
        tilt_deg: largest angle between an axis and the direction in the body that it stands for.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    spacing_mm: tuple[float, float, float]
    tilt_deg: float


def find_orientation(affine: NDArray[Any]) -> Orientation | None:
    """Find which of the file's axes runs from feet to head, from front to back and from right to left.

    Each axis stands for the direction that it is nearest to; nothing is resampled, so slices of an oblique
    scan stay the scan's own.

    Args:
        affine: (4, 4) or (3, 4) from voxel indices to mm in the body, where x grows to the patient's right,
            y to the front and z to the head (RAS+, as NIfTI; negate the first two rows of DICOM's).

    Returns:
        The orientation, or None where the affine places no volume: not finite, or flat.
    """
    with np.errstate(all="ignore"):
        matrix = np.asarray(affine, dtype=np.float64)[:3, :3]
        spacing = np.sqrt((matrix**2).sum(axis=0))
        if not np.isfinite(matrix).all() or not np.isfinite(spacing).all() or spacing.min() <= 1e-30:
            return None
        cosines = matrix / spacing  # (body's axis, file's axis)
        if abs(np.linalg.det(cosines)) < 1e-3:
            return None
        # Of all ways to pair axes, the one whose angles are smallest together.
        best = max(permutations(range(3)), key=lambda order: sum(abs(cosines[b, order[b]]) for b in range(3)))
    body = (2, 1, 0)  # slices along z, rows along y, columns along x
    # The first slice lies at the feet, the first row in front, the first column on the patient's right.
    wanted = {2: 1.0, 1: -1.0, 0: -1.0}
    along = [float(cosines[b, best[b]]) for b in body]
    z, y, x = (best[b] for b in body)
    steps = [cosine * wanted[b] < 0 for b, cosine in zip(body, along, strict=True)]
    return Orientation(
        axes=(z, y, x),
        flips=(steps[0], steps[1], steps[2]),
        spacing_mm=(float(spacing[z]), float(spacing[y]), float(spacing[x])),
        tilt_deg=float(np.degrees(np.arccos(min(1.0, min(abs(cosine) for cosine in along))))),
    )


def orient_array(values: NDArray[Any], orientation: Orientation) -> NDArray[Any]:
    """Turn a file's array to (slices, rows, columns): feet to head, front to back, patient's right to left.

    Args:
        values: (i, j, k) or (i, j, k, channels), in the order of the affine's columns.
        orientation: how its axes lie.

    Returns:
        A view of `values`.
    """
    turned = np.moveaxis(values, orientation.axes, (0, 1, 2))
    return turned[tuple(slice(None, None, -1 if flip else 1) for flip in orientation.flips)]
