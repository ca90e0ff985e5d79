"""Where a slide holds tissue: Otsu's threshold on the saturation of a small picture of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.images.otsu import compute_otsu_threshold
from core.images.slide import Slide
from core.progress import Progress, SilentProgress

__all__ = ["TissueMap", "find_tissue", "map_tissue"]

# Lu et al. 2021 (CLAM), Nature Biomedical Engineering 5, 555: tissue is told from glass by the saturation of
# a small picture, smoothed by a median of 7; 8 is their fixed threshold.
_MEDIAN: Final = 7
_LEAST_SATURATION: Final = 8
# Without a ceiling, a picture that is all tissue would be split within itself.
_MOST_SATURATION: Final = 40
# Saturation of pixels this dark is noise of the sensor.
_DARK: Final = 25
_CELLS_A_TILE: Final = 16
_LONGEST_SIDE: Final = 4096
_BLOCK: Final = 2048


@dataclass(frozen=True, slots=True)
class TissueMap:
    """Cells of a slide that are tissue.

    Attributes:
        threshold: saturation (0 to 255) above which a cell is tissue.
        cell_width: pixels of full resolution along a cell's width.
        cell_height: along its height.
        sums: (rows + 1, columns + 1) float64 running sums over the cells, for shares of rectangles.
    """

    threshold: int
    cell_width: float
    cell_height: float
    sums: NDArray[np.float64]

    def share(self, left: float, top: float, width: float, height: float) -> float:
        """Share of a rectangle's area that is tissue, 0 to 1; cells count by the part of them inside.

        Args:
            left: first column in pixels of full resolution.
            top: first row.
            width: columns.
            height: rows.
        """
        x0, x1 = left / self.cell_width, (left + width) / self.cell_width
        y0, y1 = top / self.cell_height, (top + height) / self.cell_height
        area = self._sum(y1, x1) - self._sum(y0, x1) - self._sum(y1, x0) + self._sum(y0, x0)
        return float(min(1.0, max(0.0, area / ((x1 - x0) * (y1 - y0)))))

    def _sum(self, y: float, x: float) -> float:
        """Tissue above and left of a point; between cells' corners the sum is bilinear, so this is exact."""
        rows, columns = self.sums.shape
        y, x = min(max(y, 0.0), rows - 1.0), min(max(x, 0.0), columns - 1.0)
        row, column = min(int(y), rows - 2), min(int(x), columns - 2)
        down, right = y - row, x - column
        above = self.sums[row, column] * (1 - right) + self.sums[row, column + 1] * right
        below = self.sums[row + 1, column] * (1 - right) + self.sums[row + 1, column + 1] * right
        return float(above * (1 - down) + below * down)


def find_tissue(thumbnail: NDArray[Any]) -> tuple[NDArray[np.bool_], int]:
    """Part a small picture of a slide into tissue and glass.

    The saturation of HSV (largest minus smallest channel over the largest), smoothed by a median of 7 x 7, is
    compared with Otsu's threshold, held between 8 and 40 of 255: so an empty slide has no tissue, and a
    picture full of tissue no background. Fat, pale within its cells, is tissue by their walls alone. Nearly
    black pixels are no tissue. A grey picture has no saturation; its darkness (255 minus value) takes that
    place.

    Args:
        thumbnail: (h, w, 3) or (h, w) uint8.

    Returns:
        (h, w) booleans, and the threshold.
    """
    if thumbnail.ndim == 2:
        measure, bright = 255 - thumbnail, np.ones(thumbnail.shape, np.bool_)
    else:
        largest = thumbnail.max(axis=2).astype(np.float32)
        smallest = thumbnail.min(axis=2).astype(np.float32)
        measure = np.rint(255 * (largest - smallest) / np.maximum(largest, 1)).astype(np.uint8)
        bright = largest > _DARK
    smooth = np.asarray(Image.fromarray(measure).filter(ImageFilter.MedianFilter(_MEDIAN)))
    threshold = min(max(compute_otsu_threshold(smooth), _LEAST_SATURATION), _MOST_SATURATION)
    return (smooth > threshold) & bright, threshold


def map_tissue(slide: Slide, *, tile_px: float, progress: Progress | None = None) -> TissueMap:
    """Find a slide's tissue from a small picture of it, made block by block.

    Args:
        slide: an open slide.
        tile_px: side of a tile in pixels of full resolution; it is some 16 cells wide, fewer only where the
            small picture would be longer than 4,096 cells.
        progress: told about every block.

    Raises:
        ImageReadError: if the slide is damaged.
    """
    progress = progress or SilentProgress()
    full = slide.levels[0]
    cell = max(1.0, tile_px / _CELLS_A_TILE, max(full.width, full.height) / _LONGEST_SIDE)
    index = max(at for at, one in enumerate(slide.levels) if at == 0 or one.downsample <= cell * 1.001)
    level = slide.levels[index]
    step = max(1, round(cell / level.downsample))
    rows, columns = math.ceil(level.height / step), math.ceil(level.width / step)
    block = max(1, _BLOCK // step)
    thumbnail: NDArray[np.uint8] | None = None
    progress.start("Looking for tissue", math.ceil(rows / block) * math.ceil(columns / block), "regions")
    for row in range(0, rows, block):
        for column in range(0, columns, block):
            left, top = column * step, row * step
            width = min(block * step, level.width - left)
            height = min(block * step, level.height - top)
            part = _reduce(slide.read_region(index, left, top, width, height), step)
            if thumbnail is None:
                thumbnail = np.empty((rows, columns, *part.shape[2:]), np.uint8)
            thumbnail[row : row + part.shape[0], column : column + part.shape[1]] = part
            progress.advance()
    assert thumbnail is not None
    tissue, threshold = find_tissue(thumbnail)
    sums = np.zeros((rows + 1, columns + 1))
    sums[1:, 1:] = tissue.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    side = step * level.downsample
    return TissueMap(threshold, side, side, sums)


def _reduce(region: NDArray[Any], step: int) -> NDArray[np.uint8]:
    """Mean over squares of `step` pixels; those cut by an edge over what there is of them."""
    if step == 1:
        return region.astype(np.uint8)
    return np.asarray(Image.fromarray(region).reduce(step))
