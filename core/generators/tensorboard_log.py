"""Losses and grids for TensorBoard, where that package is installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
from numpy.typing import NDArray

from core.errors import InputError

__all__ = ["TensorBoardLog", "check_tensorboard"]


def check_tensorboard() -> None:
    """Make sure before training that logs can be written.

    Raises:
        InputError: if the package is not installed.
    """
    _import_writer()


class TensorBoardLog:
    """Writes one phase's logs, over the images seen.

    Args:
        folder: where logs go; each phase has a folder of its own below it.
        phase: what is trained.
        images: images seen before; what an earlier run of the command logged after them is hidden.
    """

    def __init__(self, folder: Path, phase: str, *, images: int) -> None:
        self._writer = _import_writer()(str(folder / phase), purge_step=images)

    def add_losses(self, losses: Mapping[str, float], *, images: int) -> None:
        """Log losses by name."""
        for name, value in losses.items():
            self._writer.add_scalar(f"loss/{name}", value, images)

    def add_images(self, pixels: NDArray[np.uint8], *, images: int) -> None:
        """Log (n, h, w) or (n, h, w, 3) images."""
        shown = pixels if pixels.ndim == 4 else pixels[..., np.newaxis]
        self._writer.add_images("samples", shown, images, dataformats="NHWC")

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


def _import_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise InputError(
            "TensorBoard logs need the package tensorboard: run `pip install tensorboard`, or leave out "
            "--tensorboard; losses stand in history.jsonl either way."
        ) from None
    return SummaryWriter
