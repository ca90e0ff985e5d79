"""Sets of noise on the probe's frame, with signs planted where a test wants them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.bias.frame import FramedSet
from core.datasets.image_set import Item, Role
from core.images.decoded import ImageFacts

SIDE = 64
Pixels = NDArray[np.float64]


def plant(
    sign: Callable[[Pixels, NDArray[np.intp], np.random.Generator], None] | None = None,
    *,
    n: int = 80,
    n_classes: int = 2,
    images_each: int = 1,
    seed: int = 0,
    facts: Callable[[int], ImageFacts] | None = None,
) -> FramedSet:
    """Draw noise, let `sign` change pixels knowing the classes, and frame it."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) // images_each % n_classes
    pixels = rng.normal(110, 25, (n, SIDE, SIDE))
    if sign is not None:
        sign(pixels, codes, rng)
    classes = tuple("abcdef"[:n_classes])
    items = tuple(
        Item(
            id=f"{classes[code]}/{row}.png",
            path=Path(f"{row}.png"),
            digest=f"{row}",
            pixel_digest=f"{row}",
            label=classes[code],
            patient=None,
            facts=facts(int(code)) if facts else ImageFacts("PNG", "L", SIDE, SIDE, 1, 8),
        )
        for row, code in enumerate(codes)
    )
    framed = np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    return FramedSet(
        "planted", Role.REAL, framed, codes.astype(np.intp), np.arange(n) // images_each, classes, items
    )


def mark(pixels: Pixels, codes: NDArray[np.intp], rng: np.random.Generator) -> None:
    """A bright spot near the upper right corner of class b, not quite at one place."""
    for row in np.flatnonzero(codes == 1):
        top, left = rng.integers(4, 8), rng.integers(50, 54)
        pixels[row, top : top + 6, left : left + 5] = 240


def mark_other(pixels: Pixels, codes: NDArray[np.intp], rng: np.random.Generator) -> None:
    """The same spot in the other class."""
    mark(pixels, 1 - codes, rng)


def field(pixels: Pixels, codes: NDArray[np.intp], rng: np.random.Generator) -> None:
    """A faint brightening of the lower half of class b, as disease may do, unequally strong."""
    strength = rng.uniform(0, 14, len(codes)) * (codes == 1)
    pixels[:, 30:, :] += strength[:, np.newaxis, np.newaxis] + rng.normal(0, 4, (len(codes), 1, 1))
