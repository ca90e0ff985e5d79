"""Images on disk: folders, proportions, going on, and refusing to mix."""

from __future__ import annotations

import json
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from PIL import Image

from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.errors import CancelledError, InputError, UnknownNameError
from core.generators.efficiency import measure_efficiency
from core.generators.efficiency_record import load_efficiency
from core.generators.generation import generate_images, share_count
from core.generators.options import GeneratorOptions
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings
from core.generators.tensor_memory import TensorMemory
from core.generators.training import train_generator
from core.generators.training_images import TrainingImages
from tests.core.generators.runs import CPU, DCGAN, TINY, StopAfter, make_images
from tests.images import write_images

SETTINGS = SamplingSettings(batch_size=4)


def train(folder: Path, *, classes: tuple[str, ...] = ("dark", "light"), **changes: object) -> RunFolder:
    run, options = RunFolder(folder), TINY.model_copy(update={"n_images": 8, **changes})
    images = make_images(channels=options.channels)
    labels = np.where(np.arange(24) < 6, 0, len(classes) - 1)
    train_generator(
        DCGAN,
        options,
        images=TrainingImages(images.pixels, labels, classes, images.digest),
        run=run,
        device=CPU,
    )
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Classes of 6 and 18 images."""
    return train(tmp_path_factory.mktemp("run") / "gan")


def generate(run: RunFolder, output: Path, count: int, **given: object) -> dict[str, int]:
    choices = {"settings": SETTINGS, **given}
    return generate_images(run, count=count, output=output, device=CPU, **choices)


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


@pytest.mark.parametrize(
    ("count", "sizes", "expected"), [(10, [6, 18], [3, 7]), (1, [6, 18], [0, 1]), (7, [5, 5, 5], [3, 2, 2])]
)
def test_counts_follow_the_training_images(count: int, sizes: list[int], expected: list[int]) -> None:
    shares = share_count(count, sizes)
    assert sum(shares) == count
    assert sorted(shares) == sorted(expected)
    assert all(abs(share - count * size / sum(sizes)) < 1 for share, size in zip(shares, sizes, strict=True))


def test_images_are_grey_pngs_in_class_folders_that_scan_as_a_set(
    run: RunFolder, tmp_path: Path, workspace: Path
) -> None:
    assert generate(run, tmp_path / "out", 8) == {"dark": 2, "light": 6}
    with Image.open(tmp_path / "out" / "light" / "000005.png") as image:
        assert (image.mode, image.size) == ("L", (32, 32))
        assert "dcgan" in image.info["medsynaudit-generated"]
    found = scan_image_set(tmp_path / "out", role=Role.SYNTHETIC, name="gan")
    assert found.count_classes() == {"dark": 2, "light": 6}
    assert not found.warnings and not found.unreadable


def test_a_stopped_run_goes_on_and_counts_may_grow(run: RunFolder, tmp_path: Path) -> None:
    generate(run, tmp_path / "whole", 12)
    with pytest.raises(CancelledError):
        # Two advances for what is there, one a batch.
        generate(run, tmp_path / "parts", 12, progress=StopAfter(2))
    assert 0 < len(read(tmp_path / "parts")) < 12
    generate(run, tmp_path / "parts", 8)
    generate(run, tmp_path / "parts", 12, settings=SamplingSettings(batch_size=3))
    assert read(tmp_path / "parts") == read(tmp_path / "whole")


def test_other_seeds_draw_other_images_and_never_mix(run: RunFolder, tmp_path: Path) -> None:
    other = SamplingSettings(batch_size=4, seed=1)
    generate(run, tmp_path / "a", 4)
    generate(run, tmp_path / "b", 4, settings=other)
    assert read(tmp_path / "a").keys() == read(tmp_path / "b").keys()
    assert not set(read(tmp_path / "a").values()) & set(read(tmp_path / "b").values())
    with pytest.raises(InputError, match="not of this run, seed and settings"):
        generate(run, tmp_path / "a", 4, settings=other)


def test_a_folder_of_other_images_is_left_alone(run: RunFolder, tmp_path: Path) -> None:
    write_images(tmp_path / "real", 3, classes=("dark",))
    with pytest.raises(InputError, match="holds other files"):
        generate(run, tmp_path / "real", 4)
    assert len(list((tmp_path / "real").rglob("*.*"))) == 3


def test_a_run_of_another_version_is_a_sentence(run: RunFolder, tmp_path: Path) -> None:
    record = json.loads((run.path / "run.json").read_text())
    record["options"]["latent"] = "many"
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="not a generator's run that this version reads"):
        generate(RunFolder(tmp_path), tmp_path / "out", 4)


def test_chosen_classes_alone_are_drawn(run: RunFolder, tmp_path: Path) -> None:
    assert generate(run, tmp_path, 3, class_names=["dark"]) == {"dark": 3}
    with pytest.raises(UnknownNameError, match="classes are: dark, light"):
        generate(run, tmp_path, 3, class_names=["other"])


def test_a_class_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    run = train(tmp_path / "run", classes=("../../up", ".hidden"))
    generate(run, tmp_path / "deep" / "out", 4)
    folders = {path.parent.name for path in (tmp_path / "deep" / "out").rglob("*.png")}
    assert folders == {"-.-..-up", "-hidden"}
    assert not list(tmp_path.glob("*.png")) and not (tmp_path / "up").exists()


def test_without_classes_images_lie_in_the_folder_itself_and_colour_stays(tmp_path: Path) -> None:
    run = train(tmp_path / "run", is_conditional=False, channels=3)
    assert generate(run, tmp_path / "out", 2) == {"": 2}
    with Image.open(tmp_path / "out" / "000001.png") as image:
        assert image.mode == "RGB"
    with pytest.raises(UnknownNameError, match="without classes"):
        generate(run, tmp_path / "out", 2, class_names=["dark"])


def test_a_run_on_one_class_draws_into_its_folder(tmp_path: Path) -> None:
    run = train(tmp_path / "run", classes=("light",), is_conditional=False)
    assert generate(run, tmp_path / "out", 2) == {"light": 2}
    assert (tmp_path / "out" / "light" / "000001.png").exists()


def test_tensors_are_counted_until_they_are_freed() -> None:
    weight = torch.ones(100)
    memory = TensorMemory([weight])
    with memory, torch.inference_mode():
        first = weight + 1
        second = first.view(10, 10) * 2
        del first
        third = second.t() + 1
        del second, third
    assert memory.peak_bytes == 3 * 400


def test_efficiency_is_measured_and_kept(run: RunFolder) -> None:
    measured = measure_efficiency(run, device=CPU, settings=SETTINGS, budget_s=0.0)
    assert load_efficiency(run) == measured
    assert measured.timed_images == 4
    assert measured.seconds_per_1000 > 0
    # Input of 8 numbers and 2 classes; 32, 16, 8 and 1 channels; batch norms have two weights a channel.
    expected = 16 * (10 * 32 + 32 * 16 + 16 * 8 + 8) + 1 + 2 * (32 + 16 + 8)
    assert measured.n_parameters == expected
    # Weights, and at least the last two layers' activations of 8 images, 4 bytes each.
    assert measured.peak_memory_bytes > 4 * (expected + 8 * (8 * 16 * 16 + 32 * 32))
    assert set(measured.training_images_per_second) == {"gan"}


def test_every_option_says_what_it_is() -> None:
    for model in (GeneratorOptions, SamplingSettings, DCGAN.options):
        assert all(field.description for field in model.model_fields.values()), model
