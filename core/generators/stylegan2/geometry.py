"""Augmentations that move pixels: exact flips, turns and shifts, and warps between pixels.

References:
    Karras et al. 2020 (limited data), app. B: pixel blitting and general geometric transformations.
"""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor
from torch.nn import functional as F

from core.generators.stylegan2.resampling import blur, double

__all__ = ["move_pixels", "warp", "warp_matrices"]


def move_pixels(images: Tensor, *, flips: Tensor, turns: Tensor, shifts: Tensor) -> Tensor:
    """Flip left and right, then turn by quarters, then shift by whole pixels; no value is interpolated.

    What a shift uncovers is mirrored in.

    Args:
        images: (n, c, s, s).
        flips: (n,) bool.
        turns: (n,) int64 quarter turns counter-clockwise.
        shifts: (n, 2) int64 pixels down and right, each below s.

    Returns:
        (n, c, s, s).
    """
    n, channels, side, _ = images.shape
    places = torch.arange(side, device=images.device)
    # Where each pixel comes from, undoing the last change first.
    down = _mirror(places[None, :] - shifts[:, :1], side)[:, :, None].expand(n, side, side)
    right = _mirror(places[None, :] - shifts[:, 1:], side)[:, None, :].expand(n, side, side)
    # In steps of half a pixel from the centre, turns are swaps and signs.
    u, v = 2 * down - (side - 1), 2 * right - (side - 1)
    cosine = torch.tensor([1, 0, -1, 0], device=images.device)[turns % 4][:, None, None]
    sine = torch.tensor([0, 1, 0, -1], device=images.device)[turns % 4][:, None, None]
    u, v = cosine * u + sine * v, cosine * v - sine * u
    v = torch.where(flips[:, None, None], -v, v)
    index = (u + side - 1) // 2 * side + (v + side - 1) // 2
    # (n, s, s) -> (n, c, s*s)
    index = index.reshape(n, 1, side * side).expand(-1, channels, -1)
    return images.flatten(2).gather(2, index).view_as(images)


def warp_matrices(
    *, scale: Tensor, turn: Tensor, stretch: Tensor, turn_back: Tensor, shift: Tensor
) -> Tensor:
    """Where a warped pixel comes from, in coordinates that go from -1 to 1 over the image.

    The image is scaled, rotated, stretched, rotated again, and shifted, in this order.

    Args:
        scale: (n,) factors.
        turn: (n,) radians before the stretch.
        stretch: (n,) factors of the width; the height is divided by them.
        turn_back: (n,) radians after it.
        shift: (n, 2) right and down, in sides of the image.

    Returns:
        (n, 2, 3), for `warp`.
    """
    zeros, ones = torch.zeros_like(scale), torch.ones_like(scale)

    def matrix(*rows: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)

    def scaling(x: Tensor, y: Tensor) -> Tensor:
        return matrix((x, zeros, zeros), (zeros, y, zeros), (zeros, zeros, ones))

    def rotation(angle: Tensor) -> Tensor:
        c, s = angle.cos(), angle.sin()
        return matrix((c, -s, zeros), (s, c, zeros), (zeros, zeros, ones))

    # A side is 2 long. Inverses, so the first change stands first.
    back = matrix((ones, zeros, -2 * shift[:, 0]), (zeros, ones, -2 * shift[:, 1]), (zeros, zeros, ones))
    inverse = scaling(1 / scale, 1 / scale) @ rotation(-turn) @ scaling(1 / stretch, stretch)
    return (inverse @ rotation(-turn_back) @ back)[:, :2]


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """Warp images at twice their resolution, so that little is lost, with mirrored surroundings.

    Args:
        images: (n, c, s, s).
        matrices: (n, 2, 3), of `warp_matrices`.

    Returns:
        (n, c, s, s).
    """
    n, channels, side, _ = images.shape
    large = double(F.pad(images, (2, 2, 2, 2), mode="reflect"))[:, :, 4:-4, 4:-4]
    grid = F.affine_grid(matrices, [n, channels, 2 * side, 2 * side], align_corners=False)
    moved = F.grid_sample(large, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return blur(F.pad(moved, (1, 1, 1, 1), mode="reflect"), padding=0, stride=2)


def _mirror(places: Tensor, side: int) -> Tensor:
    """Bring places outside 0 .. side - 1 back as a mirror at the edge pixels does."""
    return (side - 1) - ((side - 1) - places.abs()).abs()
