"""The sample files of clinical scanners and of other toolkits' tests, held against pydicom by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut

from core.errors import ImageReadError
from core.images.dicom.header import read_header
from core.images.dicom.image import decode_dicom
from core.images.dicom.series import group_stacks
from core.images.dicom.stacking import load_stack
from core.images.intensity import find_preset
from tests.core.images.dicom.files import KEY

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
ODD = DATA / "dicom_odd"
LIMIT = 80_000_000
REFUSED = {
    "fo-dicom__GH178.dcm": "without a picture",
    "fo-dicom__multiframe.dcm": "another size than its header",
    "pydicom__JPEG-lossy.dcm": "12 bits",
    "pydicom__JPGExtended.dcm": "12 bits",
    "pydicom__MR_truncated.dcm": "truncated",
    "pydicom__badVR.dcm": "NumberOfFrames",
    "pydicom__empty_charset_LEI.dcm": "without a picture",
    "pydicom__meta_missing_tsyntax.dcm": "Rows",
    "pydicom__no_meta.dcm": "not a DICOM file",
    "pydicom__reportsi.dcm": "without a picture",
    "pydicom__rtplan.dcm": "without a picture",
    "pydicom__rtstruct.dcm": "without a picture",
}
LOSSLESS_JPEG = {
    "fo-dicom__IM-0001-0001-0001.dcm",
    "pydicom-data__JPEG-LL.dcm",
    "pydicom-data__bad_sequence.dcm",
}

pytestmark = [
    pytest.mark.skipif(not ODD.is_dir(), reason="the sample files are not beside this checkout"),
    pytest.mark.filterwarnings(r"ignore:::pydicom\..*"),
]


def names() -> list[str]:
    return sorted(path.name for path in ODD.glob("*.dcm"))


@pytest.mark.parametrize("name", names())
def test_every_file_is_read_as_pydicom_reads_it_or_refused(name: str) -> None:
    path = ODD / name
    if name in REFUSED:
        with pytest.raises(ImageReadError, match=REFUSED[name]):
            decode_dicom(path.read_bytes(), max_pixels=LIMIT, key=KEY)
        return
    image = decode_dicom(path.read_bytes(), max_pixels=LIMIT, key=KEY)
    values = image.values if image.header.layout.n_frames > 1 else image.values[0]
    if name == "pydicom-data__emri_small_jpeg_2k_lossless_too_short.dcm":
        # pydicom finds no pixels here; the same picture is in the collection without compression.
        dataset = pydicom.dcmread(ODD / "pydicom-data__emri_small.dcm")
    else:
        dataset = pydicom.dcmread(path, force=True)
    if not hasattr(dataset.file_meta, "TransferSyntaxUID"):
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    stored = decode_independently(dataset) if name in LOSSLESS_JPEG else dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        expected = apply_color_lut(stored, dataset)
    elif dataset.PhotometricInterpretation.startswith("MONO"):
        expected = apply_modality_lut(stored, dataset)
    else:
        expected = stored
    if values.shape[-1] == 3 and expected.dtype == np.uint16:
        expected = expected >> 8
    np.testing.assert_array_equal(values, expected)
    if "WindowWidth" in dataset and "VOILUTSequence" not in dataset and image.values.ndim == 3:
        picture = image.render(find_preset("film"), output="float32")
        shown = apply_voi_lut(np.asarray(expected), dataset)
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            shown = -shown
        measured = np.ones(picture.shape, bool) if image.padding is None else ~image.padding[0]
        assert np.corrcoef(shown[measured], picture[measured])[0, 1] > 0.99999


def decode_independently(dataset: pydicom.Dataset) -> np.ndarray:
    imagecodecs = pytest.importorskip("imagecodecs")
    frame = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    unused = 16 - dataset.BitsStored
    samples = imagecodecs.jpeg8_decode(frame).astype(np.uint16) << unused
    return (samples.view(np.int16) if dataset.PixelRepresentation else samples) >> unused


@pytest.mark.parametrize(
    ("folder", "n", "unit", "spacing"),
    [
        ("ct_head_ge", 10, "HU", (4.0, 0.488, 0.488)),
        ("mr_brain_T2_reg", 22, "", (6.5, 0.6875, 0.6875)),
        ("torchio_small", 17, "", (2.0, 2.0, 2.0)),
    ],
)
def test_series_are_one_volume_each(
    folder: str, n: int, unit: str, spacing: tuple[float, float, float]
) -> None:
    headers = []
    for path in sorted((DATA / "dicom_series" / folder).iterdir(), reverse=True):
        with path.open("rb") as stream:
            headers.append((path.name, read_header(stream, max_pixels=LIMIT, key=KEY)))
    (stack,) = group_stacks(headers)
    volume = load_stack(
        stack,
        lambda name: (DATA / "dicom_series" / folder / name).read_bytes(),
        max_pixels=LIMIT,
        key=KEY,
    ).volume
    assert (volume.shape[0], volume.unit, volume.is_oriented) == (n, unit, True)
    np.testing.assert_allclose(volume.spacing_mm, spacing, atol=0.01)
    heights = []
    for one, plane in zip(stack.slices, volume.values, strict=True):
        dataset = pydicom.dcmread(DATA / "dicom_series" / folder / one.name)
        heights.append(float(dataset.ImagePositionPatient[2]))
        turns = [-1 if dataset.ImageOrientationPatient[axis] < 0 else 1 for axis in (4, 0)]
        upright = apply_modality_lut(dataset.pixel_array, dataset)[:: turns[0], :: turns[1]]
        np.testing.assert_array_equal(plane, upright)
    assert heights == sorted(heights)
