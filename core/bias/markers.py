"""Finds burned-in letters, such as the "R" of a lead marker: small, bright, sharp strokes near a border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull
from statsmodels.stats.proportion import proportion_confint

from core.bias.box import ZONES, Box
from core.bias.frame import stream_pixels
from core.config import Settings
from core.datasets.image_set import Item
from core.images.resizing import resize_pixels
from core.progress import Progress, SilentProgress

__all__ = ["ZONES", "Letter", "MarkerRate", "compute_marker_rates", "detect_letters", "find_letters"]

# Longer side at which letters are looked for; smaller images are enlarged, so that strokes have a width.
_SIDE: Final = 320
# Of the longer side: heights of letters, widest stroke, and how far from a border they stand at most.
_HEIGHTS: Final = (0.018, 0.14)
_STROKE: Final = 0.03
_REACH: Final = 0.3
# Grey levels above what an opening leaves, to be looked at, and above the ground, to be a letter.
_STANDS_OUT: Final = 45.0
_CONTRAST: Final = 55.0
# Set on phantom films and chest radiographs, where letters reach the first and ribs the second number:
# sharpness 0.6 and 0.5, solidity 0.75 and 0.7, stroke 0.27 and 0.15 of the height, spread of its width 0.35
# and 0. All four hold for letters only.
_SHARPNESS: Final = 0.57
_SOLIDITY: Final = 0.78
_WIDEST_STROKE: Final = 0.3
_STROKE_SPREAD: Final = 0.42
_UNEVENNESS: Final = 0.9
_NEIGHBOURS: Final = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class Letter:
    """One text-like component.

    Attributes:
        box: where it is, as shares of the image.
        contrast: grey levels by which its strokes are brighter than what lies between and around them.
    """

    box: Box
    contrast: float

    @property
    def zone(self) -> str:
        """Which third of the image holds its middle, a name of `ZONES`."""
        return self.box.zone


@dataclass(frozen=True, slots=True)
class MarkerRate:
    """How many images of a class carry a letter somewhere.

    Attributes:
        label: class.
        zone: a name of `ZONES`, or "anywhere".
        n_marked: images with at least one letter there.
        n: images of the class.
        low: lower end of the 95 % interval of their share.
        high: upper end.
    """

    label: str
    zone: str
    n_marked: int
    n: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Share of the class's images."""
        return self.n_marked / self.n


def detect_letters(pixels: NDArray[np.float32]) -> tuple[Letter, ...]:
    """Find letters in one image.

    Strokes are what a top-hat filter leaves: bright and thinner than `_STROKE`. A connected piece of them is
    a letter if it has a letter's height and proportions, strokes of one width, room between them, sharp edges
    against its ground, and stands near a border. Bright on dark only; bare bars such as "I" are no letters,
    what the image's edge cuts may be missed, and wires or clips may be taken for letters: rates are there to
    be compared between classes and sets, not to be taken as counts.

    Args:
        pixels: (height, width, 1) grey levels from 0 to 255.

    Returns:
        Letters by falling contrast.

    References:
        Epshtein et al., Detecting text in natural scenes with stroke width transform, CVPR 2010 (strokes of
        a letter have one width).
    """
    height, width = pixels.shape[:2]
    scale = _SIDE / max(height, width)
    size = {"width": max(8, round(width * scale)), "height": max(8, round(height * scale))}
    grey = np.clip(resize_pixels(pixels, **size)[..., 0], 0, 255)
    rows, columns = grey.shape
    window = 2 * round(_STROKE * _SIDE / 2) + 3
    strokes = grey - ndimage.grey_opening(grey, size=(window, window))
    labels, _ = ndimage.label(strokes > _STANDS_OUT, structure=_NEIGHBOURS)
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if not _has_size(place):
            continue
        near = tuple(slice(max(side.start - 4, 0), side.stop + 4) for side in place)
        judged = _judge(labels[near] == number, grey[near])
        if judged is None:
            continue
        part, contrast = judged
        top, left = near[0].start + part[0].start, near[1].start + part[1].start
        bottom, right = near[0].start + part[0].stop, near[1].start + part[1].stop
        middle = (top + bottom) / 2, (left + right) / 2
        if min(*middle, rows - middle[0], columns - middle[1]) <= _REACH * _SIDE:
            found.append(Letter(Box(left / columns, top / rows, right / columns, bottom / rows), contrast))
    return tuple(sorted(found, key=lambda letter: -letter.contrast))


def _has_size(place: tuple[slice, ...]) -> bool:
    tall, wide = (side.stop - side.start for side in place)
    is_tall = _HEIGHTS[0] * _SIDE <= tall <= _HEIGHTS[1] * _SIDE
    return bool(is_tall and 0.3 * tall <= wide <= 1.5 * tall)


def _judge(piece: NDArray[np.bool_], grey: NDArray[np.float32]) -> tuple[tuple[slice, slice], float] | None:
    """Where the strokes lie within the cut-out and how far they stand out, or None if it is no letter."""
    outside = grey[~ndimage.binary_dilation(piece, iterations=2)]
    if not outside.size:
        return None
    ground = float(np.median(outside))
    contrast = float(np.percentile(grey[piece], 90)) - ground
    if contrast < _CONTRAST:
        return None
    # Cut anew at half height: the fixed threshold takes the blur around bright letters for strokes.
    half = ndimage.binary_dilation(piece, iterations=3) & (grey > ground + contrast / 2)
    labels, n = ndimage.label(half, structure=_NEIGHBOURS)
    if not n:
        return None
    strokes = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    (part,) = ndimage.find_objects(strokes.astype(np.uint8))
    if not _has_size(part) or not _has_strokes(strokes, part[0].stop - part[0].start):
        return None
    grown = [ndimage.binary_dilation(strokes, iterations=steps) for steps in (1, 2, 5)]
    edge, beside = strokes & ~ndimage.binary_erosion(strokes), grown[1] & ~grown[0]
    around = grey[grown[2] & ~grown[1]]
    if not beside.any() or not around.size:
        return None
    # Bones and vessels fade into their ground within their own width, what is burned in within a pixel.
    is_sharp = float(np.median(grey[edge]) - np.median(grey[beside])) >= _SHARPNESS * contrast
    is_even = float(around.std()) <= _UNEVENNESS * contrast
    return ((part[0], part[1]), contrast) if is_sharp and is_even else None


def _has_strokes(strokes: NDArray[np.bool_], tall: int) -> bool:
    """Tell whether a component is drawn with a pen: lines of one width that leave room between them."""
    depth = ndimage.distance_transform_edt(np.pad(strokes, 1))[1:-1, 1:-1]
    ridge = depth[strokes & (depth >= ndimage.maximum_filter(depth, size=3))]
    if 2 * ridge.mean() > _WIDEST_STROKE * tall or ridge.std() > _STROKE_SPREAD * ridge.mean():
        return False
    rows, columns = np.nonzero(strokes)
    corners = np.concatenate(
        [np.column_stack([rows + y, columns + x]) for y in (-0.5, 0.5) for x in (-0.5, 0.5)]
    )
    return bool(strokes.sum() <= _SOLIDITY * ConvexHull(corners).volume)


def find_letters(
    items: Sequence[Item],
    *,
    workers: int | None = None,
    settings: Settings,
    progress: Progress | None = None,
    name: str = "images",
) -> tuple[tuple[Letter, ...], ...]:
    """Find the letters of many images, each at its own proportions.

    Args:
        items: the images.
        workers: decoding threads; None takes one a core.
        settings: limits of reading.
        progress: told about every image.
        name: what the stage calls the images.

    Returns:
        Letters of each image, in order.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    progress = progress or SilentProgress()
    progress.start(f"Looking for letters in {name}", len(items))
    found = []
    for pixels in stream_pixels(items, workers=workers, settings=settings):
        found.append(detect_letters(pixels))
        progress.advance()
    return tuple(found)


def compute_marker_rates(
    letters: Sequence[Sequence[Letter]], labels: Sequence[str]
) -> tuple[MarkerRate, ...]:
    """Count images with letters, class by class and third by third.

    Args:
        letters: letters of each image.
        labels: class of each image.

    Returns:
        For every class its rate anywhere, then in each zone, with Wilson intervals that take images as
        independent.
    """
    rates = []
    for label in sorted(set(labels)):
        own = [found for found, one in zip(letters, labels, strict=True) if one == label]
        for zone in ("anywhere", *ZONES):
            n_marked = sum(any(zone in ("anywhere", letter.zone) for letter in found) for found in own)
            low, high = proportion_confint(n_marked, len(own), method="wilson")
            rates.append(MarkerRate(label, zone, n_marked, len(own), float(low), float(high)))
    return tuple(rates)
