"""Brings the images of several sets to one frame of grey pixels, with their classes and patients."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.image_set import ImageSet, Item, Role
from core.errors import ImageSetError
from core.features.base import Pixels
from core.features.extraction import default_workers, load_pixels
from core.images.overview import MOST_SLICES
from core.images.resizing import resize_pixels
from core.progress import Progress

__all__ = [
    "DEFAULT_SIDE_PX",
    "FramedSet",
    "choose_classes",
    "choose_items",
    "count_montage_slices",
    "frame_set",
    "stream_pixels",
]

DEFAULT_SIDE_PX: Final = 128
"""Side of the frame in pixels: a letter of a tenth of a film's height still has its strokes."""


@dataclass(frozen=True, slots=True)
class FramedSet:
    """The labelled images of one set on a common frame.

    Attributes:
        name: the set's name.
        role: what it is in the study.
        pixels: (n, side, side) uint8 grey levels; every image is stretched to the square, so that a position
            is a share of its width and height.
        codes: (n,) place of each image's class in `classes`.
        groups: (n,) number of each image's patient; images without one stand alone, equal pictures together.
        classes: class names, the same for all sets of a study.
        items: the images behind the rows.
    """

    name: str
    role: Role
    pixels: NDArray[np.uint8]
    codes: NDArray[np.intp]
    groups: NDArray[np.intp]
    classes: tuple[str, ...]
    items: tuple[Item, ...]

    def __len__(self) -> int:
        return len(self.items)


def choose_classes(real: ImageSet) -> tuple[str, ...]:
    """Take the classes of the real set: what is told apart.

    Raises:
        ImageSetError: if there are fewer than two.
    """
    if len(real.classes) < 2:
        raise ImageSetError(
            f"Bias is about telling classes apart, and the {real.name} set has {len(real.classes)}; put each "
            "class into a sub-folder of its own, or give a labels CSV."
        )
    return real.classes


def count_montage_slices(sets: Sequence[ImageSet]) -> int:
    """Count the slices of the montage by which each volume is looked at; 0 where items are pictures.

    Raises:
        ImageSetError: if volumes have montages of different numbers of slices, so that a place is not the
            same in all of them.
    """
    volumes = [item.facts.slices for one in sets for item in one.items if item.facts.is_volume]
    # As `core.images.overview` lays a montage out.
    sides = {math.isqrt(min(slices, MOST_SLICES)) for slices in volumes}
    if len(sides) > 1:
        raise ImageSetError(
            f"Volumes are looked at as montages of up to {MOST_SLICES} axial slices, and these have as few "
            f"as {min(volumes)}, so that not all would have one montage and a place would not be the same in "
            "all of them. Leave the thinner ones out, or make pictures by `python -m core dataset montage`."
        )
    return sides.pop() ** 2 if sides else 0


def choose_items(
    image_set: ImageSet, classes: Sequence[str], *, max_per_class: int, seed: int
) -> tuple[Item, ...]:
    """Take the images of the given classes, and of larger classes a random part.

    Args:
        image_set: the set.
        classes: classes to keep; other images and those without a class are left out.
        max_per_class: images of a class at most.
        seed: seeds the draw.

    Returns:
        Items in the set's order.
    """
    rng = np.random.default_rng(seed)
    kept: list[int] = []
    for label in classes:
        rows = [row for row, item in enumerate(image_set.items) if item.label == label]
        if len(rows) > max_per_class:
            rows = [rows[one] for one in rng.choice(len(rows), max_per_class, replace=False)]
        kept += rows
    return tuple(image_set.items[row] for row in sorted(kept))


def frame_set(
    image_set: ImageSet,
    items: Sequence[Item],
    classes: tuple[str, ...],
    *,
    side_px: int = DEFAULT_SIDE_PX,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> FramedSet:
    """Read images and bring them to the frame.

    Args:
        image_set: the set that they are of.
        items: its images, all of one of `classes`.
        classes: class names, in the order that codes count.
        side_px: side of the frame.
        workers: decoding threads; None takes one a core.
        settings: limits of reading.
        progress: told about every image.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    pixels = np.empty((len(items), side_px, side_px), dtype=np.uint8)
    for row, picture in enumerate(stream_pixels(items, workers=workers, settings=settings)):
        framed = resize_pixels(picture, width=side_px, height=side_px)[..., 0]
        pixels[row] = np.rint(np.clip(framed, 0, 255))
        progress.advance()
    codes = np.array([classes.index(item.label or "") for item in items], dtype=np.intp)
    keys = [f"patient {item.patient}" if item.patient else f"picture {item.pixel_digest}" for item in items]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    groups = np.array([numbers[key] for key in keys], dtype=np.intp)
    return FramedSet(image_set.name, image_set.role, pixels, codes, groups, classes, tuple(items))


def stream_pixels(items: Sequence[Item], *, workers: int | None, settings: Settings) -> Iterator[Pixels]:
    """Yield the grey pixels of items in order, decoded a little ahead.

    Raises:
        ImageSetError: if a file changed since it was scanned.
    """

    def load(item: Item) -> Pixels:
        return load_pixels(item, num_channels=1, settings=settings)

    workers = default_workers() if workers is None else workers
    if workers < 1:
        yield from map(load, items)
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        coming = iter(items)
        ahead: deque[Future[Pixels]] = deque()
        try:
            for _ in items:
                ahead.extend(pool.submit(load, later) for later in islice(coming, 4 * workers - len(ahead)))
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
