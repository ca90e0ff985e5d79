"""Augmentation of everything that the discriminator sees, so that few images do not become known by heart.

Of the paper's transformations these are here: x-flips, turns by quarters, integer shifts; isotropic scaling,
rotation before and after anisotropic scaling, fractional shifts; brightness, contrast, and for colour luma
flip, hue and saturation. Its filtering of frequency bands, noise and cut-outs are not: they did not help more
(sec. 3, fig. 4). Every change is applied with probability p, generated images get the same treatment, and
gradients pass through.

References:
    Karras et al. 2020 (limited data), app. B for ranges and order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor

from core.generators.stylegan2.colour import ColourChange, change_colours, colour_maps
from core.generators.stylegan2.geometry import move_pixels, warp, warp_matrices
from core.generators.stylegan2.options import StyleGAN2Options

__all__ = ["Augmentation", "draw_augmentation"]

_SHIFT = 0.125  # of the side, either way; also the deviation of fractional shifts
_SCALE = 0.2 * math.log(2)  # deviations of logarithms
_CONTRAST = 0.5 * math.log(2)
_SATURATION = math.log(2)
_BRIGHTNESS = 0.2
_N_UNIFORM = 21
_N_NORMAL = 7


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What happens to each of n images; drawn on the CPU, so that nothing waits for a GPU.

    Attributes:
        flips: (n,) bool.
        turns: (n,) int64 quarters.
        shifts: (n, 2) int64 pixels down and right.
        matrices: (n, 2, 3), of `warp_matrices`.
        is_warped: (n,) bool; others are not resampled at all.
        colours: (n, c, c).
        added: (n, c).
        is_coloured: (n,) bool.
    """

    flips: Tensor
    turns: Tensor
    shifts: Tensor
    matrices: Tensor
    is_warped: Tensor
    colours: Tensor
    added: Tensor
    is_coloured: Tensor

    def apply(self, images: Tensor, *, rows: slice = slice(None)) -> Tensor:
        """Change (k, c, s, s) images as rows of the batch: the same shape, float32."""
        device = images.device

        def send(values: Tensor, places: Tensor) -> Tensor:
            return values[rows][places].to(device, non_blocking=True)

        with torch.autocast(device.type, enabled=False):
            images = images.float()
            moved = self.flips | (self.turns % 4 != 0) | (self.shifts != 0).any(dim=1)
            if len(at := moved[rows].nonzero()[:, 0]):
                changed = move_pixels(
                    images[at.to(device)],
                    flips=send(self.flips, at),
                    turns=send(self.turns, at),
                    shifts=send(self.shifts, at),
                )
                images = images.index_copy(0, at.to(device), changed)
            if len(at := self.is_warped[rows].nonzero()[:, 0]):
                changed = warp(images[at.to(device)], send(self.matrices, at))
                images = images.index_copy(0, at.to(device), changed)
            if len(at := self.is_coloured[rows].nonzero()[:, 0]):
                changed = change_colours(images[at.to(device)], send(self.colours, at), send(self.added, at))
                images = images.index_copy(0, at.to(device), changed)
        return images


def draw_augmentation(
    n: int, *, p: float, options: StyleGAN2Options, generator: torch.Generator
) -> Augmentation:
    """Draw what happens to n images; as many random numbers whatever p and options are.

    Args:
        n: images.
        p: probability of each change.
        options: which changes there are.
        generator: on the CPU.
    """
    uniform = iter(torch.rand(_N_UNIFORM, n, generator=generator))
    normal = iter(torch.randn(_N_NORMAL, n, generator=generator))

    def happens(wanted: bool, probability: float = p) -> Tensor:
        return torch.lt(next(uniform), probability if wanted else 0.0)

    side = options.size_px
    flips = happens(options.augment_flip) & (next(uniform) < 0.5)
    turns = happens(options.augment_turn).long() * (next(uniform) * 4).long()
    reach = (torch.stack([next(uniform), next(uniform)], dim=1) * 2 - 1) * _SHIFT * side
    shifts = happens(options.augment_shift)[:, None].long() * reach.round().long()

    is_scaled, is_stretched, is_slid = (happens(options.augment_warp) for _ in range(3))
    # Two rotations that happen with probability p together (app. B): p_rot = 1 - sqrt(1 - p).
    is_turned, is_turned_back = (happens(options.augment_warp, 1 - math.sqrt(1 - p)) for _ in range(2))
    angles = (torch.stack([next(uniform), next(uniform)]) * 2 - 1) * math.pi
    matrices = warp_matrices(
        scale=(next(normal) * _SCALE * is_scaled).exp(),
        turn=angles[0] * is_turned,
        stretch=(next(normal) * _SCALE * is_stretched).exp(),
        turn_back=angles[1] * is_turned_back,
        shift=torch.stack([next(normal), next(normal)], dim=1) * _SHIFT * is_slid[:, None],
    )

    has_hue = options.augment_colour and options.channels == 3
    is_brighter, is_contrasted = happens(options.augment_colour), happens(options.augment_colour)
    luma_flip = (happens(has_hue).float() * next(uniform)) > 0.5
    change = ColourChange(
        brightness=next(normal) * _BRIGHTNESS * is_brighter,
        contrast=(next(normal) * _CONTRAST * is_contrasted).exp(),
        luma_flip=luma_flip,
        hue=(next(uniform) * 2 - 1) * math.pi * (is_hue := happens(has_hue)),
        saturation=(next(normal) * _SATURATION * (is_saturated := happens(has_hue))).exp(),
    )
    colours, added = colour_maps(change, channels=options.channels)
    return Augmentation(
        flips=flips,
        turns=turns,
        shifts=shifts,
        matrices=matrices,
        is_warped=is_scaled | is_stretched | is_slid | is_turned | is_turned_back,
        colours=colours,
        added=added,
        is_coloured=is_brighter | is_contrasted | luma_flip | is_hue | is_saturated,
    )
