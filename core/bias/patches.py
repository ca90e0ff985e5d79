"""The grid of positions on a frame, and what a probe sees of the patch at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.bias.box import Box
from core.bias.frame import DEFAULT_SIDE_PX
from core.errors import InputError

__all__ = ["PatchGrid", "describe_patches"]

_WAVES = 4


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
    from scipy.fft import dct

    waves = dct(np.eye(grid.patch_px), norm="ortho", axis=0)[:_WAVES]
    size = grid.patch_px
    for top in grid.starts:
        for left in grid.starts:
            patch = pixels[:, top : top + size, left : left + size].astype(np.float64)
            spectrum = waves @ patch @ waves.T
            extremes = patch.min(axis=(1, 2)), patch.max(axis=(1, 2)), patch.std(axis=(1, 2))
            yield np.column_stack([spectrum.reshape(len(patch), -1), *extremes])
