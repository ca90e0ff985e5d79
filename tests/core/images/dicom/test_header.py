"""Headers: what is kept of them, what never is, and how little of a file is read for it."""

from __future__ import annotations

import io
import logging
import struct
import warnings
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless

from core.errors import ImageReadError
from core.images.dicom.elements import Elements
from core.images.dicom.header import DicomHeader, read_header
from core.images.dicom.image import decode_dicom
from core.images.dicom.opening import is_dicom
from core.images.intensity import Window
from tests.core.images.dicom.files import KEY, LIMIT, SECRET, make_dataset, make_file, write

pytestmark = pytest.mark.filterwarnings(r"ignore:::pydicom\..*")

PIXELS = np.arange(8 * 6, dtype=np.uint16).reshape(8, 6)


def read(data: bytes, *, key: bytes = KEY) -> DicomHeader:
    return read_header(io.BytesIO(data), max_pixels=LIMIT, key=key)


def test_a_header_is_read_without_its_pixels() -> None:
    class Counting(io.BytesIO):
        n_read = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.n_read += len(data)
            return data

    big = np.zeros((900, 900), np.uint16)
    dataset = make_dataset(big, WindowCenter=40, WindowWidth=400)
    dataset.ImageComments = "x" * 10_000
    stream = Counting(write(dataset))
    header = read_header(stream, max_pixels=LIMIT, key=KEY)
    assert (header.layout.rows, header.layout.columns, header.modality) == (900, 900, "CT")
    assert header.frames[0].window == Window(40, 400)
    assert stream.n_read < 3000


def test_identifiers_are_keyed_hashes_only() -> None:
    one = make_dataset(PIXELS)
    same = make_dataset(PIXELS[::-1], PatientName="Other")
    padded = make_dataset(PIXELS, PatientID="patient-77 ")
    other = make_dataset(PIXELS, PatientID="patient-78")
    elsewhere = make_dataset(PIXELS, IssuerOfPatientID="Clinic")
    nobody = make_dataset(PIXELS, PatientID=None)
    found = [read(write(one)).identity for one in (one, same, padded, other, elsewhere, nobody)]
    patients = [identity.patient for identity in found]
    assert patients[0] == patients[1] == patients[2]
    assert len(set(patients[2:])) == 4
    assert patients[5] is None
    assert all(patient is None or len(patient) == 32 for patient in patients)
    assert len({found[0].patient, found[0].study, found[0].series}) == 3
    assert read(write(one), key=b"another" * 5).identity.patient != patients[0]


def test_nothing_of_a_header_is_shown_logged_or_said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def fill(dataset: Dataset) -> bytes:
        dataset.SpecificCharacterSet = dataset.PatientComments = SECRET * 10
        for tag in (0x00280301, 0x00080060, 0x00281054, 0x00080064, 0x00281056):
            dataset.add_new(tag, "LO", SECRET)
        return write(dataset)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's own, while writing
        unknown = fill(make_dataset(PIXELS, PhotometricInterpretation="DOE^JANE"))
        plain = fill(make_dataset(PIXELS))
        many = fill(make_dataset(PIXELS, NumberOfFrames=1)).replace(b"IS\x02\x001 ", b"IS\x02\x00Do")
        packed = make_dataset(np.tile(PIXELS, (5, 6)))
        packed.compress(JPEG2000Lossless, generate_instance_uid=False)
        damaged = bytearray(fill(packed))
    damaged[-120:-20] = bytes(100)
    caplog.clear()
    capfd.readouterr()
    said = []
    with caplog.at_level(logging.DEBUG):
        for data in (unknown, plain[:-40], many, bytes(damaged)[:-9]):
            with pytest.raises(ImageReadError) as caught:
                decode_dicom(data, max_pixels=LIMIT, key=KEY)
            said.append(str(caught.value))
        image = decode_dicom(plain, max_pixels=LIMIT, key=KEY)
    said += [repr(image), str(image.header), *image.warnings, caplog.text, *capfd.readouterr()]
    for text in said:
        assert "jane" not in text.lower()
        assert "patient-77" not in text
    assert (image.header.modality, image.header.unit) == ("", "")
    assert caplog.text == ""


def test_the_elements_themselves_show_nothing() -> None:
    elements = Elements(little_endian=True)
    elements._values[0x00100010] = SECRET.encode()
    assert "Doe" not in repr(elements)


@pytest.mark.parametrize(
    ("elements", "expected", "warned"),
    [
        ({"BurnedInAnnotation": "YES"}, True, True),
        ({"BurnedInAnnotation": "NO"}, False, False),
        ({}, None, False),
        ({"Modality": "US"}, None, True),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, False, False),
        ({"ConversionType": "WSD"}, None, True),
    ],
)
def test_burned_in_text_is_a_warning(elements: dict[str, Any], expected: bool | None, warned: bool) -> None:
    header = read(make_file(PIXELS, **elements))
    assert header.has_burned_in_text is expected
    assert any("burned into" in warning for warning in header.warnings) == warned


def test_place_spacing_and_number() -> None:
    header = read(
        make_file(
            PIXELS,
            ImagePositionPatient=[1, 2, 3],
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            PixelSpacing=[0.5, 0.25],
            SliceThickness=5,
            SpacingBetweenSlices=-4,
            InstanceNumber=12,
        )
    )
    frame = header.frames[0]
    assert frame.position == (1, 2, 3)
    assert frame.normal == (0, 1, 0)
    assert (header.spacing_mm, header.slice_step_mm, header.instance) == ((0.5, 0.25), 4, 12)
    film = read(make_file(PIXELS, Modality="DX", ImagerPixelSpacing=[0.2, 0.2]))
    assert film.spacing_mm == (0.2, 0.2)
    assert any("detector" in warning for warning in film.warnings)
    skewed = read(make_file(PIXELS, ImageOrientationPatient=[1, 0, 0, 1, 0, 0], PixelSpacing=[0, 1]))
    assert (skewed.frames[0].normal, skewed.spacing_mm) == (None, None)


@pytest.mark.parametrize("width", [0, 0.5, -3])
def test_windows_that_mean_nothing_are_passed_over(width: float) -> None:
    assert read(make_file(PIXELS, WindowCenter=4, WindowWidth=width)).frames[0].window is None


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_files_without_a_preamble_or_a_named_syntax(syntax: str) -> None:
    whole = write(make_dataset(PIXELS), syntax=syntax)
    with_meta = whole[132:]
    assert is_dicom(with_meta)
    np.testing.assert_array_equal(decode_dicom(with_meta, max_pixels=LIMIT, key=KEY).values[0], PIXELS)
    length = struct.unpack("<L", with_meta[8:12])[0]
    bare = with_meta[12 + length :]
    assert is_dicom(bare)
    np.testing.assert_array_equal(decode_dicom(bare, max_pixels=LIMIT, key=KEY).values[0], PIXELS)


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\x00", b"\x93NUMPY", b"BM", b""]
)
def test_other_formats_are_not_taken_for_dicom(start: bytes) -> None:
    assert not is_dicom(start + b"\x00" * 140)


def test_sequences_that_are_not_needed_are_stepped_over() -> None:
    inner = Dataset()
    inner.PatientID, inner.Rows = "another", 3
    inner.RelatedSeriesSequence = Sequence([Dataset(), Dataset()])
    for undefined in (False, True):
        dataset = make_dataset(PIXELS)
        inner.is_undefined_length_sequence_item = undefined
        dataset.ReferencedStudySequence = Sequence([inner, Dataset()])
        dataset["ReferencedStudySequence"].is_undefined_length = undefined
        plain, header = read(make_file(PIXELS)), read(write(dataset))
        assert (header.layout, header.identity) == (plain.layout, plain.identity)


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    n = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    return head + (struct.pack("<HL", 0, n) if vr in (b"SQ", b"OB", b"UN") else struct.pack("<H", n)) + value


def test_hostile_headers_are_refused_fast() -> None:
    start = write(make_dataset(PIXELS))[:132] + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    nested = element(0x00081110, b"SQ", b"", 0xFFFFFFFF) + item
    with pytest.raises(ImageReadError, match="nests"):
        read(start + nested * 5000)
    with pytest.raises(ImageReadError, match="truncated"):
        read(start + element(0x00104000, b"UN", b"abc", 0xFFFFFF00))
    with pytest.raises(ImageReadError, match="more elements"):
        read(start + element(0x00080064, b"CS", b"") * 300_001)
