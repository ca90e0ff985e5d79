"""Augmentations of colour as one affine map of channels.

References:
    Karras et al. 2020 (limited data), app. B: colour transformations.
"""

from __future__ import annotations

from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor

__all__ = ["ColourChange", "change_colours", "colour_maps"]


@dataclass(frozen=True, slots=True)
class ColourChange:
    """What happens to each of n images, in this order.

    Attributes:
        brightness: (n,) added; images lie in [-1, 1].
        contrast: (n,) factors around mid-grey.
        luma_flip: (n,) bool, light and dark exchanged while the hue stays; colour images alone.
        hue: (n,) radians that colours turn around the grey axis; colour images alone.
        saturation: (n,) factors of the distance from the grey axis; colour images alone.
    """

    brightness: Tensor
    contrast: Tensor
    luma_flip: Tensor
    hue: Tensor
    saturation: Tensor


def colour_maps(change: ColourChange, *, channels: int) -> tuple[Tensor, Tensor]:
    """Gather a change into matrices and what is added after them.

    Args:
        change: of n images.
        channels: 1 or 3; one takes brightness and contrast alone.

    Returns:
        (n, channels, channels) and (n, channels).
    """
    contrast = change.contrast[:, None, None]
    if channels == 1:
        return contrast, (change.contrast * change.brightness)[:, None]
    eye = torch.eye(3)
    grey = torch.full((3, 3), 1 / 3)  # projection onto the grey axis v: v v^T
    # Householder's mirror through the plane at right angles to v.
    mirror = eye - 2 * change.luma_flip.float()[:, None, None] * grey
    # Rodrigues' rotation around v.
    cross = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / 3**0.5
    cosine, sine = change.hue.cos()[:, None, None], change.hue.sin()[:, None, None]
    turn = cosine * eye + sine * cross + (1 - cosine) * grey
    saturate = grey + change.saturation[:, None, None] * (eye - grey)
    matrix = saturate @ turn @ mirror * contrast
    return matrix, matrix.sum(dim=2) * change.brightness[:, None]


def change_colours(images: Tensor, matrices: Tensor, added: Tensor) -> Tensor:
    """Apply maps of `colour_maps`: (n, c, h, w) -> (n, c, h, w)."""
    return torch.einsum("nij,njhw->nihw", matrices, images) + added[:, :, None, None]
