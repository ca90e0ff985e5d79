"""Tiny training images and runs that take a second."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import torch
from safetensors.torch import load_file

from core.errors import CancelledError
from core.generators.dcgan_options import DcganFamily, DcganOptions
from core.generators.run_folder import RunFolder
from core.generators.training_images import TrainingImages
from core.progress import SilentProgress

__all__ = ["CPU", "DCGAN", "TINY", "StopAfter", "make_images", "read_tensors"]

CPU = torch.device("cpu")
DCGAN = DcganFamily()
TINY = DcganOptions(
    size_px=32, latent=8, width=8, batch_size=8, n_images=64, is_conditional=True, ema_halflife_images=16
)


class StopAfter(SilentProgress):
    """Cancels at an update."""

    def __init__(self, n: int) -> None:
        self.left = n

    def advance(self, steps: int = 1) -> None:
        self.left -= 1
        if self.left < 0:
            raise CancelledError


def make_images(n: int = 24, *, size: int = 32, channels: int = 1, seed: int = 0) -> TrainingImages:
    """Squares on noise, half of them dark and half light."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pixels = rng.normal(60, 10, (n, channels, size, size)) + 130 * labels[:, None, None, None]
    return TrainingImages(
        np.clip(pixels, 0, 255).astype(np.uint8),
        labels.astype(np.int64),
        ("dark", "light"),
        f"digest-{n}-{seed}",
    )


def read_tensors(run: RunFolder, phase: str = "gan") -> dict[str, torch.Tensor]:
    """Every tensor of a phase's state, read without executing anything."""
    path: Path = run.phase_folder(phase) / "state.safetensors"
    return load_file(path)
