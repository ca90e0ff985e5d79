"""Cropped sets are written once, renewed when crop or images change, and keep classes and patients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.bias.box import Box
from core.bias.crop import Crop
from core.config import get_settings
from core.crop_experiment.cropped_sets import write_cropped_study
from core.datasets.image_set import ImageSet
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import InputError
from core.progress import SilentProgress
from tests.core.crop_experiment.films import write_study

CROP = Crop(region=Box(0, 0, 0.25, 0.25))


@pytest.fixture
def study(workspace: Path, tmp_path: Path) -> Study:
    return write_study(tmp_path / "films")


def scan(study: Study) -> list[ImageSet]:
    return scan_study(study, settings=get_settings(), progress=SilentProgress())


def write(study: Study, folder: Path, crop: Crop = CROP, sets: list[ImageSet] | None = None) -> Study:
    given = scan(study) if sets is None else sets
    return write_cropped_study(study, given, crop, folder, settings=get_settings(), progress=SilentProgress())


def test_classes_patients_and_groups_stay(study: Study, tmp_path: Path) -> None:
    sets = scan(study)
    sets[0] = replace(
        sets[0], items=tuple(replace(one, groups=(("sex", "F, or not"),)) for one in sets[0].items)
    )
    cropped = write(study, tmp_path / "out", sets=sets)
    for before, after in zip(sets, scan(cropped), strict=True):
        assert [(one.id, one.label, one.patient) for one in before.items] == [
            (one.id, one.label, one.patient) for one in after.items
        ]
        with Image.open(after.items[-1].path) as image:
            assert (np.asarray(image)[:8, :8] == 0).all()
    grouped = scan_study(cropped, group_by=("sex",), settings=get_settings(), progress=SilentProgress())
    assert grouped[0].count_groups() == {"sex=F, or not": 20}
    assert grouped[1].count_groups() == {}


def test_sets_that_are_there_stay_and_others_are_renewed(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(study, out)
    first = out / "real" / "a" / "000.png"
    stamp = first.stat().st_mtime_ns
    write(study, out)
    assert first.stat().st_mtime_ns == stamp
    write(study, out, Crop(margin=0.25))
    with Image.open(first) as image:
        assert image.size == (16, 16)
    # A run that was killed between a set's stamp and its folder.
    (out / "heldout").rename(tmp_path / "lost")
    write(study, out, Crop(margin=0.25))
    assert len(list((out / "heldout").rglob("*.png"))) == 10


def test_folders_of_others_are_left_alone(study: Study, tmp_path: Path) -> None:
    (tmp_path / "out" / "real").mkdir(parents=True)
    with pytest.raises(InputError, match="not overwritten"):
        write(study, tmp_path / "out")
    assert (tmp_path / "out" / "real").is_dir()
