"""Grids of images as PNG: what a run draws at each checkpoint, beside real images of the same classes."""

from __future__ import annotations

import math
from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.generators.training_images import TrainingImages
from core.output_folder import cannot_write

__all__ = ["choose_grid_labels", "pick_real", "to_pixels", "write_grid"]

_GAP_PX = 2
_GAP_GREY = 96


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Turn (n, channels, size, size) in [-1, 1] into (n, size, size) or (n, size, size, 3) uint8."""
    scaled = ((images.detach().float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    # (n, channels, h, w) -> (n, h, w, channels), grey without its axis
    pixels: NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).contiguous().numpy()
    return pixels[..., 0] if pixels.shape[3] == 1 else pixels


def choose_grid_labels(n_classes: int, *, size_px: int) -> Tensor:
    """Classes of a grid's images, those of one class beside each other: 32 small images or 16 large ones."""
    n = 32 if size_px < 256 else 16
    return torch.arange(n) * n_classes // n


def pick_real(images: TrainingImages, labels: Tensor) -> NDArray[np.uint8]:
    """Pick real images of these classes, as many different ones as there are, for `write_grid`."""
    used = dict.fromkeys(range(images.n_classes), 0)
    picked = []
    for label in labels.tolist():
        rows = np.flatnonzero(images.labels == label)
        # Spread over the set: its first images may all be of one patient.
        picked.append(rows[used[label] * 7919 % len(rows)])
        used[label] += 1
    # (n, channels, h, w) -> (n, h, w, channels), grey without its axis
    pixels = np.moveaxis(np.asarray(images.pixels[np.array(picked)]), 1, 3)
    return pixels[..., 0] if pixels.shape[3] == 1 else pixels


def write_grid(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write images in rows of eight, or of four where they are few, as one PNG.

    Args:
        path: where; its folder is made.
        pixels: (n, h, w) or (n, h, w, 3).

    Raises:
        InputError: if it cannot be written.
    """
    n, height, width = pixels.shape[:3]
    columns = 8 if n > 16 else 4
    rows = math.ceil(n / columns)
    shape = (rows * (height + _GAP_PX) - _GAP_PX, columns * (width + _GAP_PX) - _GAP_PX, *pixels.shape[3:])
    sheet = np.full(shape, _GAP_GREY, dtype=np.uint8)
    for place, image in enumerate(pixels):
        top, left = (place // columns) * (height + _GAP_PX), (place % columns) * (width + _GAP_PX)
        sheet[top : top + height, left : left + width] = image
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sheet).save(draft, format="PNG")
        draft.replace(path)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
