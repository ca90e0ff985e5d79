"""The denoising network: diffusers' UNet, told the step and, where there are classes, the class or none."""

from __future__ import annotations

from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from diffusers import UNet2DModel
from torch import Tensor, nn

from core.generators.diffusion.unet_layout import UnetLayout

__all__ = ["Denoiser"]


class Denoiser(nn.Module):
    """Predicts the noise in a noisy image.

    Args:
        layout: of the UNet; its labels are the classes and, last, the one for no class.

    References:
        Ho et al. 2020, sec. 3.2: epsilon_theta(x_t, t); Ho and Salimans 2022, sec. 3.2: the null class.
    """

    def __init__(self, layout: UnetLayout) -> None:
        super().__init__()
        self.layout = layout
        build: Any = UNet2DModel  # has no annotations
        self.unet: Any = build(**layout.model_dump())

    @property
    def null_label(self) -> int | None:
        """Label of no class; None where the network is told no classes."""
        return None if self.layout.num_class_embeds is None else self.layout.num_class_embeds - 1

    def forward(self, noisy: Tensor, steps: Tensor, labels: Tensor) -> Tensor:
        """Predict noise.

        Args:
            noisy: (n, channels, side, side).
            steps: (n,) int64 steps that the noise is of.
            labels: (n,) int64 classes, or `null_label`; not looked at where the network is told none.

        Returns:
            (n, channels, side, side) float32.
        """
        told = None if self.null_label is None else labels
        predicted: Tensor = self.unet(noisy, steps, class_labels=told, return_dict=False)[0]
        return predicted.float()

    def predict_guided(self, noisy: Tensor, steps: Tensor, labels: Tensor, *, guidance: float) -> Tensor:
        """Predict noise, moved away from what no class would give.

        Args:
            noisy: (n, channels, side, side).
            steps: (n,) int64 steps that the noise is of.
            labels: (n,) int64 classes.
            guidance: 1 takes the class as it is, 0 takes none, more than 1 stresses it.

        Returns:
            (n, channels, side, side) float32.

        References:
            Ho and Salimans 2022, eq. 6, with their w = guidance - 1.
        """
        if self.null_label is None or guidance == 1:
            plain: Tensor = self(noisy, steps, labels)
            return plain
        nothing = torch.full_like(labels, self.null_label)
        both: Tensor = self(
            torch.cat([noisy, noisy]), torch.cat([steps, steps]), torch.cat([nothing, labels])
        )
        # (2 n, channels, side, side) -> two of (n, channels, side, side)
        without, with_class = both.chunk(2)
        guided: Tensor = without + guidance * (with_class - without)
        return guided
