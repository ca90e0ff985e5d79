"""Crops of deep images are made of what the policy shows, and volumes are not cropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.audit.protocol import Execution, Protocol
from core.bias.crop import Crop
from core.bias.cropping import apply_crop, write_cropped_set
from core.cli import main
from core.config import get_settings
from core.crop_experiment.cropped_sets import write_cropped_study
from core.crop_experiment.experiment import run_crop_experiment
from core.crop_experiment.preview import preview_crop
from core.crop_experiment.request import CropRequest
from core.datasets.image_set import ImageSet, Role
from core.datasets.scan import scan_image_set
from core.datasets.study import Study, SyntheticSource
from core.datasets.study_scan import scan_study
from core.errors import ImageSetError
from core.features.extraction import load_pixels
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity, find_preset
from core.progress import SilentProgress
from core.utility.presets import UtilityProtocol
from tests.volumes import NARROW, write_deep, write_volumes

pytestmark = pytest.mark.usefixtures("workspace")
CROP = Crop(margin=0.25)
PERCENTILES = find_preset("mr")


def scan(folder: Path, policy: Intensity = DEFAULT_INTENSITY) -> ImageSet:
    return scan_image_set(folder, role=Role.REAL, name="real", intensity=policy, workers=1)


def see(image_set: ImageSet) -> np.ndarray:
    return np.stack([load_pixels(i, num_channels=1, settings=get_settings()) for i in image_set.items])


@pytest.mark.parametrize("policy", [NARROW, PERCENTILES])
def test_what_stays_looks_as_before(tmp_path: Path, policy: Intensity) -> None:
    before = scan(write_deep(tmp_path / "real", 3), policy)
    write_cropped_set(before, CROP, tmp_path / "cropped", settings=get_settings())
    after = see(scan(tmp_path / "cropped", policy))
    whole = np.stack([apply_crop(np.rint(one), CROP) for one in see(before)])
    np.testing.assert_array_equal(after, whole)
    usual = tmp_path / "usual"
    write_cropped_set(scan(tmp_path / "real"), CROP, usual, settings=get_settings())
    assert np.abs(see(scan(usual, DEFAULT_INTENSITY)) - after).mean() > 5


def test_sets_of_another_policy_are_written_anew(tmp_path: Path) -> None:
    study = Study(
        real=write_deep(tmp_path / "real", 3),
        heldout=write_deep(tmp_path / "heldout", 3, seed=1),
        synthetic=(SyntheticSource(name="gan", folder=write_deep(tmp_path / "gan", 3, seed=2)),),
    )
    digests = []
    quiet: dict[str, Any] = {"settings": get_settings(), "progress": SilentProgress()}
    for policy in (DEFAULT_INTENSITY, NARROW, DEFAULT_INTENSITY):
        sets = scan_study(study, intensity=policy, workers=1, **quiet)
        write_cropped_study(study, sets, CROP, tmp_path / "out", **quiet)
        digests.append(scan(tmp_path / "out" / "real").digest)
    assert digests[0] == digests[2] != digests[1]


def test_the_preview_follows_the_policy(tmp_path: Path) -> None:
    study = Study(
        real=write_deep(tmp_path / "real", 3),
        synthetic=(SyntheticSource(name="gan", folder=write_deep(tmp_path / "gan", 3, seed=2)),),
    )
    usual, narrow = (
        preview_crop(study, CROP, intensity=policy, settings=get_settings())
        for policy in (DEFAULT_INTENSITY, NARROW)
    )
    assert len(usual) == len(narrow) == 4
    assert all(one.before != other.before for one, other in zip(usual, narrow, strict=True))


def test_audits_and_experiments_have_one_policy() -> None:
    asked = CropRequest(
        margin=0.1, protocol=Protocol(intensity=NARROW), utility=UtilityProtocol(intensity=NARROW)
    )
    assert CropRequest.model_validate(asked.model_dump(mode="json")) == asked
    for utility in (UtilityProtocol(), UtilityProtocol(intensity=NARROW, join_slices=True)):
        with pytest.raises(ValidationError, match="the same intensity, and join DICOM slices in both"):
            CropRequest(margin=0.1, protocol=Protocol(intensity=NARROW), utility=utility)


def test_volumes_are_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [
        write_volumes(tmp_path / name / label, 3, seed=10 * at + ord(label))
        for at, name in enumerate(("real", "heldout", "gan"))
        for label in "ab"
    ]
    study = Study(
        real=folders[0].parent,
        heldout=folders[2].parent,
        synthetic=(SyntheticSource(name="gan", folder=folders[4].parent),),
    )
    with pytest.raises(ImageSetError, match=r"holds volumes.*python -m core dataset montage"):
        run_crop_experiment(
            study,
            CropRequest(margin=0.1),
            folder=tmp_path / "out",
            runs_folder=tmp_path / "runs",
            execution=Execution(workers=1),
        )
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit):
        main(["bias", "crop", "--input", str(study.real), "--output", str(tmp_path / "x"), "--margin", "0.1"])
    assert "python -m core dataset montage" in capsys.readouterr().err


def test_a_preview_of_volumes_says_what_to_do(tmp_path: Path) -> None:
    study = Study(
        real=write_deep(tmp_path / "real", 2),
        synthetic=(SyntheticSource(name="gan", folder=write_volumes(tmp_path / "gan", 2)),),
    )
    with pytest.raises(ImageSetError, match=r"'gan' holds volumes.*python -m core dataset montage"):
        preview_crop(study, CROP, settings=get_settings())
