"""A volume: a stack of slices with physical meaning, whatever file it came from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError

__all__ = ["GREY_TYPES", "Volume", "check_voxel_count", "fit_values"]

GREY_TYPES: Final = tuple(np.dtype(name) for name in ("uint8", "int16", "uint16", "int32", "float32"))
"""Types that grey values have in a volume, in the machine's byte order."""

_FLOAT32 = np.finfo(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A stack of slices with physical meaning; a picture is a volume of one slice.

    Attributes:
        values: (slices, rows, columns) of one of `GREY_TYPES`, in the file's own scale (rescaled where the
            format says how, such as Hounsfield units), all finite; or (slices, rows, columns, 3) uint8
            colour.
        spacing_mm: distance between slices, rows and columns in mm; None where the file does not tell.
        unit: unit of the values, such as `HU`; empty where the file does not tell.
        bits: bits of a value that the file stores, such as 12 of 16.
        warnings: one sentence each, about how the file was read.
        is_oriented: whether slices run from the feet to the head, rows from front to back and columns from
            the patient's right to the left, so that planes may be named as anatomy; otherwise the axes are
            in the file's own order.
    """

    values: NDArray[Any] = field(repr=False)
    spacing_mm: tuple[float, float, float] | None
    unit: str
    bits: int
    warnings: tuple[str, ...] = ()
    is_oriented: bool = False

    def __post_init__(self) -> None:
        """Refuse what no reader may hand on.

        Raises:
            ValueError: if shape, type, spacing or bits are not as documented.
        """
        if self.values.ndim not in (3, 4) or 0 in self.values.shape:
            raise ValueError(f"a volume has slices, rows and columns, not the shape {self.values.shape}")
        if self.is_colour:
            if self.values.shape[3] != 3 or self.values.dtype != np.uint8:
                raise ValueError("a volume in colour has 3 channels of 8 bits")
        elif self.values.dtype not in GREY_TYPES:
            raise ValueError(f"a grey volume is not of type {self.values.dtype}")
        if self.spacing_mm is not None and not all(math.isfinite(mm) and mm > 0 for mm in self.spacing_mm):
            raise ValueError("spacings are lengths above 0 mm")
        if self.bits < 1:
            raise ValueError("a value has at least one bit")

    @property
    def is_colour(self) -> bool:
        """Whether values are RGB."""
        return self.values.ndim == 4

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of slices, rows and columns."""
        slices, rows, columns = self.values.shape[:3]
        return slices, rows, columns


def check_voxel_count(n_slices: int, n_rows: int, n_columns: int, *, max_pixels: int) -> None:
    """Refuse a volume by its announced size, before anything is decoded.

    Raises:
        ImageReadError: if it is empty or holds more than `max_pixels` voxels.
    """
    sizes = (n_slices, n_rows, n_columns)
    announced = " x ".join(str(size) for size in sizes)
    if min(sizes) < 1:
        raise ImageReadError(f"it announces an empty volume of {announced} voxels")
    if math.prod(sizes) > max_pixels:
        raise ImageReadError(
            f"it announces {announced} voxels, over the limit of {max_pixels:,} (MEDSYN_MAX_PIXELS)"
        )


def fit_values(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Bring finite grey values of any width to the narrowest of `GREY_TYPES` that takes their type.

    Whole numbers stay whole: 8-bit signed ones become int16, 32- and 64-bit ones int32 where they fit.

    Args:
        values: any shape; booleans (which become 0 and 255), integers or real numbers of any byte order.

    Returns:
        The values, contiguous, and a warning where they had to be rounded.

    Raises:
        ImageReadError: if a real number is too large for float32.
    """
    kind, width = values.dtype.kind, values.dtype.itemsize
    if kind == "b":
        return np.ascontiguousarray(values).view(np.uint8) * np.uint8(255), ()
    if kind == "f":
        if width > 4 and values.size and max(abs(values.min()), abs(values.max())) > _FLOAT32.max:
            raise ImageReadError("it holds numbers too large for 32 bits; rescale its values")
        return np.ascontiguousarray(values, dtype=np.float32), ()
    if width <= 2:
        return np.ascontiguousarray(
            values, dtype=np.int16 if kind == "i" else values.dtype.newbyteorder("=")
        ), ()
    bounds = np.iinfo(np.int32)
    if not values.size or (int(values.min()) >= bounds.min and int(values.max()) <= bounds.max):
        return np.ascontiguousarray(values, dtype=np.int32), ()
    return np.ascontiguousarray(values, dtype=np.float32), (
        "Its whole numbers need more than 32 bits and were rounded to 24 significant bits.",
    )
