"""Training through the loop: resumed, in parts, by class; and drawing from what it leaves."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.errors import CancelledError, WeightsError
from core.generators.families import FAMILIES
from core.generators.random_streams import make_generator
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings
from core.generators.stylegan2.family import STYLEGAN2
from core.generators.stylegan2.options import StyleGAN2Options
from core.generators.stylegan2.phase import StyleGAN2Phase
from core.generators.stylegan2.sampler import StyleGAN2Sampler
from core.generators.training import train_generator
from core.generators.training_images import TrainingImages
from core.generators.update import Update
from core.progress import SilentProgress
from tests.core.generators.stylegan2.tiny import TINY, two_shades

CPU = torch.device("cpu")


class StopAfter(SilentProgress):
    """Cancels after so many updates."""

    def __init__(self, updates: int) -> None:
        self.left = updates

    def advance(self, amount: int = 1) -> None:
        self.left -= 1
        if self.left == 0:
            raise CancelledError


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Four updates without interruption."""
    run = RunFolder(tmp_path_factory.mktemp("whole"))
    train_generator(STYLEGAN2, TINY, images=two_shades(), run=run, device=CPU)
    return run


def state_of(run: RunFolder) -> dict[str, Tensor]:
    return load_file(run.phase_folder("gan") / "state.safetensors")


def test_a_resumed_run_reaches_the_same_weights(trained: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(CancelledError):
        train_generator(STYLEGAN2, TINY, images=two_shades(), run=run, device=CPU, progress=StopAfter(3))
    (state,) = train_generator(STYLEGAN2, TINY, images=two_shades(), run=run, device=CPU)
    assert state.is_complete
    whole, resumed = state_of(trained), state_of(run)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert any(name.startswith("module/generator_ema/") for name in whole)
    # Augmentation was on, and both penalties were due.
    assert 0 < float(state.extra["augment_p"]) < 1
    assert float(state.extra["mean_path"]) > 0
    assert float(state.extra["slope"]) > 0


def test_images_depend_on_seed_and_class_alone(trained: RunFolder) -> None:
    sampler = FAMILIES["stylegan2"].load_sampler(trained, device=CPU)
    assert sampler.classes == ("dark", "light")
    settings, labels = SamplingSettings(), torch.tensor([0, 1, 0, 1, 1])
    whole = sampler.sample(seeds=[5, 6, 7, 8, 9], labels=labels, settings=settings)
    assert whole.shape == (5, 1, 16, 16)
    assert whole.abs().max() <= 1
    assert whole.std(dim=0).mean() > 1e-3
    alone = sampler.sample(seeds=[8], labels=labels[3:4], settings=settings)
    assert torch.equal(alone[0], whole[3])
    other = sampler.sample(seeds=[8], labels=labels[:1], settings=settings)
    assert not torch.allclose(other, alone, atol=1e-3)


def test_no_truncation_left_draws_the_mean_of_the_class(trained: RunFolder) -> None:
    sampler = STYLEGAN2.load_sampler(trained, device=CPU)
    assert isinstance(sampler, StyleGAN2Sampler)
    network = sampler.modules()["generator_ema"]
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("strength"):  # noise varies images beside their latents
                parameter.zero_()

    def draw(truncation: float) -> Tensor:
        labels = torch.tensor([0, 0, 1, 1])
        return sampler.sample(
            seeds=[1, 2, 3, 4], labels=labels, settings=SamplingSettings(truncation=truncation)
        )

    mean, half, full = draw(0.0), draw(0.5), draw(1.0)
    assert torch.equal(mean[0], mean[1])
    assert torch.equal(mean[2], mean[3])
    assert not torch.allclose(mean[0], mean[2], atol=1e-4)
    spreads = [images[:2].std(dim=0).mean().item() for images in (mean, half, full)]
    assert spreads[0] == 0 < spreads[1] < spreads[2]


def test_a_run_without_weights_says_so(tmp_path: Path, trained: RunFolder) -> None:
    (tmp_path / "run.json").write_bytes((trained.path / "run.json").read_bytes())
    with pytest.raises(WeightsError, match="no trained gan"):
        STYLEGAN2.load_sampler(RunFolder(tmp_path), device=CPU)


def phase_of(options: StyleGAN2Options) -> StyleGAN2Phase:
    torch.manual_seed(0)
    return StyleGAN2Phase(options, n_classes=2, n_images=16, device=CPU)


def test_parts_of_a_batch_make_the_same_update() -> None:
    """But for the spread within the batch, which is left out here."""
    options = TINY.model_copy(update={"deviation_group": 1, "batch_size": 8})
    batch = two_shades(8).take(torch.arange(8).numpy(), device=CPU)
    weights = []
    for parts in (1, 2):
        phase = phase_of(options)
        phase.step(batch, generator=make_generator(3), accumulate=Update(parts, "fp32", CPU))
        weights.append(torch.cat([one.flatten() for one in phase.modules()["generator"].parameters()]))
    start = torch.cat([one.flatten() for one in phase_of(options).modules()["generator"].parameters()])
    assert (weights[0] - start).abs().mean() > 1e-4
    # Adam divides by the gradient's size: where that is as good as nothing, rounding decides the sign.
    assert (weights[0] - weights[1]).abs().mean() < 0.01 * (weights[0] - start).abs().mean()


def test_without_penalties_and_augmentation_they_are_not_reported() -> None:
    options = TINY.model_copy(update={"r1_weight": 0.0, "path_weight": 0.0, "augmentation": "off"})
    phase = phase_of(options)
    batch = two_shades(4).take(torch.arange(4).numpy(), device=CPU)
    losses = phase.step(batch, generator=make_generator(3), accumulate=Update(1, "fp32", CPU))
    assert list(losses) == ["generator", "discriminator", "real_sign"]
    assert phase.extra_state()["augment_p"] == 0


def test_one_batch_is_learnt_with_its_classes() -> None:
    """Of one batch of dark and light images, each class comes to draw its own shade."""
    options = TINY.model_copy(
        update={
            "size_px": 8,
            "batch_size": 8,
            "augmentation": "off",
            "path_weight": 0.0,
            "learning_rate": 0.02,
            "r1_interval": 8,
            "ema_halflife_images": 50,
        }
    )
    images: TrainingImages = two_shades(8, size_px=8)
    batch = images.take(torch.arange(8).numpy(), device=CPU)
    phase, labels = phase_of(options), torch.arange(8) % 2

    def draw_shades() -> Tensor:
        return phase.preview(noise_seed=0, labels=labels).mean(dim=(1, 2, 3))

    before = draw_shades()
    assert (before[labels == 0].mean() - before[labels == 1].mean()).abs() < 0.3
    for step in range(70):
        phase.step(batch, generator=make_generator(step), accumulate=Update(1, "fp32", CPU))
    real, shades = batch.images.mean(dim=(1, 2, 3)), draw_shades()
    assert shades[labels == 0].max() < -0.2
    assert shades[labels == 1].min() > 0.2
    for label in (0, 1):
        expected = real[labels == label].mean().item()
        assert shades[labels == label].mean().item() == pytest.approx(expected, abs=0.2)
