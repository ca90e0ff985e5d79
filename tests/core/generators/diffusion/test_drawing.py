"""Noise and its removal: held against closed forms, and drawn image by image."""

from __future__ import annotations

import math
from itertools import pairwise

import core.torch_setup  # noqa: F401

# isort: split
import pytest
import torch
from torch import Tensor, nn

from core.errors import InputError
from core.generators.diffusion.drawing import Walk, choose_walk, draw_denoised
from core.generators.diffusion.noise_schedule import BETAS, NoiseSchedule, build_scheduler
from core.generators.diffusion.unet import Denoiser
from core.generators.diffusion.unet_layout import UnetLayout
from core.generators.sampling_settings import SamplingSettings
from tests.core.generators.diffusion.tiny import TINY_DDPM
from tests.core.generators.runs import CPU

SAMPLERS = ["ddpm", "ddim", "dpm-solver"]
MEAN, SD = 0.3, 0.1


class PerfectDenoiser(nn.Module):
    """Knows that images are normal about MEAN with SD, so that the best guess of the noise has a formula."""

    def __init__(self, options) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))
        self.kept = build_scheduler("ddpm", options, n_steps=10).alphas_cumprod

    def predict_guided(self, noisy: Tensor, steps: Tensor, labels: Tensor, *, guidance: float) -> Tensor:
        kept = self.kept[steps][:, None, None, None]
        # E[noise | noisy] of jointly normal variables.
        return (1 - kept).sqrt() * (noisy - kept.sqrt() * MEAN) / (kept * SD**2 + 1 - kept)


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    torch.manual_seed(0)
    return Denoiser(UnetLayout.from_options(TINY_DDPM, n_labels=3)).eval()


@pytest.mark.parametrize("schedule", BETAS)
def test_noise_grows_as_the_papers_say(schedule: str) -> None:
    options = TINY_DDPM.model_copy(update={"noise_schedule": schedule, "noise_steps": 1000})
    one, steps = torch.ones(1, 1, 1, 1), torch.tensor([0, 250, 999])
    found = NoiseSchedule(options, device=CPU).add_noise(one.expand(3, 1, 1, 1), 0 * one, steps).flatten()
    _, first, last = BETAS[schedule]
    for value, step in zip(found.tolist(), steps.tolist(), strict=True):
        if schedule == "cosine":
            # Nichol and Dhariwal 2021, eq. 17; at the last step betas are held below 0.999.
            angle = [((t / 1000) + 0.008) / 1.008 * math.pi / 2 for t in (step + 1, 0)]
            expected = (math.cos(angle[0]) / math.cos(angle[1])) if step < 999 else 0.0
        else:
            power = 2 if schedule == "scaled-linear" else 1
            ends = first ** (1 / power), last ** (1 / power)
            betas = [(ends[0] + (ends[1] - ends[0]) * t / 999) ** power for t in range(step + 1)]
            expected = math.sqrt(math.prod(1 - beta for beta in betas))
        assert value == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_noisy_images_keep_unit_variance() -> None:
    schedule = NoiseSchedule(TINY_DDPM, device=CPU)
    clean, noise = torch.randn(2, 100, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    noisy = schedule.add_noise(clean, noise, torch.arange(100))
    assert noisy.var(dim=(1, 2, 3)).sub(1).abs().max() < 0.2
    assert torch.allclose(noisy[-1], noise[-1], atol=0.1)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("schedule", BETAS)
def test_every_sampler_draws_the_distribution_that_a_perfect_denoiser_knows(
    sampler: str, schedule: str
) -> None:
    options = TINY_DDPM.model_copy(update={"noise_schedule": schedule, "noise_steps": 1000, "size_px": 32})
    walk = Walk(sampler, {"ddpm": 200, "ddim": 100, "dpm-solver": 20}[sampler], 1.0)
    drawn = draw_denoised(
        PerfectDenoiser(options), options, seeds=range(8), labels=torch.zeros(8, dtype=torch.int64),
        walk=walk, bound=1.0,
    )  # fmt: skip
    assert drawn.shape == (8, 1, 32, 32)
    assert float(drawn.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(drawn.std()) == pytest.approx(SD, rel=0.15)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_steps_lead_from_the_noisiest_to_the_image_without_a_repeat(sampler: str) -> None:
    for n in (1, 2, 20, 500, 1000):
        options = TINY_DDPM.model_copy(update={"noise_schedule": "linear", "noise_steps": 1000})
        steps = build_scheduler(sampler, options, n_steps=n).timesteps.tolist()
        assert len(steps) == n and steps[0] == 999
        assert n == 1 or steps[-1] == 0
        assert all(left > right for left, right in pairwise(steps))


def test_ddim_takes_the_papers_step() -> None:
    """Song et al. 2021, eq. 12 with sigma = 0, written out."""
    options = TINY_DDPM.model_copy(update={"noise_schedule": "linear"})
    scheduler = build_scheduler("ddim", options, n_steps=5)
    current, noise = torch.randn(2, 4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    step, after = scheduler.timesteps[:2].tolist()
    kept, then = scheduler.alphas_cumprod[step], scheduler.alphas_cumprod[after]
    estimate = (current - (1 - kept).sqrt() * noise) / kept.sqrt()
    expected = then.sqrt() * estimate + (1 - then).sqrt() * noise
    found = scheduler.step(noise, scheduler.timesteps[0], current, return_dict=False)[0]
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("sampler", "guidance"), [("ddpm", 1.0), ("ddim", 2.5), ("dpm-solver", 2.5)])
def test_an_image_depends_on_its_seed_and_class_alone(
    denoiser: Denoiser, sampler: str, guidance: float
) -> None:
    def draw(rows: list[int]) -> Tensor:
        return draw_denoised(
            denoiser, TINY_DDPM, seeds=rows, labels=torch.tensor(rows) % 2,
            walk=Walk(sampler, 6, guidance), bound=1.0,
        )  # fmt: skip

    together = draw(list(range(11)))
    assert together.abs().max() <= 1
    assert len({one.numpy().tobytes() for one in together}) == 11
    assert torch.equal(together[4:], draw(list(range(4, 11))))
    assert torch.equal(together[[9]], draw([9]))


def test_guidance_moves_away_from_no_class(denoiser: Denoiser) -> None:
    generator = torch.Generator().manual_seed(1)
    noisy, steps = torch.randn(4, 1, 8, 8, generator=generator), torch.tensor([0, 30, 60, 99])
    labels = torch.tensor([0, 1, 0, 1])
    assert denoiser.null_label == 2
    with torch.no_grad():
        with_class, without = denoiser(noisy, steps, labels), denoiser(noisy, steps, labels * 0 + 2)
        assert (with_class - without).abs().max() > 1e-3
        for guidance in (0.0, 1.0, 3.0):
            found = denoiser.predict_guided(noisy, steps, labels, guidance=guidance)
            # Ho and Salimans 2022, eq. 6: (1 + w) with - w without, where w = guidance - 1.
            expected = guidance * with_class + (1 - guidance) * without
            assert torch.allclose(found, expected, atol=1e-5)


def test_what_is_not_asked_for_is_the_runs_own() -> None:
    options = TINY_DDPM.model_copy(update={"guidance": 1.5})
    assert choose_walk(options, SamplingSettings()) == Walk("dpm-solver", 8, 1.5)
    asked = SamplingSettings(sampler="ddim", steps=20, guidance=4)
    assert choose_walk(options, asked) == Walk("ddim", 20, 4.0)
    with pytest.raises(InputError, match="100 noise steps, so it cannot draw in 101"):
        choose_walk(options, SamplingSettings(steps=101))
    with pytest.raises(InputError, match="--guidance 1"):
        choose_walk(TINY_DDPM.model_copy(update={"class_dropout": 0.0}), SamplingSettings(guidance=2))
