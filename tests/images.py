"""Small images for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["write_images", "write_png"]


def write_png(path: Path, pixels: np.ndarray) -> Path:
    """Write pixels as PNG, making folders as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_images(
    folder: Path, n: int, *, seed: int = 0, size: int = 32, classes: tuple[str, ...] = ()
) -> Path:
    """Write n smooth random grey PNGs, spread over classes in turn."""
    rng = np.random.default_rng(seed)
    for index in range(n):
        coarse = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        pixels = np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))
        below = folder / classes[index % len(classes)] if classes else folder
        write_png(below / f"{index:04d}.png", pixels)
    return folder
