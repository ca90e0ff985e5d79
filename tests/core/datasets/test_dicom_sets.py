"""Folders of DICOM files as image sets: patients without names, one policy, nothing shown wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.scan import scan_image_set
from core.errors import IsVolumeError
from core.features.base import ExtractorOptions
from core.features.extraction import extract_features, load_pixels
from core.features.registry import load_extractor
from core.images.intensity import find_preset
from core.images.reading import decode_image
from tests.core.images.dicom.files import make_file

STORED = (np.arange(64, dtype=np.int16).reshape(8, 8) * 40 - 1000).astype(np.int16)


def scan(folder: Path, **choices: object) -> ImageSet:
    return scan_image_set(folder, role=Role.REAL, name="real", **choices)  # type: ignore[arg-type]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for number, patient in enumerate(("DOE^A", "DOE^A", "ROE^B")):
        data = make_file(
            STORED + np.int16(number), PatientID=patient, RescaleSlope="1", RescaleIntercept="-24",
            WindowCenter="40", WindowWidth="400",
        )  # fmt: skip
        (folder / f"film{number}").write_bytes(data)  # without extension, as archives write them
    return folder


def test_values_are_those_of_the_file_in_its_own_unit(films: Path) -> None:
    image = decode_image((films / "film1").read_bytes(), max_pixels=10_000)
    np.testing.assert_array_equal(image.pixels, STORED.astype(int) + 1 - 24)
    assert (image.facts.format, image.facts.width, image.facts.height) == ("DICOM", 8, 8)


def test_patients_are_told_apart_and_not_named(films: Path) -> None:
    first, second, third = scan(films).items
    assert first.patient == second.patient != third.patient
    assert first.patient is not None
    assert "DOE" not in first.patient
    # Another workspace has another key: hashes cannot be joined, nor looked up.
    elsewhere = replace(get_settings(), home=films.parent / "elsewhere")
    other = scan(films, settings=elsewhere).items[0]
    assert other.patient not in (None, first.patient)
    assert decode_image((films / "film0").read_bytes(), max_pixels=10_000).facts.patient == ""


def test_no_name_reaches_the_workspace(films: Path) -> None:
    scan(films)
    written = [path for path in get_settings().home.rglob("*") if path.is_file()]
    assert written
    assert not any(b"DOE" in path.read_bytes() for path in written)


def test_files_known_from_before_give_the_same_patients(films: Path) -> None:
    assert [one.patient for one in scan(films).items] == [one.patient for one in scan(films).items]


def test_every_reader_of_an_item_follows_its_policy(films: Path) -> None:
    item = scan(films).items[0]
    as_file = load_pixels(item, num_channels=None, settings=get_settings())
    soft = load_pixels(
        scan(films, intensity=find_preset("soft-tissue")).items[0], num_channels=None, settings=get_settings()
    )
    lung = load_pixels(
        scan(films, intensity=find_preset("lung")).items[0], num_channels=None, settings=get_settings()
    )
    np.testing.assert_array_equal(as_file, soft)  # the file asks for 40, 400
    assert np.abs(as_file - lung).max() > 50


def test_stored_features_of_one_policy_are_not_those_of_another(films: Path) -> None:
    extractor = load_extractor("pixels", ExtractorOptions(resolution=8))
    by_policy = [
        extract_features(scan(films, intensity=find_preset(name)).items, extractor=extractor).features
        for name in ("lung", "bone", "lung")
    ]
    assert np.abs(by_policy[0] - by_policy[1]).max() > 0.01
    np.testing.assert_array_equal(by_policy[0], by_policy[2])


def test_several_frames_are_no_picture(films: Path) -> None:
    data = make_file(np.stack([STORED, STORED]), NumberOfFrames=2)
    with pytest.raises(IsVolumeError, match="2 frames, where single pictures"):
        decode_image(data, max_pixels=10_000)


def test_a_stack_that_says_text_may_be_burned_in_is_warned_of(films: Path) -> None:
    (films / "film3").write_bytes(make_file(STORED, PatientID="X", BurnedInAnnotation="YES"))
    assert any("burned in" in warning for warning in scan(films).warnings)
