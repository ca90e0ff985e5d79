"""Classifiers that can tell classes by one corner alone are found to look there, and sets without it are not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bias.attribution_archive import load_attribution, load_attribution_map, write_attribution
from core.bias.attribution_maps import explain_sets
from core.bias.attribution_options import AttributionOptions
from core.bias.attribution_result import AttributionResult
from core.bias.box import Box
from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.errors import CancelledError, ImageSetError, InputError, TooFewImagesError, UnknownNameError
from core.features.base import Device
from core.progress import SilentProgress
from core.utility.splits import split_patients
from tests.core.utility.films import TINY, scan, write_set

CORNER = Box(0.0, 0.0, 0.5, 0.5)
OPTIONS = AttributionOptions(
    protocol=TINY.model_copy(update={"epochs": 6}), repeats=2, n_images=12, cover=0.25, step=0.25
)


def explain(sets: list[ImageSet], options: AttributionOptions = OPTIONS) -> AttributionResult:
    """Explain on the frame of 32 pixels that the sets have."""
    return explain_sets(
        sets,
        options,
        regions=[CORNER],
        side_px=32,
        device=Device.CPU,
        workers=0,
        settings=get_settings(),
        progress=SilentProgress(),
    )


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> list[ImageSet]:
    """A bright square in the upper left corner tells the class `light`; `bare` lacks it."""
    folder = tmp_path_factory.mktemp("films")
    write_set(folder / "real", 48, seed=1, contrast=90, per_patient=2)
    write_set(folder / "heldout", 24, seed=2, contrast=90)
    write_set(folder / "bare", 24, seed=3, contrast=0)
    return [
        scan(folder / "real", Role.REAL, "real"),
        scan(folder / "heldout", Role.HELDOUT, "heldout"),
        scan(folder / "bare", Role.SYNTHETIC, "bare", patients=False),
    ]


@pytest.fixture(scope="module")
def result(sets: list[ImageSet]) -> AttributionResult:
    return explain(sets)


@pytest.mark.parametrize("method", ["grad-cam", "occlusion"])
def test_attribution_lies_where_the_class_is_told(result: AttributionResult, method: str) -> None:
    shares = {(one.set, one.class_name): one for one in result.summary.shares if one.method == method}
    for name in ("real", "heldout"):
        found = shares[name, "light"]
        assert found.area == 0.25
        assert found.low is not None
        assert found.high is not None
        assert found.area < found.low <= found.share <= found.high
        assert found.ratio == pytest.approx(found.share / 0.25)
        # Grad-CAM's 4 x 4 cells are smeared over their neighbours.
        assert found.ratio > (1.5 if method == "grad-cam" else 2)
        assert found.lowest <= found.share + 0.05
        assert found.highest >= found.share - 0.05
        mean = result.maps[name, method, "light"]  # type: ignore[index]
        assert mean.shape == (32, 32)
        assert mean.dtype == np.float32
        assert 0 <= mean.min() <= mean.max() <= 1
        assert mean[4:16, 4:16].mean() > 2 * mean[16:, 16:].mean()
    # What is bright nowhere has no bright corner to be looked at.
    assert shares["bare", "light"].share < 0.5 * shares["heldout", "light"].share


def test_accuracy_is_told_with_its_images(result: AttributionResult, sets: list[ImageSet]) -> None:
    summary = result.summary
    splits = [
        split_patients(sets[0].items, validation_share=TINY.validation_share, seed=TINY.seed, repeat=repeat)
        for repeat in (1, 2)
    ]
    assert [one.n_validation for one in summary.trainings] == [len(one.validation) for one in splits]
    assert summary.n_validation == len(np.union1d(splits[0].validation, splits[1].validation))
    assert summary.balanced_accuracy > 0.9
    assert 0.5 < summary.low <= summary.balanced_accuracy <= summary.high <= 1
    assert summary.tells_classes
    assert summary.notes == ()
    real, heldout, bare = summary.sets
    # All of them are explained where they are fewer than asked for, and no image that was trained on.
    assert real.n == summary.n_validation
    assert (heldout.n, bare.n) == (24, 24)
    assert heldout.balanced_accuracy > 0.9
    recall = {(one.method, one.class_name): one.recall for one in bare.maps}
    assert recall["grad-cam", "light"] < 0.3 < 0.7 < recall["grad-cam", "dark"]
    assert {one.n for one in heldout.maps} == {12}
    assert all(one.agreement is not None and one.agreement > 0 for one in heldout.maps)


def test_the_same_arguments_give_the_same_maps(sets: list[ImageSet]) -> None:
    options = OPTIONS.model_copy(update={"repeats": 1, "n_images": 4})
    first, again = (explain(sets[:2], options) for _ in range(2))
    for key, found in first.maps.items():
        assert np.array_equal(found, again.maps[key])
    assert first.summary.shares == again.summary.shares
    assert {one.agreement for shown in first.summary.sets for one in shown.maps} == {None}
    assert [one.n for one in first.summary.sets] == [8, 8]


def test_files_are_read_back(result: AttributionResult, tmp_path: Path) -> None:
    assert load_attribution(tmp_path) is None
    with pytest.raises(UnknownNameError, match="there are: none"):
        load_attribution_map(tmp_path, "real", "grad-cam", "light")
    write_attribution(result, tmp_path)
    assert load_attribution(tmp_path) == result.summary
    for (name, method, label), found in result.maps.items():
        assert np.array_equal(load_attribution_map(tmp_path, name, method, label), found)
    folder = tmp_path / "attribution"
    with Image.open(folder / "maps" / "real" / "occlusion-1-light.png") as picture:
        assert picture.mode == "RGB"
    table = pd.read_csv(folder / "attribution_share.csv")
    assert len(table) == len(result.summary.shares) == 3 * 2 * 2
    assert table["class"].tolist()[:2] == ["dark", "light"]
    with pytest.raises(UnknownNameError, match="real, grad-cam, dark"):
        load_attribution_map(tmp_path, "real", "grad-cam", "grey")
    (folder / "maps" / "real" / "occlusion-1-light.npy").write_bytes(b"torn")
    with pytest.raises(InputError, match="run the analysis again"):
        load_attribution_map(tmp_path, "real", "occlusion", "light")
    (folder / "attribution.json").write_text("{}")
    with pytest.raises(InputError, match="not an attribution that this version reads"):
        load_attribution(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_attribution(result, tmp_path / "file")


def test_a_classifier_that_tells_nothing_is_not_to_be_trusted(tmp_path: Path) -> None:
    write_set(tmp_path / "real", 24, seed=5, shuffled=True)
    real = scan(tmp_path / "real", Role.REAL, "real")
    light = tuple(item for item in real.items if item.label == "light")
    other = replace(real, role=Role.SYNTHETIC, name="half", items=light)
    nameless = replace(other, name="none", items=tuple(replace(item, label=None) for item in light))
    options = OPTIONS.model_copy(update={"repeats": 1, "n_images": 2})
    summary = explain([real, other, nameless], options).summary
    assert not summary.tells_classes
    assert "which may be chance (0.50)" in summary.notes[0]
    assert summary.notes[1:] == (
        "half has no image of the real set's 'dark'.",
        "none has no image of the real set's 'dark', 'light'.",
    )
    assert [one.name for one in summary.sets] == ["real", "half"]
    assert {one.class_name for one in summary.sets[1].maps} == {"light"}


def test_sets_that_cannot_be_explained(sets: list[ImageSet]) -> None:
    real = sets[0]
    one_class = replace(real, items=tuple(item for item in real.items if item.label == "dark"))
    with pytest.raises(ImageSetError, match="telling classes apart"):
        explain([one_class])
    one_patient = replace(real, items=tuple(replace(item, patient=str(item.label)) for item in real.items))
    with pytest.raises(TooFewImagesError, match="one patient alone"):
        explain([one_patient])


def test_it_can_be_cancelled_between_images(sets: list[ImageSet]) -> None:
    class Impatient(SilentProgress):
        explaining = False

        def start(self, stage: str, total: int, unit: str = "images") -> None:
            self.explaining = stage.startswith("Explaining")

        def advance(self, steps: int = 1) -> None:
            if self.explaining:
                raise CancelledError("enough")

    protocol = TINY.model_copy(update={"epochs": 1})
    with pytest.raises(CancelledError):
        explain_sets(
            sets[:1],
            OPTIONS.model_copy(update={"protocol": protocol}),
            workers=0,
            settings=get_settings(),
            progress=Impatient(),
        )


def test_reading_back_loads_no_torch() -> None:
    code = "import core.bias.attribution_archive, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
