"""The grid of positions on a frame, and what a probe sees of the patch at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from core.bias.frame import DEFAULT_SIDE_PX
from core.errors import InputError

__all__ = ["ZONES", "Box", "PatchGrid", "describe_patches"]

ZONES: Final = (
    "upper left", "upper middle", "upper right",
    "middle left", "centre", "middle right",
    "lower left", "lower middle", "lower right",
)  # fmt: skip
"""Names of the thirds of an image, as seen on the screen, row by row."""

_WAVES = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as shares of an image's width and height, from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InputError(
                "A region is left,top,right,bottom as shares of the image, as in 0,0,0.2,0.15; left lies "
                "before right, top above bottom, all between 0 and 1."
            )

    @property
    def area(self) -> float:
        """Share of the image."""
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def zone(self) -> str:
        """Which third of the image holds its middle, a name of `ZONES`."""
        column = int((self.left + self.right) / 2 * 3)
        row = int((self.top + self.bottom) / 2 * 3)
        return ZONES[3 * min(row, 2) + min(column, 2)]

    def overlaps(self, other: Box) -> bool:
        """Tell whether two rectangles share any area."""
        beside = self.left >= other.right or other.left >= self.right
        return not (beside or self.top >= other.bottom or other.top >= self.bottom)


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """Square patches at even steps over a square frame.

    Attributes:
        side_px: side of the frame.
        patch_px: side of a patch.
        stride_px: step between neighbouring patches; they overlap where it is smaller than a patch.

    Raises:
        InputError: if patches do not fit into the frame or leave parts of it out.
    """

    side_px: int = DEFAULT_SIDE_PX
    patch_px: int = 16
    stride_px: int = 8

    def __post_init__(self) -> None:
        if not _WAVES <= self.patch_px <= self.side_px:
            raise InputError(
                f"Patches have between {_WAVES} pixels and the frame's side of {self.side_px}, not "
                f"{self.patch_px}."
            )
        if not 1 <= self.stride_px <= self.patch_px:
            raise InputError(
                f"Patches of {self.patch_px} pixels step by 1 to {self.patch_px} pixels, not "
                f"{self.stride_px}: a larger step leaves parts of the image out."
            )

    @property
    def starts(self) -> tuple[int, ...]:
        """First row (or column) of each patch; the last patch ends with the frame."""
        last = self.side_px - self.patch_px
        starts = list(range(0, last + 1, self.stride_px))
        return tuple(starts if starts[-1] == last else [*starts, last])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of positions."""
        return len(self.starts), len(self.starts)

    def find_box(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Box:
        """Find the smallest rectangle that holds the patches at some positions."""
        starts = np.array(self.starts)
        top, left = starts[rows.min()], starts[columns.min()]
        bottom, right = starts[rows.max()] + self.patch_px, starts[columns.max()] + self.patch_px
        return Box(*(float(edge / self.side_px) for edge in (left, top, right, bottom)))


def describe_patches(pixels: NDArray[np.uint8], grid: PatchGrid) -> Iterator[NDArray[np.float64]]:
    """Yield the features of every position, row by row.

    A patch is described by its 16 slowest cosine waves (4 by 4), which are fixed and so the same for every
    set, and by its darkest and brightest pixel and its standard deviation: a letter raises these wherever in
    the patch it stands.

    Args:
        pixels: (n, side, side) grey levels on the frame.
        grid: the positions.

    Yields:
        (n, 19) features of one position.
    """
    waves = dct(np.eye(grid.patch_px), norm="ortho", axis=0)[:_WAVES]
    size = grid.patch_px
    for top in grid.starts:
        for left in grid.starts:
            patch = pixels[:, top : top + size, left : left + size].astype(np.float64)
            spectrum = waves @ patch @ waves.T
            extremes = patch.min(axis=(1, 2)), patch.max(axis=(1, 2)), patch.std(axis=(1, 2))
            yield np.column_stack([spectrum.reshape(len(patch), -1), *extremes])
