"""Where the patches of a slide lie, and their pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageReadError
from core.images.slide import Slide, SlideLevel
from core.recipes.patch_options import PatchOptions

__all__ = ["PatchGrid", "PatchPlace", "plan_grid", "read_patch"]

# A scanner's 0.2525 is asked for as 0.25: below one per cent, pixels stay as they are stored.
_SAME_SCALE: Final = 0.01
_LANCZOS_SUPPORT: Final = 3


@dataclass(frozen=True, slots=True)
class PatchPlace:
    """One patch of a grid.

    Attributes:
        left: first column in pixels of the grid's level.
        top: first row.
        x: first column in pixels of full resolution, rounded.
        y: first row.
    """

    left: float
    top: float
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """A regular grid of patches from a slide's upper left corner on.

    Attributes:
        index: level of the pyramid that is read.
        level: that level.
        size: side of a patch in pixels as written.
        scale: pixels of the level along one as written; exactly 1 where nothing is resampled.
        overlap: pixels as written that neighbours share.
    """

    index: int
    level: SlideLevel
    size: int
    scale: float
    overlap: int

    @property
    def side(self) -> float:
        """Side of a patch in pixels of the level."""
        return self.size * self.scale

    @property
    def downsample(self) -> float:
        """Pixels of full resolution along one as written."""
        return self.scale * self.level.downsample

    @property
    def n_edge(self) -> int:
        """Patches that would stand out over the right or lower edge; they are left out."""
        return self._covering(self.level.width) * self._covering(self.level.height) - len(self)

    def __len__(self) -> int:
        return self._inside(self.level.width) * self._inside(self.level.height)

    def places(self) -> list[PatchPlace]:
        """All patches that lie inside, row by row."""
        step, zoom = (self.size - self.overlap) * self.scale, self.level.downsample
        return [
            PatchPlace(column * step, row * step, round(column * step * zoom), round(row * step * zoom))
            for row in range(self._inside(self.level.height))
            for column in range(self._inside(self.level.width))
        ]

    def _inside(self, length: int) -> int:
        step = (self.size - self.overlap) * self.scale
        return 0 if length < self.side else math.floor((length - self.side) / step + 1e-9) + 1

    def _covering(self, length: int) -> int:
        step = (self.size - self.overlap) * self.scale
        return 1 if length <= self.side else math.ceil((length - self.side) / step - 1e-9) + 1


def plan_grid(slide: Slide, options: PatchOptions, *, max_pixels: int) -> PatchGrid:
    """Choose the level to read and lay the grid over it.

    The coarsest level that is not coarser than what is asked for is read, and brought down from there.

    Args:
        slide: an open slide.
        options: the scale and size.
        max_pixels: most pixels that are read for one patch.

    Raises:
        InputError: if the slide does not tell its scale, has no such level, or is coarser than asked for.
    """
    downsample = options.find_downsample(mpp=slide.mpp, objective=slide.objective)
    if downsample is None:
        index = options.level or 0
        if index >= len(slide.levels):
            raise ImageReadError(f"it has no level {index}; its last one is {len(slide.levels) - 1}")
        return PatchGrid(index, slide.levels[index], options.size, 1.0, options.overlap)
    if downsample < 1 - _SAME_SCALE:
        raise ImageReadError(
            f"it is {1 / downsample:.3g} times coarser than asked for, and patches are not enlarged; ask for "
            "a larger --mpp or a smaller --magnification"
        )
    fine = [at for at, one in enumerate(slide.levels) if one.downsample <= downsample * (1 + _SAME_SCALE)]
    index = max(fine, default=0)
    scale = downsample / slide.levels[index].downsample
    scale = 1.0 if abs(scale - 1) <= _SAME_SCALE else scale
    grid = PatchGrid(index, slide.levels[index], options.size, scale, options.overlap)
    if min(grid.side, grid.level.width) * min(grid.side, grid.level.height) > max_pixels:
        raise ImageReadError(
            f"a patch would be made of {grid.side:,.0f} x {grid.side:,.0f} pixels, over the limit of "
            f"{max_pixels:,} (MEDSYN_MAX_PIXELS); ask for a smaller --mpp"
        )
    return grid


def read_patch(slide: Slide, grid: PatchGrid, place: PatchPlace) -> NDArray[Any]:
    """Read one patch, antialiased (Lanczos) where it is brought down.

    Returns:
        (size, size, 3) or (size, size) uint8.

    Raises:
        ImageReadError: if that part of the slide is damaged.
    """
    size = grid.size
    if grid.scale == 1.0:
        return slide.read_region(grid.index, round(place.left), round(place.top), size, size)
    # Neighbours of the patch belong to the filter's reach: a patch is the same however the grid lies.
    reach = math.ceil(_LANCZOS_SUPPORT * grid.scale)
    left, top = max(0, math.floor(place.left) - reach), max(0, math.floor(place.top) - reach)
    right = min(grid.level.width, math.ceil(place.left + grid.side) + reach)
    bottom = min(grid.level.height, math.ceil(place.top + grid.side) + reach)
    region = Image.fromarray(slide.read_region(grid.index, left, top, right - left, bottom - top))
    x, y = place.left - left, place.top - top
    box = (x, y, min(x + grid.side, region.width), min(y + grid.side, region.height))
    return np.asarray(region.resize((size, size), Image.Resampling.LANCZOS, box=box))
