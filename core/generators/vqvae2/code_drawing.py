"""Draws codes from the priors and images from codes, each image from its own seed."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor

from core.generators.random_streams import make_generator
from core.generators.vqvae2.autoencoder import Vqvae2Autoencoder
from core.generators.vqvae2.causal import PlaceByPlace
from core.generators.vqvae2.pixelsnail import PixelSnail

__all__ = ["draw_codes", "draw_images", "draw_uniforms", "sharpen"]


def sharpen(prior: PixelSnail) -> PixelSnail:
    """Copy a prior for drawing, in 64 bits where the device has them.

    A code that lies within rounding of the next one's would be drawn differently in a batch of another size,
    and so would all codes after it. In 32 bits that befalls one code in a million, that is one image in
    hundreds; in 64 bits none.
    """
    drawing = copy.deepcopy(prior).eval().requires_grad_(False)
    return drawing.float() if next(prior.parameters()).device.type == "mps" else drawing.double()


def draw_uniforms(seeds: Sequence[int], *, n_top: int, n_bottom: int) -> tuple[Tensor, Tensor]:
    """Draw the numbers that decide codes, each image's from its own seed.

    Returns:
        (n, n_top) and (n, n_bottom) float64 in [0, 1), on the CPU.
    """
    drawn = torch.stack(
        [torch.rand(n_top + n_bottom, generator=make_generator(seed), dtype=torch.float64) for seed in seeds]
    )
    return drawn[:, :n_top], drawn[:, n_top:]


@torch.no_grad()
def draw_codes(
    prior: PixelSnail,
    *,
    uniforms: Tensor,
    side: int,
    labels: Tensor,
    above: Tensor | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """Draw maps of codes, place by place.

    Args:
        prior: from `sharpen`.
        uniforms: (n, side * side) in [0, 1), one a place in reading order: the cumulative probability that
            the place's code reaches.
        side: rows and columns of the map.
        labels: (n,) int64 classes.
        above: (n, side / 2, side / 2) int64 codes of the level above, or None without.
        temperature: logits are divided by it; below 1 likelier codes come more often.

    Returns:
        (n, side, side) int64.
    """
    like = prior.logits.bias
    n, device = len(uniforms), like.device
    uniforms = uniforms.to(device=device, dtype=like.dtype)
    view = PlaceByPlace(side, side)
    places = prior.name_places(side, side)
    condition = prior.condition_on(labels.to(device), above)
    codes = torch.zeros(n, side, side, dtype=torch.int64, device=device)
    unknown = torch.zeros(n, prior.layout.width, 1, 1, dtype=like.dtype, device=device)
    before = unknown
    for place in range(side * side):
        row, column = divmod(place, side)
        view.move_to(row, column)
        logits = prior.compute_logits(view, unknown, before, places=places, condition=condition)
        heights = torch.softmax(logits.flatten(1) / temperature, dim=1).cumsum(dim=1)
        level = uniforms[:, place, None] * heights[:, -1:]
        code = (heights <= level).sum(dim=1).clamp(max=prior.layout.n_codes - 1)
        codes[:, row, column] = code
        before = prior.embed(code[:, None, None])
        view.remember(prior.enter, before)
    return codes


def draw_images(
    autoencoder: Vqvae2Autoencoder,
    top: PixelSnail,
    bottom: PixelSnail,
    *,
    seeds: Sequence[int],
    labels: Tensor,
    temperature: float = 1.0,
) -> Tensor:
    """Draw images: top codes, bottom codes given these, and the image that both decode to.

    Args:
        autoencoder: trained.
        top: prior of the top level, from `sharpen`.
        bottom: prior of the bottom level, from `sharpen`.
        seeds: one an image.
        labels: (n,) int64 classes; anything without.
        temperature: see `draw_codes`.

    Returns:
        (n, channels, size, size) float32 in [-1, 1].
    """
    layout = autoencoder.encoder.layout
    top_side, bottom_side = (
        layout.size_px // layout.top_downsampling,
        layout.size_px // layout.bottom_downsampling,
    )
    for_top, for_bottom = draw_uniforms(seeds, n_top=top_side**2, n_bottom=bottom_side**2)
    above = draw_codes(top, uniforms=for_top, side=top_side, labels=labels, temperature=temperature)
    below = draw_codes(
        bottom, uniforms=for_bottom, side=bottom_side, labels=labels, above=above, temperature=temperature
    )
    return autoencoder.decode(above, below)
