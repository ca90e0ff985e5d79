"""A running average of a network's weights, which draws better images than the network of any one step."""

from __future__ import annotations

import copy
from typing import TypeVar

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import nn

__all__ = ["copy_for_averaging", "update_average"]

_Network = TypeVar("_Network", bound=nn.Module)


def copy_for_averaging(network: _Network) -> _Network:
    """Copy a network that only averages and draws: in evaluation mode, without gradients."""
    average = copy.deepcopy(network).eval()
    return average.requires_grad_(False)


@torch.no_grad()
def update_average(
    average: nn.Module, network: nn.Module, *, batch_size: int, halflife_images: float, images_seen: float
) -> None:
    """Move the average towards the network's weights; buffers, such as batch statistics, are copied.

    Args:
        average: the average, changed in place.
        network: the network after its step.
        batch_size: images of the step.
        halflife_images: images after which a step's weights count half; 0 copies.
        images_seen: images before the step. Early, the half-life is a twentieth of them at most, so that the
            average does not hold on to the initial weights.

    References:
        Karras et al., Progressive Growing of GANs, ICLR 2018, sec. 4 (average of weights); the ramp follows
        Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020, appendix C.
    """
    halflife = min(halflife_images, images_seen / 20)
    keep = 0.5 ** (batch_size / halflife) if halflife > 0 else 0.0
    for target, source in zip(average.parameters(), network.parameters(), strict=True):
        target.lerp_(source.detach(), 1 - keep)
    for kept, current in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(current)
