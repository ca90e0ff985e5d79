"""What StyleGAN2's networks minimise: the non-saturating loss, R1, and path-length regularisation.

References:
    Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, sec. 3 (non-saturating loss).
    Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018, eq. 9 (R1).
    Karras et al. 2020, sec. 3.1 (lazy regularisation), eq. 4 and app. B (path lengths).
"""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "compute_discriminator_loss",
    "compute_generator_loss",
    "compute_path_lengths",
    "compute_slope",
    "lazy_adam",
    "path_gain",
]

_BETAS = (0.0, 0.99)  # Karras et al. 2018, app. A.1
_EPSILON = 1e-8


def compute_generator_loss(fake: Tensor) -> Tensor:
    """Mean of -log sigmoid(D(G(z))): (n,) logits -> (); lower fools the discriminator more."""
    return F.softplus(-fake).mean()


def compute_discriminator_loss(*, real: Tensor, fake: Tensor) -> Tensor:
    """Mean of -log sigmoid(D(x)) - log(1 - sigmoid(D(G(z)))): (n,) logits each -> (); lower tells better."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def compute_slope(logits: Tensor, images: Tensor) -> Tensor:
    """Mean squared norm of the discriminator's gradient at real images, |grad D(x)|^2 of R1.

    Args:
        logits: (n,), computed from `images`.
        images: (n, c, h, w) that require gradients.

    Returns:
        (), differentiable in the discriminator's weights.
    """
    # Summing logits keeps each image's gradient its own.
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def compute_path_lengths(images: Tensor, latents: Tensor, noise: Tensor) -> Tensor:
    """Length of J^T y, how far an image moves when its latent does (eq. 4), y being noise over the side.

    Args:
        images: (n, c, h, w), computed from `latents`.
        latents: (n, layers, d) that require gradients.
        noise: (n, c, h, w) standard normal.

    Returns:
        (n,) lengths, differentiable in the generator's weights.
    """
    side = math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * noise).sum() / side, latents, create_graph=True)
    return (gradient.square().sum(dim=(1, 2)) + _EPSILON).sqrt()


def path_gain(side: int) -> float:
    """Weight of the penalty on path lengths: ln 2 / (ln r - ln 2) at side r (app. B).

    The paper's has r^2 below as well, which `compute_path_lengths` divides lengths by.
    """
    return math.log(2) / (math.log(side) - math.log(2))


def lazy_adam(parameters: list[torch.nn.Parameter], *, rate: float, interval: int) -> torch.optim.Adam:
    """Adam for a network that takes one step more every `interval` steps, for its regularisation.

    With c = k / (k + 1), rate c * rate and betas beta^c, weights move as far in k + 1 steps as in k before
    (Karras et al. 2020, app. B).

    Args:
        parameters: what it trains.
        rate: learning rate without such steps.
        interval: k; 0 where there are none.
    """
    share = interval / (interval + 1) if interval else 1.0
    betas = (_BETAS[0] ** share, _BETAS[1] ** share)
    return torch.optim.Adam(parameters, lr=rate * share, betas=betas, eps=_EPSILON)
