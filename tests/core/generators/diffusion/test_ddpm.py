"""DDPM: what it learns, how it resumes, and its published sizes."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import pytest
import torch
from pydantic import ValidationError

from core.errors import CancelledError, WeightsError
from core.generators.diffusion.ddpm_options import DDPM, PRESETS, DdpmOptions
from core.generators.diffusion.unet import Denoiser
from core.generators.diffusion.unet_layout import UnetLayout
from core.generators.history import read_history
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.generators.training import train_generator
from tests.core.generators.diffusion.tiny import TINY_DDPM
from tests.core.generators.runs import CPU, StopAfter, make_images, read_tensors

LEARNT = {
    "n_images": 800, "snapshot_images": 800, "noise_steps": 1000, "dropout": 0.0, "ema_halflife_images": 80,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained on one batch until it has learnt it."""
    run = RunFolder(tmp_path_factory.mktemp("ddpm"))
    options = TINY_DDPM.model_copy(update=LEARNT)
    train_generator(DDPM, options, images=make_images(8, size=8), run=run, device=CPU)
    return run


def draw(run: RunFolder, label: int, *, n: int = 8, **settings: object) -> torch.Tensor:
    batches = sample_batches(
        load_sampler(run, device=CPU),
        seeds=range(n),
        labels=[label] * n,
        settings=SamplingSettings.model_validate(settings),
        device=CPU,
    )
    return torch.cat([torch.from_numpy(batch) for batch in batches]).float()


def test_one_batch_is_learnt_and_the_class_changes_the_image(trained: RunFolder) -> None:
    """Images are 60 or 190 bright by their class: the same noise becomes a darker or a lighter image."""
    rows = read_history(trained.history_path)
    # No network at all would leave 1.
    assert rows[0].losses["noise"] > 0.8
    assert sum(row.losses["noise"] for row in rows[-20:]) / 20 < 0.3
    dark, light = (draw(trained, label).mean(dim=(1, 2)) for label in (0, 1))
    assert bool((light - dark > 20).all())
    assert float((light - dark).mean()) > 50


def test_settings_change_the_walk_and_batches_do_not(trained: RunFolder) -> None:
    own = draw(trained, 1, n=5)
    assert torch.equal(own, draw(trained, 1, n=5, batch_size=2))
    for other in ({"sampler": "ddpm"}, {"sampler": "ddim"}, {"steps": 5}, {"guidance": 3.0}):
        assert not torch.equal(own, draw(trained, 1, n=5, **other)), other


def test_a_cancelled_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    images = make_images(size=8)

    def train(name: str, progress: StopAfter) -> RunFolder:
        run = RunFolder(tmp_path / name)
        train_generator(DDPM, TINY_DDPM, images=images, run=run, device=CPU, progress=progress)
        return run

    whole = train("whole", StopAfter(99))
    # The learning rate is still rising by then.
    with pytest.raises(CancelledError):
        train("parted", StopAfter(1))
    parted = train("parted", StopAfter(99))
    expected, found = (read_tensors(run, "diffusion") for run in (whole, parted))
    assert expected.keys() == found.keys()
    assert all(torch.equal(tensor, found[name]) for name, tensor in expected.items())
    assert "module/average/unet.conv_in.weight" in found


def test_without_classes_or_average_the_last_weights_draw(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    options = TINY_DDPM.model_copy(
        update={"is_conditional": False, "ema_halflife_images": 0, "n_images": 8, "channels": 3}
    )
    train_generator(DDPM, options, images=make_images(size=8, channels=3), run=run, device=CPU)
    sampler = load_sampler(run, device=CPU)
    assert sampler.classes == () and set(sampler.modules()) == {"denoiser"}
    assert draw(run, 0, n=2).shape == (2, 8, 8, 3)
    # Nothing to steer by: guidance passes it over.
    assert torch.equal(draw(run, 0, n=2), draw(run, 0, n=2, guidance=7.0))
    (run.phase_folder("diffusion") / "state.safetensors").unlink()
    with pytest.raises(WeightsError, match="no trained diffusion"):
        load_sampler(run, device=CPU)


def test_the_published_networks_have_the_papers_sizes() -> None:
    """Ho et al. 2020, appendix B: 35.7 million parameters for CIFAR-10, 114 million for 256 pixels."""
    counts = {}
    for name in ("published-scratch", "published-256"):
        with torch.device("meta"):
            network = Denoiser(UnetLayout.from_options(PRESETS[name], n_labels=0))
        counts[name] = sum(one.numel() for one in network.parameters())
    assert counts["published-scratch"] == 35_746_307
    assert counts["published-256"] == pytest.approx(114e6, rel=0.01)


def test_presets_are_the_published_recipe_and_odd_choices_are_refused() -> None:
    published = PRESETS["published"]
    assert (published.size_px, published.rate, published.epochs) == (32, 1e-5, 20)
    assert (published.noise_steps, published.steps, published.sampler) == (1000, 1000, "ddpm")
    assert (published.pretrained, published.noise_schedule) == ("google/ddpm-cifar10-32", "linear")
    for wrong, words in (
        ({"size_px": 36}, "cannot be halved 3 times"),
        ({"steps": 2000}, "cannot exceed noise_steps"),
        ({"width": 10}, "multiple of 4"),
        ({"head_channels": 48}, "divisor of width"),
        ({"width_factors": (0, 1)}, "from 1 to 16"),
        ({"is_conditional": True, "class_dropout": 0.0, "guidance": 2.0}, "class_dropout=0.1"),
    ):
        with pytest.raises(ValidationError, match=words):
            DdpmOptions(**wrong)
