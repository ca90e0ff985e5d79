"""How noise grows over steps, and diffusers' schedulers that take it away again."""

from __future__ import annotations

import warnings
from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

from core.generators.diffusion.options import DiffusionOptions

__all__ = ["BETAS", "NoiseSchedule", "build_scheduler"]

# They have no annotations.
_DDPM: Any = DDPMScheduler
_DPM_SOLVER: Any = DPMSolverMultistepScheduler

# Name, first and last beta at diffusers. Ho et al. 2020, sec. 4: linear from 1e-4 to 0.02. Nichol and
# Dhariwal 2021, eq. 17: cosine, which has no such ends. Rombach et al. 2022: the square of a line, whose ends
# are those of their code.
BETAS: Final = {
    "linear": ("linear", 1e-4, 0.02),
    "cosine": ("squaredcos_cap_v2", 1e-4, 0.02),
    "scaled-linear": ("scaled_linear", 0.0015, 0.0195),
}

# Half the logarithm of the ratio of signal to noise: below, less than 0.6 % of the noise is signal.
_LEAST_LOG_SNR: Final = -5.1


class NoiseSchedule:
    """Adds noise of any step to images in one go.

    Args:
        options: the schedule and its steps.
        device: where images are.
    """

    def __init__(self, options: DiffusionOptions, *, device: torch.device) -> None:
        # (steps,) the product of 1 - beta up to each step
        kept: Tensor = _DDPM(**_list_settings(options)).alphas_cumprod.to(device)
        self.n_steps = options.noise_steps
        self._signal, self._noise = kept.sqrt(), (1 - kept).sqrt()

    def add_noise(self, clean: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Mix images with noise: (n, channels, side, side) of each, and (n,) steps.

        References:
            Ho et al. 2020, eq. 4: q(x_t | x_0).
        """
        signal, added = (one[steps][:, None, None, None] for one in (self._signal, self._noise))
        noisy: Tensor = signal * clean + added * noise
        return noisy


def build_scheduler(name: str, options: DiffusionOptions, *, n_steps: int) -> Any:
    """Build what walks from noise to an image.

    Args:
        name: `ddpm`, `ddim` or `dpm-solver`.
        options: the schedule that was trained on.
        n_steps: steps to walk in, from the noisiest to the image.

    Returns:
        A scheduler of diffusers, its steps set.

    References:
        Ho et al. 2020, algorithm 2, with the posterior's variance (sec. 3.2); Lu et al. 2022 (DPM-Solver++),
        algorithm 2, whose first order is DDIM (Song et al. 2021, eq. 12 with eta = 0).
    """
    settings = _list_settings(options)
    scheduler: Any  # the two have no base with a step
    if name == "ddpm":
        scheduler = _DDPM(**settings, clip_sample=False, variance_type="fixed_small")
        last = options.noise_steps - 1
    else:
        scheduler = _DPM_SOLVER(
            **settings,
            algorithm_type="dpmsolver++",
            solver_order=1 if name == "ddim" else 2,
        )
        # Where next to nothing is left of the image (cosine), a solver's step would have no limit.
        last = int((scheduler.lambda_t > _LEAST_LOG_SNR).sum()) - 1
    with warnings.catch_warnings():
        # DPM-Solver copies a tensor by a way that NumPy 2 no longer likes; the copy is right.
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        scheduler.set_timesteps(timesteps=_space_steps(n_steps, last=last))
    return scheduler


def _space_steps(n_steps: int, *, last: int) -> list[int]:
    """Steps from `last` down to 0, denser towards the image, where noise is as fine as its texture.

    Evenly spaced, the last of few steps would begin in noise coarser than texture and smooth it away.

    References:
        Song et al. 2021, appendix D.2 (quadratic).
    """
    if n_steps == 1:
        return [last]
    n_steps = min(n_steps, last + 1)
    # No step twice: near the image they are one apart at least.
    rising = [max(round(last * (place / (n_steps - 1)) ** 2), place) for place in range(n_steps)]
    return rising[::-1]


def _list_settings(options: DiffusionOptions) -> dict[str, Any]:
    name, first, last = BETAS[options.noise_schedule]
    return {
        "num_train_timesteps": options.noise_steps,
        "beta_schedule": name,
        "beta_start": first,
        "beta_end": last,
        "prediction_type": "epsilon",
    }
