"""Series: which files make a volume, in which order, and in whose axes."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.errors import ImageReadError
from core.images.dicom.header import read_header
from core.images.dicom.series import DicomStack, group_stacks
from core.images.dicom.stacking import load_stack
from core.images.intensity import Window
from core.images.loaded_volume import LoadedVolume
from tests.core.images.dicom.files import KEY, LIMIT, make_file

AXIAL, CORONAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]
# Each voxel of the body knows where it is: left, back and head in its digits.
BODY = np.array([[[100 * z + 10 * y + x for x in range(6)] for y in range(5)] for z in range(4)], np.int16)

Files = dict[str, bytes]


def cut(plane: str, **elements: Any) -> Files:
    """A body of 4 x 5 x 6 mm cut into slices, handed in under names that tell nothing of their order."""
    files: Files = {}
    n = {"axial": 4, "coronal": 5, "sagittal": 6}[plane]
    for index in range(n):
        if plane == "axial":
            pixels, orientation, position = BODY[index], AXIAL, [0, 0, index]
        elif plane == "coronal":
            pixels, orientation, position = BODY[::-1, index], CORONAL, [0, index, 3]
        else:
            pixels, orientation, position = BODY[::-1, :, index], SAGITTAL, [index, 0, 3]
        own = {
            "ImagePositionPatient": position,
            "ImageOrientationPatient": orientation,
            "PixelSpacing": [1, 1],
            "InstanceNumber": 50 - index,
            **elements,
        }
        files[f"{index * 7 % n}"] = make_file(
            np.ascontiguousarray(pixels), **{name: value for name, value in own.items() if value is not None}
        )
    return files


def group(files: Files) -> list[DicomStack]:
    return group_stacks(
        (name, read_header(io.BytesIO(data), max_pixels=LIMIT, key=KEY)) for name, data in files.items()
    )


def load(stack: DicomStack, files: Files) -> LoadedVolume:
    return load_stack(stack, files.__getitem__, max_pixels=LIMIT, key=KEY)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_body_is_the_same_however_it_was_cut(plane: str) -> None:
    files = cut(plane)
    for seed in range(3):
        names = list(files)
        random.Random(seed).shuffle(names)
        (stack,) = group({name: files[name] for name in names})
        volume = load(stack, files).volume
        np.testing.assert_array_equal(volume.values, BODY)
        assert volume.spacing_mm == (1, 1, 1)
        assert volume.is_oriented
        assert volume.warnings == ()


def test_oblique_slices_are_turned_to_the_nearest_axes() -> None:
    s = 0.5**0.5 * 0.9
    c = (1 - s * s) ** 0.5
    files = {
        str(i): make_file(
            np.ascontiguousarray(BODY[i]),
            ImageOrientationPatient=[-c, -s, 0, s, -c, 0],
            ImagePositionPatient=[0, 0, 2 * i],
            PixelSpacing=[3, 4],
        )
        for i in range(4)
    }
    volume = load(*group(files), files).volume
    np.testing.assert_array_equal(volume.values, BODY[:, ::-1, ::-1])
    assert volume.spacing_mm == (2, 3, 4)


def test_rescaled_values_padding_and_window_reach_the_volume() -> None:
    files = cut("axial", RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400)
    found = load(*group(files), files)
    np.testing.assert_array_equal(found.volume.values, BODY.astype(int) - 1024)
    assert (found.volume.unit, found.rendering.window, found.padding) == ("HU", Window(40, 400), None)
    files = cut("coronal", PixelPaddingValue=BODY[2, 3, 1].item())
    padding = load(*group(files), files).padding
    assert padding is not None
    assert np.argwhere(padding).tolist() == [[2, 3, 1]]


def test_slices_of_different_scales_share_a_type() -> None:
    files = cut("axial")
    files["0"] = make_file(
        BODY[0].copy(), ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=AXIAL, PixelSpacing=[1, 1],
        InstanceNumber=50, RescaleSlope=0.5, RescaleIntercept=0,
    )  # fmt: skip
    found = load(*group(files), files).volume
    np.testing.assert_array_equal(found.values[0], BODY[0] / 2)
    np.testing.assert_array_equal(found.values[1:], BODY[1:])
    assert found.values.dtype == np.float32


def test_missing_uneven_and_shifted_slices_are_said() -> None:
    def stack_at(positions: list[list[float]]) -> DicomStack:
        files = {
            f"{i}": make_file(
                BODY[0].copy(), ImagePositionPatient=p, ImageOrientationPatient=AXIAL, PixelSpacing=[1, 1]
            )
            for i, p in enumerate(positions)
        }
        (stack,) = group(files)
        return stack

    assert stack_at([[0, 0, z] for z in (0, 2, 4, 6)]).warnings == ()
    missing = stack_at([[0, 0, z] for z in (0, 2, 4, 10, 12)])
    assert missing.spacing_mm == (2, 1, 1)
    assert any(warning.startswith("2 slices seem to be missing") for warning in missing.warnings)
    assert any("evenly" in warning for warning in stack_at([[0, 0, z] for z in (0, 2, 4.3, 6)]).warnings)
    assert any("tilted" in warning for warning in stack_at([[0, z, z] for z in (0, 2, 4)]).warnings)


def test_images_of_one_position() -> None:
    first, second = cut("axial"), cut("axial", InstanceNumber=90)
    twice = {f"a{name}": data for name, data in first.items()} | {f"b{n}": d for n, d in second.items()}
    stacks = group(twice)
    assert [len(stack.slices) for stack in stacks] == [4, 4]
    assert [{one.name[0] for one in stack.slices} for stack in stacks] == [{"a"}, {"b"}]
    assert all("2 images of each position" in stack.warnings[0] for stack in stacks)

    (stack,) = group(first | {"again": first["0"]})
    assert (len(stack.slices), [one.name for one in stack.left_out]) == (4, ["again"])
    assert any("left out" in warning for warning in stack.warnings)


def test_what_does_not_fit_makes_stacks_of_its_own() -> None:
    files = cut("axial")
    scout = {"scout": cut("sagittal")["0"]}
    stranger = {"stranger": make_file(BODY[0].copy(), SeriesInstanceUID="1.2.3", PatientID="patient-77")}
    larger = {"larger": make_file(np.zeros((9, 9), np.int16))}
    stacks = group(files | scout | stranger | larger)
    assert sorted(len(stack.slices) for stack in stacks) == [1, 1, 1, 4]
    assert len({stack.identity.series for stack in stacks}) == 2
    assert len({stack.identity.patient for stack in stacks}) == 1
    without = {str(i): make_file(BODY[i].copy(), SeriesInstanceUID="") for i in range(3)}
    assert [len(stack.slices) for stack in group(without)] == [1, 1, 1]


def test_without_positions_numbers_then_names_give_the_order() -> None:
    (stack,) = group(cut("axial", ImagePositionPatient=None))
    numbered = cut("axial", ImagePositionPatient=None)
    values = load(stack, numbered).volume
    np.testing.assert_array_equal(values.values, BODY[::-1])
    assert any("order of their numbers" in warning for warning in stack.warnings)
    assert not values.is_oriented
    (stack,) = group(cut("axial", ImagePositionPatient=None, InstanceNumber=1))
    assert [one.name for one in stack.slices] == sorted(one.name for one in stack.slices)
    assert any("order of their names" in warning for warning in stack.warnings)
    films = cut("axial", ImagePositionPatient=None, ImageOrientationPatient=None, Modality="CR")
    assert [len(stack.slices) for stack in group(films)] == [1, 1, 1, 1]


def test_a_file_of_many_frames_is_ordered_by_their_positions() -> None:
    order = [2, 0, 3, 1]
    groups = []
    for z in order:
        place, turn, frame = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient, turn.ImageOrientationPatient = [0, 0, 3 * z], AXIAL
        frame.PlanePositionSequence, frame.PlaneOrientationSequence = Sequence([place]), Sequence([turn])
        groups.append(frame)
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [1, 2], 9
    shared.PixelMeasuresSequence = Sequence([measures])
    data = make_file(
        BODY[order],
        PerFrameFunctionalGroupsSequence=Sequence(groups),
        SharedFunctionalGroupsSequence=Sequence([shared]),
    )
    files = {"one": data}
    (stack,) = group(files)
    found = load(stack, files).volume
    np.testing.assert_array_equal(found.values, BODY)
    assert found.spacing_mm == (3, 1, 2)
    plain = {"one": make_file(BODY[order])}
    (stack,) = group(plain)
    np.testing.assert_array_equal(load(stack, plain).volume.values, BODY[order])


def test_limits_and_changed_files() -> None:
    files = cut("axial")
    (stack,) = group(files)
    with pytest.raises(ImageReadError, match="over the limit"):
        load_stack(stack, files.__getitem__, max_pixels=100, key=KEY)
    with pytest.raises(ImageReadError, match="its slice 1 cannot be read: it is truncated"):
        load(stack, files | {"1": files["1"][:-4]})
    with pytest.raises(ImageReadError, match="its slice 1 changed"):
        load(stack, files | {"1": make_file(np.zeros((9, 9), np.int16))})
