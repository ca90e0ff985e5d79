"""Losses and penalties against closed forms."""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch

from core.generators.stylegan2.losses import (
    compute_discriminator_loss,
    compute_generator_loss,
    compute_path_lengths,
    compute_slope,
    lazy_adam,
    path_gain,
)


def test_losses_are_the_logarithms_of_the_paper() -> None:
    real, fake = torch.tensor([0.3, -1.2]), torch.tensor([2.0, -0.5])
    told = -(real.sigmoid().log() + (1 - fake.sigmoid()).log()).mean()
    assert compute_discriminator_loss(real=real, fake=fake).item() == pytest.approx(told.item(), rel=1e-5)
    assert compute_generator_loss(fake).item() == pytest.approx(-fake.sigmoid().log().mean().item(), rel=1e-5)
    assert compute_generator_loss(fake + 1) < compute_generator_loss(fake)


def test_slope_of_a_quadratic_discriminator_is_known_and_can_be_trained() -> None:
    """D(x) = a |x|^2 / 2 has the gradient a x: the slope is a^2 |x|^2, and its derivative 2 a |x|^2."""
    x = torch.randn(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    a = torch.tensor(1.7, requires_grad=True)
    slope = compute_slope(a * x.square().sum(dim=(1, 2, 3)) / 2, x)
    norm = x.detach().square().sum(dim=(1, 2, 3)).mean().item()
    assert slope.item() == pytest.approx(1.7**2 * norm, rel=1e-5)
    (gradient,) = torch.autograd.grad(slope, a)
    assert gradient.item() == pytest.approx(2 * 1.7 * norm, rel=1e-5)


def test_path_lengths_of_a_linear_generator_are_known() -> None:
    """g(w) = sum over layers l of A_l w_l has J^T y = (A_1^T y, A_2^T y)."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 16, 5, generator=generator, requires_grad=True)
    latents = torch.randn(3, 2, 5, generator=generator).requires_grad_()
    noise = torch.randn(3, 1, 4, 4, generator=generator)
    images = torch.einsum("lpd,nld->np", maps, latents).view(3, 1, 4, 4)
    lengths = compute_path_lengths(images, latents, noise)
    back = torch.einsum("lpd,np->nld", maps, noise.flatten(1)) / 4
    assert lengths.tolist() == pytest.approx(back.square().sum(dim=(1, 2)).sqrt().tolist(), rel=1e-5)
    (gradient,) = torch.autograd.grad(lengths.sum(), maps)
    assert gradient.abs().sum() > 0


def test_weight_of_path_lengths_is_that_of_the_paper() -> None:
    # Appendix B: ln 2 / (r^2 (ln r - ln 2)); r^2 is in the lengths. 1024 pixels have 18 layers: 2 / 18.
    assert path_gain(1024) == pytest.approx(2 / 18)
    assert path_gain(32) == pytest.approx(math.log(2) / (math.log(32) - math.log(2)))


def test_adam_makes_room_for_steps_in_between() -> None:
    one = torch.nn.Parameter(torch.zeros(()))
    group = lazy_adam([one], rate=2e-3, interval=16).param_groups[0]
    assert group["lr"] == pytest.approx(2e-3 * 16 / 17)
    assert group["betas"] == (0.0, pytest.approx(0.99 ** (16 / 17)))
    assert lazy_adam([one], rate=2e-3, interval=0).param_groups[0]["lr"] == 2e-3
