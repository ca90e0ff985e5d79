"""Going on from a diffusers checkpoint: what is taken over, and what is refused."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import replace
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel

from core.config import get_settings
from core.errors import InputError, OutsideRootError, WeightsError
from core.features.base import Device
from core.generators.diffusion.ddpm_options import DDPM, DdpmOptions
from core.generators.diffusion.pretrained import build_pretrained, read_pretrained
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler
from core.generators.training import train_generator
from core.generators.training_run import run_training
from core.progress import SilentProgress
from tests.core.generators.diffusion.tiny import TINY_DDPM
from tests.core.generators.runs import CPU, make_images
from tests.images import write_images

STEPS = torch.tensor([3, 70])


@pytest.fixture(scope="module")
def colour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, UNet2DModel]:
    """A checkpoint as diffusers saves it, of another size than the options'."""
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(3)
    model = UNet2DModel(
        sample_size=8, block_out_channels=(12, 24), norm_num_groups=3, layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ).eval()  # fmt: skip
    model.save_pretrained(folder)
    DDPMScheduler(num_train_timesteps=100).save_pretrained(folder)
    return folder, model


def options_for(folder: Path | str, **changes: object) -> DdpmOptions:
    return TINY_DDPM.model_copy(update={"pretrained": str(folder), "noise_schedule": "linear"} | changes)


def test_its_network_is_taken_over_whole(colour: tuple[Path, UNet2DModel]) -> None:
    folder, model = colour
    options = options_for(folder, channels=3, is_conditional=False)
    own = build_pretrained(read_pretrained(options, get_settings()), options, n_labels=0).eval()
    images = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        expected = model(images, STEPS, return_dict=False)[0]
        assert torch.equal(own(images, STEPS, torch.zeros(2, dtype=torch.int64)), expected)


def test_grey_images_are_three_equal_channels_and_classes_begin_without_effect(
    colour: tuple[Path, UNet2DModel],
) -> None:
    folder, model = colour
    options = options_for(folder)
    own = build_pretrained(read_pretrained(options, get_settings()), options, n_labels=3).eval()
    grey = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        expected = model(grey.expand(2, 3, 8, 8), STEPS, return_dict=False)[0].mean(dim=1, keepdim=True)
        for label in range(3):
            found = own(grey, STEPS, torch.full((2,), label))
            assert torch.allclose(found, expected, atol=1e-5)


def test_a_pipeline_folder_is_trained_on_and_needed_only_once(
    colour: tuple[Path, UNet2DModel], tmp_path: Path
) -> None:
    folder = tmp_path / "pipeline"
    colour[1].save_pretrained(folder / "unet")
    DDPMScheduler(num_train_timesteps=100).save_pretrained(folder / "scheduler")
    run, images = RunFolder(tmp_path / "run"), make_images(size=8)
    options = options_for(folder, n_images=16, snapshot_images=16)
    train_generator(DDPM, options, images=images, run=run, device=CPU)
    (folder / "unet" / "config.json").unlink()
    train_generator(DDPM, options, images=images, run=run, device=CPU)
    (network,) = load_sampler(run, device=CPU).modules().values()
    assert network.unet.conv_in.weight.shape == (12, 1, 3, 3)


def test_a_checkpoint_is_read_below_the_folder_roots_alone(
    colour: tuple[Path, UNet2DModel], tmp_path: Path
) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_images(root / "real", 8, size=8)
    for folder in (root / "checkpoint", outside):
        colour[1].save_pretrained(folder)
    (root / "link").symlink_to(outside)
    confined = replace(get_settings(), confined_to=(root.resolve(),), home=tmp_path / "home")

    def train(checkpoint: Path) -> None:
        run_training(
            "ddpm", options_for(checkpoint, n_images=8, is_conditional=False), real=root / "real",
            run=RunFolder(tmp_path / "runs" / checkpoint.name), device=Device.CPU, settings=confined,
            progress=SilentProgress(),
        )  # fmt: skip

    for path in (outside, root / "link", outside / "not-there"):
        with pytest.raises(OutsideRootError, match="below no folder root; put its folder"):
            train(path)
    train(root / "checkpoint")
    record = RunFolder(tmp_path / "runs" / "checkpoint").read_record()
    assert record.versions["diffusers"] == importlib.metadata.version("diffusers")


def test_what_cannot_be_had_or_does_not_fit_is_refused(
    colour: tuple[Path, UNet2DModel], tmp_path: Path
) -> None:
    settings = get_settings()

    def refuse(error: type[Exception], words: str, folder: Path | str, *, where=settings, **changes) -> None:
        options = options_for(folder, **changes)
        with pytest.raises(error, match=words):
            build_pretrained(read_pretrained(options, where), options, n_labels=0)

    def copy(name: str, **config: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file in colour[0].iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        there = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(there | config))
        return folder

    refuse(WeightsError, "neither a folder nor an id", tmp_path / "nowhere")
    refuse(WeightsError, r"no config\.json", tmp_path)
    offline = replace(settings, offline=True)
    refuse(WeightsError, "switched off.*from scratch", "google/not-in-any-cache", where=offline)
    refuse(InputError, "noise_schedule=linear; choose", colour[0], noise_schedule="cosine")
    refuse(InputError, "noise_steps=100; choose", colour[0], noise_steps=1000)
    confined = replace(settings, confined_to=(tmp_path / "root",))
    refuse(OutsideRootError, "folder root", colour[0], where=confined)
    refuse(WeightsError, "do not fit", copy("narrow", block_out_channels=[12, 12]))
    refuse(WeightsError, "damaged or no", copy("huge", block_out_channels=[10**6, 10**6]))
    refuse(WeightsError, "damaged or no", copy("strange", resnet_skip_time_act=True))
    refuse(WeightsError, "predicts variances", copy("variance", out_channels=6))
    pickled = copy("pickled")
    weights = pickled / "diffusion_pytorch_model.safetensors"
    weights.rename(pickled / "diffusion_pytorch_model.bin")
    refuse(WeightsError, "may hold code", pickled)
    weights.write_bytes(b"no tensors")
    refuse(WeightsError, "damaged", pickled)
