"""Classes of a slide's places, from a mask image whose values stand for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from core.errors import ImageReadError
from core.images.slide import Slide, SlideLevel, open_slide

__all__ = ["LabelMask", "open_label_mask"]

_SAME_ASPECT: Final = 0.01


class LabelMask:
    """An open mask over a slide.

    Args:
        mask: the mask's own values, at any resolution.
        full: the slide's full resolution; the mask covers the same field.
        labels: value to class.

    Raises:
        ImageReadError: if the mask is of another shape than the slide, or in colour.
    """

    def __init__(self, mask: Slide, full: SlideLevel, labels: Mapping[int, str]) -> None:
        self._mask, self._labels = mask, labels
        own = mask.levels[0]
        self._across, self._down = own.width / full.width, own.height / full.height
        # One pixel of the mask more or less is how its sides were rounded.
        most = max(_SAME_ASPECT, 1 / own.width + 1 / own.height)
        if abs(self._across / self._down - 1) > most:
            raise ImageReadError(
                f"it has {own.width} x {own.height} pixels, another shape than its slide of {full.width} x "
                f"{full.height}; a mask covers the whole slide"
            )
        if mask.read_region(0, 0, 0, 1, 1).ndim != 2:
            raise ImageReadError("it is in colour; save a mask with one value a pixel")

    def find_class(self, left: float, top: float, side: float) -> tuple[str | None, float]:
        """Find the class that most of a square has.

        Args:
            left: first column in pixels of the slide's full resolution.
            top: first row.
            side: its side.

        Returns:
            The class with most mask pixels (of equally many, that of the smallest value) and its share of
            all mask pixels whose centres lie in the square, or of the nearest one where none does; (None, 0)
            where no value there has a class.

        Raises:
            ImageReadError: if the mask is damaged there.
        """
        own = self._mask.levels[0]
        x0, x1 = _centres_in(left * self._across, (left + side) * self._across, own.width)
        y0, y1 = _centres_in(top * self._down, (top + side) * self._down, own.height)
        values = self._mask.read_region(0, x0, y0, x1 - x0, y1 - y0)
        counts: dict[str, int] = {}
        for value, count in zip(*np.unique(values, return_counts=True), strict=True):
            if (name := self._labels.get(int(value))) is not None:
                counts[name] = counts.get(name, 0) + int(count)
        if not counts:
            return None, 0.0
        best = max(counts, key=counts.__getitem__)
        return best, counts[best] / values.size


@contextmanager
def open_label_mask(
    path: Path,
    *,
    full: SlideLevel,
    labels: Mapping[int, str],
    max_pixels: int,
    max_file_bytes: int | None = None,
    confined_to: tuple[Path, ...] = (),
) -> Iterator[LabelMask]:
    """Open a mask: a TIFF of any size, or a PNG; indices of a palette are its values.

    Raises:
        ImageReadError: with the reason, if it cannot be read or does not fit its slide.
    """
    with open_slide(
        path,
        max_pixels=max_pixels,
        max_file_bytes=max_file_bytes,
        confined_to=confined_to,
        keep_values=True,
    ) as mask:
        yield LabelMask(mask, full, labels)


def _centres_in(low: float, high: float, length: int) -> tuple[int, int]:
    first, end = math.ceil(low - 0.5), math.ceil(high - 0.5)
    if end <= first:
        first = math.floor((low + high) / 2)
        end = first + 1
    first = min(max(first, 0), length - 1)
    return first, min(max(end, first + 1), length)
