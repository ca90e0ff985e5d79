"""From noise to images, step by step; each image's random numbers come from its own seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor

from core.errors import InputError
from core.generators.diffusion.noise_schedule import build_scheduler
from core.generators.diffusion.options import DiffusionOptions
from core.generators.diffusion.unet import Denoiser
from core.generators.random_streams import make_generator
from core.generators.sampling_settings import SamplingSettings

__all__ = ["Walk", "choose_walk", "draw_denoised"]

# Rounding depends on how many images a network computes at once, so that number is always the same.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Walk:
    """How to get from noise to an image.

    Attributes:
        sampler: `ddpm`, `ddim` or `dpm-solver`.
        steps: steps of it.
        guidance: how strongly the class steers; 1 is unguided.
    """

    sampler: str
    steps: int
    guidance: float


def choose_walk(options: DiffusionOptions, settings: SamplingSettings) -> Walk:
    """Take what was asked for, and the run's own defaults for the rest.

    Raises:
        InputError: if more steps are asked for than were trained, or guidance of a run without.
    """
    # Another sampler than the run's own takes the run's steps as well, unless they are named.
    steps = options.steps if settings.steps is None else settings.steps
    if steps > options.noise_steps:
        raise InputError(
            f"This run was trained on {options.noise_steps} noise steps, so it cannot draw in {steps}; "
            "choose fewer --steps."
        )
    guidance = options.guidance if settings.guidance is None else settings.guidance
    if options.is_conditional and guidance != 1 and not options.class_dropout:
        raise InputError(
            "This run was trained without images of no class (class_dropout=0), which guidance compares "
            "with; draw with --guidance 1."
        )
    return Walk(settings.sampler or options.sampler, steps, guidance)


@torch.no_grad()
def draw_denoised(
    denoiser: Denoiser,
    options: DiffusionOptions,
    *,
    seeds: Sequence[int],
    labels: Tensor,
    walk: Walk,
    bound: float,
) -> Tensor:
    """Draw what the network was trained to denoise: images, or latents.

    Args:
        denoiser: in evaluation mode.
        options: that it was trained by.
        seeds: one an image: of its first noise, and of the noise that DDPM adds at each step.
        labels: (n,) int64 classes.
        walk: how to draw.
        bound: largest magnitude of what is drawn; estimates on the way are clipped to it.

    Returns:
        (n, channels, side, side) float32; image i depends on seeds[i] and labels[i] alone.
    """
    device = next(denoiser.parameters()).device
    drawn = []
    for start in range(0, len(seeds), _AT_ONCE):
        chunk = list(seeds[start : start + _AT_ONCE])
        told = labels[start : start + _AT_ONCE].to(device)
        n = len(chunk)
        # The last few are drawn beside repeats, which are dropped.
        chunk += chunk[-1:] * (_AT_ONCE - n)
        told = torch.cat([told, told[-1:].expand(_AT_ONCE - n)])
        drawn.append(_walk(denoiser, options, chunk, told, walk, bound, device)[:n])
    return torch.cat(drawn)


def _walk(
    denoiser: Denoiser,
    options: DiffusionOptions,
    seeds: Sequence[int],
    labels: Tensor,
    walk: Walk,
    bound: float,
    device: torch.device,
) -> Tensor:
    generators = [make_generator(seed) for seed in seeds]
    shape = (options.grid_channels, options.grid_side, options.grid_side)
    current = torch.stack([torch.randn(*shape, generator=one) for one in generators]).to(device)
    # A scheduler remembers its last steps, so each walk has its own.
    scheduler = build_scheduler(walk.sampler, options, n_steps=walk.steps)
    # DDPM draws from one generator an image, on the CPU; the others draw nothing.
    draws = {"generator": generators} if walk.sampler == "ddpm" else {}
    for step in scheduler.timesteps:
        noise = denoiser.predict_guided(
            current, step.to(device).expand(len(seeds)), labels, guidance=walk.guidance
        )
        noise = _clip_estimate(noise, current, scheduler.alphas_cumprod[step], bound)
        current = scheduler.step(noise, step, current, return_dict=False, **draws)[0]
    return current.clamp(-bound, bound)


def _clip_estimate(noise: Tensor, current: Tensor, kept: Tensor, bound: float) -> Tensor:
    """The noise that would lead to the image that `noise` leads to, had that been clipped.

    An error in the noise grows by the ratio of noise to signal, without limit at the first steps; clipped in
    one place, all samplers are held alike.

    Args:
        noise: (n, channels, side, side) predicted.
        current: the noisy images.
        kept: share of the signal's variance at this step.
        bound: largest magnitude of an image.

    References:
        Ho et al. 2020, eq. 15, for the estimate; their code clips it likewise.
    """
    signal, spread = kept.sqrt(), (1 - kept).sqrt()
    estimate = ((current - spread * noise) / signal).clamp(-bound, bound)
    return (current - signal * estimate) / spread
