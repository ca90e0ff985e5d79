"""The intensity policy of a generator's training: in words among its options, and in its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import core.generators.training_run as training_run
from core.cli import main
from core.config import get_settings
from core.errors import InputError
from core.features.base import Device
from core.generators.cautions import find_cautions
from core.generators.dcgan_options import DcganOptions
from core.generators.families import FAMILIES
from core.generators.material import TrainingMaterial
from core.generators.run_folder import RunFolder, RunRecord
from core.generators.training_images import TrainingImages
from core.generators.training_run import run_training
from core.images.display import DEFAULT_INTENSITY
from core.progress import SilentProgress
from tests.volumes import NARROW, write_deep, write_series

pytestmark = pytest.mark.usefixtures("workspace")
TINY: dict[str, Any] = {"size_px": 32, "latent": 8, "width": 8, "batch_size": 8, "n_images": 8}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[TrainingImages]:
    """The images that training would begin with."""
    found: list[TrainingImages] = []

    def capture(*_: object, images: TrainingImages, **__: object) -> None:
        found.append(images)
        raise InputError("reached")

    monkeypatch.setattr(training_run, "train_generator", capture)
    return found


def train(real: Path, output: Path, **options: Any) -> None:
    with pytest.raises(InputError, match="reached"):
        run_training(
            "dcgan",
            DcganOptions(**TINY, **options),
            real=real,
            run=RunFolder(output),
            device=Device.CPU,
            workers=1,
            settings=get_settings(),
            progress=SilentProgress(),
        )


def test_words_are_checked_and_written_in_one_way() -> None:
    assert DcganOptions().policy == DEFAULT_INTENSITY
    assert DcganOptions(intensity="window:1000/400.0").intensity == "window:1000/400"
    assert DcganOptions(intensity="window:1000/400").policy == NARROW
    with pytest.raises(ValidationError, match="Intensity takes a preset"):
        DcganOptions(intensity="Lung")
    with pytest.raises(ValidationError, match="low percentile must be below"):
        DcganOptions(intensity="percentile:9/3")


def test_pixels_and_digests_follow_the_policy(tmp_path: Path, seen: list[TrainingImages]) -> None:
    real = write_deep(tmp_path / "real", 8)
    train(real, tmp_path / "a")
    train(real, tmp_path / "b", intensity="window:1000/400")
    usual, narrow = seen
    assert np.abs(usual.pixels.astype(float) - narrow.pixels).mean() > 20
    assert usual.digest != narrow.digest
    # A run of one policy is not gone on with by another.
    with pytest.raises(InputError, match="intensity is window:1000/400 there, file here"):
        run_training(
            "dcgan", DcganOptions(**TINY), real=real, run=RunFolder(tmp_path / "b"), device=Device.CPU,
            settings=get_settings(), progress=SilentProgress(),
        )  # fmt: skip


def test_the_command_joins_slices_to_montages(tmp_path: Path, seen: list[TrainingImages]) -> None:
    real = write_series(tmp_path / "real", 8)
    arguments = ["train", "dcgan", "--real", str(real), "--output", str(tmp_path / "out")]
    for name, value in TINY.items():
        arguments += ["--set", f"{name}={value}"]
    with pytest.raises(SystemExit):
        main([*arguments, "--set", "join_slices=true", "--intensity", "window:1000/400"])
    assert len(seen[0]) == 8
    record = RunFolder(tmp_path / "out").read_record()
    assert (record.options["intensity"], record.options["join_slices"]) == ("window:1000/400", True)


def test_two_words_for_one_policy_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "dcgan", "--set", "intensity=lung", "--intensity", "bone"])
    assert "not by both" in capsys.readouterr().err


def test_runs_from_before_there_was_a_choice_go_on(tmp_path: Path) -> None:
    def describe(**changes: Any) -> RunRecord:
        options = DcganOptions(**TINY, **changes).model_dump(mode="json")
        return RunRecord(
            family="dcgan", options=options, classes=(), n_images=(8,), images_digest="d", device="cpu",
            versions={},
        )  # fmt: skip

    before = describe()
    early = {
        name: value for name, value in before.options.items() if name not in ("intensity", "join_slices")
    }
    run = RunFolder(tmp_path / "run")
    run.begin(before.model_copy(update={"options": early}))
    assert run.begin(before)
    with pytest.raises(InputError, match="intensity is file there, lung here"):
        run.begin(describe(intensity="lung"))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_every_family_has_the_policy(family: Any) -> None:
    assert all(preset.policy == DEFAULT_INTENSITY for preset in family.presets.values())


def test_volumes_are_learned_as_montages_and_that_is_said() -> None:
    options = DcganOptions(**TINY)
    flat = TrainingMaterial(n_files=5_000, classes={}, n_unlabelled=5_000, largest_px=64)
    deep = TrainingMaterial(5_000, {}, 5_000, 64, has_volumes=True)
    assert not any("montage" in one for one in find_cautions(options, flat))
    for asked, material in ((options, deep), (options.model_copy(update={"join_slices": True}), flat)):
        assert any("python -m core dataset montage" in one for one in find_cautions(asked, material))
