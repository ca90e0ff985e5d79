"""DCGAN: its networks, what it learns, and its samples."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import pytest
import torch
from pydantic import ValidationError

from core.generators.dcgan import DcganDiscriminator, DcganGenerator
from core.generators.dcgan_options import PRESETS, DcganOptions
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.generators.training import train_generator
from tests.core.generators.runs import CPU, DCGAN, TINY, make_images


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained on one batch until it has learnt it."""
    run = RunFolder(tmp_path_factory.mktemp("dcgan"))
    options = TINY.model_copy(
        update={
            "n_images": 8 * 80,
            "generator_rate": 2e-3,
            "discriminator_rate": 1e-3,
            "snapshot_images": 640,
        }
    )
    train_generator(DCGAN, options, images=make_images(8), run=run, device=CPU)
    return run


@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize(("channels", "classes"), [(1, 1), (3, 4)])
def test_shapes_and_range(size: int, channels: int, classes: int) -> None:
    options = DcganOptions(size_px=size, channels=channels, width=8, latent=12)
    labels = torch.arange(2) % classes
    images = DcganGenerator(options, n_classes=classes)(torch.randn(2, 12), labels)
    assert images.shape == (2, channels, size, size)
    assert images.abs().max() <= 1
    assert DcganDiscriminator(options, n_classes=classes)(images, labels).shape == (2,)


def test_the_published_networks_have_the_papers_widths() -> None:
    with torch.device("meta"):
        generator = DcganGenerator(PRESETS["published"], n_classes=1)
        discriminator = DcganDiscriminator(PRESETS["published"], n_classes=1)
    shapes = [tuple(one.shape) for name, one in generator.named_parameters() if one.ndim == 4]
    # Radford et al. 2016, fig. 1: 1,024 channels at 4 pixels from 100 numbers; halved from there to 64.
    assert shapes == [
        (100, 1024, 4, 4), (1024, 1024, 4, 4), (1024, 512, 4, 4), (512, 256, 4, 4), (256, 128, 4, 4),
        (128, 64, 4, 4), (64, 1, 4, 4),
    ]  # fmt: skip
    assert [one.shape[0] for one in discriminator.parameters() if one.ndim == 4] == [
        64, 128, 256, 512, 1024, 1024, 1,
    ]  # fmt: skip


def test_presets_are_the_published_recipe_and_odd_sizes_are_refused() -> None:
    published = PRESETS["published"]
    assert (published.size_px, published.latent, published.width, published.batch_size) == (256, 100, 64, 32)
    assert (published.generator_rate, published.discriminator_rate) == (2e-4, 1e-4)
    assert (published.beta1, published.beta2, published.generator_steps, published.epochs) == (
        0.5,
        0.999,
        2,
        20,
    )
    assert published.count_images(1000) == 20_000
    assert DcganOptions(batch_size=32, epochs=1).count_images(33) == 64
    with pytest.raises(ValidationError, match="not 96"):
        DcganOptions(size_px=96)
    with pytest.raises(ValidationError, match="divisor"):
        DcganOptions(batch_size=32, accumulate=5)


def draw(run: RunFolder, label: int, *, batch_size: int, n: int = 12) -> torch.Tensor:
    sampler = load_sampler(run, device=CPU)
    batches = sample_batches(
        sampler,
        seeds=range(n),
        labels=[label] * n,
        settings=SamplingSettings(batch_size=batch_size),
        device=CPU,
    )
    return torch.cat([torch.from_numpy(batch) for batch in batches])


def test_one_batch_is_learnt_and_the_class_changes_the_image(trained: RunFolder) -> None:
    """Images are 60 or 190 bright by their class, and so must be what is drawn."""
    dark, light = (draw(trained, label, batch_size=12).float().mean(dim=(1, 2)) for label in (0, 1))
    assert float(dark.mean()) == pytest.approx(60, abs=30)
    assert float(light.mean()) == pytest.approx(190, abs=30)
    assert float(dark.max()) < float(light.min())


def test_an_image_depends_on_its_seed_alone(trained: RunFolder) -> None:
    at_once = draw(trained, 1, batch_size=12)
    assert torch.equal(at_once, draw(trained, 1, batch_size=5))
    assert torch.equal(at_once[:3], draw(trained, 1, batch_size=1, n=3))
    assert len({one.numpy().tobytes() for one in at_once}) == 12


def test_without_an_average_the_last_weights_draw(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    options = TINY.model_copy(update={"ema_halflife_images": 0, "is_conditional": False, "n_images": 16})
    train_generator(DCGAN, options, images=make_images(), run=run, device=CPU)
    assert load_sampler(run, device=CPU).classes == ()
    assert draw(run, 0, batch_size=12).shape == (12, 32, 32)
