"""Slices of a volume along three planes, as they are looked at, with the size of their pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.images.volume import Volume

__all__ = [
    "Plane",
    "PlaneFacts",
    "PlaneSlice",
    "list_planes",
    "take_middle_slices",
    "take_slice",
    "to_square",
]

_SAME: Final = 1e-3  # spacings that differ by less are equal: no screen shows a thousandth of a pixel
_LONGEST: Final = 1e6


class Plane(StrEnum):
    """A plane of the body; of a volume that is not oriented, a plane of the stack.

    In axial and coronal slices, the left of the picture is the patient's right; coronal and sagittal slices
    have the head at the top, and in sagittal ones the front is on the left.
    """

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


@dataclass(frozen=True, slots=True)
class PlaneFacts:
    """What a volume offers along one plane.

    Attributes:
        plane: which one.
        n_slices: slices; axial ones are counted from the feet, coronal ones from the front, sagittal ones
            from the patient's right.
        height: rows of a slice.
        width: columns of a slice.
        step_mm: distance between slices; None where the file does not tell.
        pixel_mm: height and width of a pixel; None where the file does not tell.
    """

    plane: Plane
    n_slices: int
    height: int
    width: int
    step_mm: float | None
    pixel_mm: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class PlaneSlice:
    """One slice.

    Attributes:
        plane: the plane it lies in.
        index: its number, from 0.
        pixels: (height, width) or (height, width, 3), values as in the volume; a view of them.
        pixel_mm: height and width of a pixel; None where the file does not tell.
    """

    plane: Plane
    index: int
    pixels: NDArray[Any] = field(repr=False)
    pixel_mm: tuple[float, float] | None

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width; 1 where the file does not tell."""
        return self.pixel_mm[0] / self.pixel_mm[1] if self.pixel_mm else 1.0


# Axes of a volume that a plane steps along, has as rows and has as columns.
_AXES: Final = {Plane.AXIAL: (0, 1, 2), Plane.CORONAL: (1, 0, 2), Plane.SAGITTAL: (2, 0, 1)}


def list_planes(volume: Volume) -> tuple[PlaneFacts, ...]:
    """Tell what a volume offers along each plane: axial, coronal, sagittal."""
    facts = []
    for plane, (step, row, column) in _AXES.items():
        mm = volume.spacing_mm
        facts.append(
            PlaneFacts(
                plane=plane,
                n_slices=volume.shape[step],
                height=volume.shape[row],
                width=volume.shape[column],
                step_mm=mm[step] if mm else None,
                pixel_mm=(mm[row], mm[column]) if mm else None,
            )
        )
    return tuple(facts)


def take_slice(volume: Volume, plane: Plane, index: int) -> PlaneSlice:
    """Take one slice, upright.

    Args:
        volume: the volume.
        plane: the plane that the slice lies in.
        index: its number, from 0.

    Raises:
        InputError: if the volume has no such slice.
    """
    facts = next(facts for facts in list_planes(volume) if facts.plane is plane)
    if not 0 <= index < facts.n_slices:
        raise InputError(
            f"The volume has {facts.n_slices} {plane} slices, 0 to {facts.n_slices - 1}; there is no {index}."
        )
    pixels = np.take(volume.values, index, axis=_AXES[plane][0]) if plane is not Plane.AXIAL else None
    # Slices are stored from the feet upwards, pictures from the top downwards.
    upright = volume.values[index] if pixels is None else pixels[::-1]
    return PlaneSlice(plane, index, upright, facts.pixel_mm)


def take_middle_slices(volume: Volume) -> tuple[PlaneSlice, ...]:
    """Take the slice in the middle of each plane; of an even number, the later of the two."""
    return tuple(take_slice(volume, facts.plane, facts.n_slices // 2) for facts in list_planes(volume))


def to_square(taken: PlaneSlice, *, max_side_px: int = 2048) -> NDArray[Any]:
    """Resample a slice to square pixels: to be shown, and for extractors of pictures.

    Pixels get the smaller of their two sides, so that nothing is lost; where the picture would then be larger
    than `max_side_px`, they grow until it fits. Linear between pixel centres, the border repeated.

    Args:
        taken: a slice.
        max_side_px: larger side at most; also keeps a damaged spacing from asking for endless pixels.

    Returns:
        (h, w) float32 grey or (h, w, 3) uint8 colour; the slice's own pixels, in their own type, where they
        are square and fit.
    """
    height, width = taken.pixels.shape[:2]
    row_mm, column_mm = taken.pixel_mm or (1.0, 1.0)
    # Sides in units of the smaller spacing; no real pixel is that long.
    tall = min(max(1.0, row_mm / column_mm), _LONGEST) * height
    wide = min(max(1.0, column_mm / row_mm), _LONGEST) * width
    shrink = max(1.0, max(tall, wide) / max_side_px)
    if abs(taken.aspect - 1) < _SAME and shrink == 1.0:
        return taken.pixels
    size = (max(1, round(tall / shrink)), max(1, round(wide / shrink)))
    resampled = taken.pixels.astype(np.float32)
    for axis, n_new in enumerate(size):
        resampled = _interpolate(resampled, n_new, axis)
    return np.rint(resampled).astype(np.uint8) if resampled.ndim == 3 else resampled


def _interpolate(pixels: NDArray[np.float32], n_new: int, axis: int) -> NDArray[np.float32]:
    """Linear interpolation along one axis, pixel centres at halves, edges repeated."""
    n_old = pixels.shape[axis]
    if n_new == n_old:
        return pixels
    places = np.clip((np.arange(n_new) + 0.5) * (n_old / n_new) - 0.5, 0, n_old - 1)
    low = np.minimum(places.astype(np.intp), max(0, n_old - 2))
    weights = (places - low).astype(np.float32)
    shape = [1] * pixels.ndim
    shape[axis] = n_new
    weights = weights.reshape(shape)
    below = np.take(pixels, low, axis=axis)
    above = np.take(pixels, np.minimum(low + 1, n_old - 1), axis=axis)
    blended: NDArray[np.float32] = below * (1 - weights) + above * weights
    return blended
