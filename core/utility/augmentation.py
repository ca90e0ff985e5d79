"""The standard augmentations of training images: flip, rotation, contrast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from torch.nn import functional

__all__ = ["Augmentation"]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training images are changed; every image of every step is changed anew.

    Attributes:
        flip: probability of a left-right flip.
        rotation_degrees: largest rotation in either direction; corners repeat the nearest edge.
        contrast: largest relative change of contrast about the image's own mean.
    """

    flip: float
    rotation_degrees: float
    contrast: float

    def apply(self, images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Change a batch.

        Args:
            images: (n, channels, side, side) between 0 and 1.
            rng: source of the draws, the same number for every batch of n.
        """
        n = len(images)
        mirrored = np.where(rng.random(n) < self.flip, -1.0, 1.0)
        angles = rng.uniform(-1, 1, n) * math.radians(self.rotation_degrees)
        gains = 1 + rng.uniform(-1, 1, n) * self.contrast
        rows = np.zeros((n, 2, 3), dtype=np.float32)
        rows[:, 0, 0], rows[:, 0, 1] = np.cos(angles) * mirrored, -np.sin(angles) * mirrored
        rows[:, 1, 0], rows[:, 1, 1] = np.sin(angles), np.cos(angles)
        grid = functional.affine_grid(
            torch.from_numpy(rows).to(images.device), list(images.shape), align_corners=False
        )
        turned = functional.grid_sample(
            images, grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        mean = turned.mean(dim=(1, 2, 3), keepdim=True)
        gain = torch.from_numpy(gains.astype(np.float32)).to(images.device).reshape(-1, 1, 1, 1)
        return ((turned - mean) * gain + mean).clamp(0, 1)
