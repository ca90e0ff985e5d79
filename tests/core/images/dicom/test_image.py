"""Pixels and values of DICOM files, held against what pydicom itself gives."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from core.errors import ImageReadError
from core.images.dicom.image import DicomImage, decode_dicom
from core.images.dicom.opening import NoPictureError
from core.images.intensity import Intensity, IntensityMode, find_preset
from core.images.lossless_jpeg import encode_lossless_jpeg
from tests.core.images.dicom.files import KEY, LIMIT, make_dataset, make_file, read_again, write

pytestmark = pytest.mark.filterwarnings(r"ignore:::pydicom\..*")

GREY = (np.arange(40 * 34) * 7 % 251).astype(np.uint8).reshape(40, 34)
TWELVE = (np.arange(40 * 34) * 37 % 4096).astype(np.uint16).reshape(40, 34)
SIGNED = (np.arange(40 * 34) * 29 % 4000 - 1000).astype(np.int16).reshape(40, 34)
COLOUR = np.stack([GREY, np.roll(GREY, 5), GREY[::-1]], axis=-1)
NATURAL = Intensity(mode=IntensityMode.MINMAX)


def decode(data: bytes) -> DicomImage:
    return decode_dicom(data, max_pixels=LIMIT, key=KEY)


@pytest.mark.parametrize("pixels", [GREY, TWELVE, SIGNED], ids=["uint8", "uint16", "int16"])
@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless, JPEG2000Lossless, JPEGLSLossless],
)
def test_every_syntax_gives_the_same_pixels(syntax: str, pixels: np.ndarray) -> None:
    dataset = make_dataset(pixels)
    if syntax not in (ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian):
        dataset.compress(syntax, generate_instance_uid=False)
    image = decode(write(dataset, syntax=syntax))
    np.testing.assert_array_equal(image.values, pixels[None])
    assert image.values.dtype == pixels.dtype


def test_big_endian() -> None:
    for pixels in (SIGNED, GREY):
        dataset = make_dataset(pixels)
        dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
        np.testing.assert_array_equal(decode(write(dataset, syntax=ExplicitVRBigEndian)).values[0], pixels)


def make_compressed(frames: list[bytes], pixels: np.ndarray, **elements: Any) -> bytes:
    from pydicom.encaps import encapsulate

    dataset = make_dataset(pixels, **elements)
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return write(dataset, syntax="1.2.840.10008.1.2.4.70")


def test_lossless_jpeg_grey_colour_and_frames() -> None:
    data = make_compressed([encode_lossless_jpeg(GREY)], GREY)
    np.testing.assert_array_equal(decode(data).values[0], GREY)
    data = make_compressed([encode_lossless_jpeg(COLOUR)], COLOUR, PhotometricInterpretation="RGB")
    np.testing.assert_array_equal(decode(data).values[0], COLOUR)
    stack = np.stack([GREY, GREY[::-1], GREY.T.reshape(GREY.shape)])
    data = make_compressed([encode_lossless_jpeg(frame) for frame in stack], stack)
    np.testing.assert_array_equal(decode(data).values, stack)


def test_lossy_jpeg_matches_pydicom() -> None:
    smooth = np.asarray(Image.fromarray(GREY[:6, :5]).resize((34, 40), Image.Resampling.BICUBIC))
    colour = np.stack([smooth, smooth[::-1], smooth[:, ::-1]], axis=-1)
    for pixels, photometric in ((smooth, "MONOCHROME2"), (colour, "YBR_FULL_422")):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=90)
        data = make_compressed([stream.getvalue()], pixels, PhotometricInterpretation=photometric)
        data = data.replace(b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.50")
        values = decode(data).values[0]
        np.testing.assert_array_equal(values, read_again(data).pixel_array)
        assert np.abs(values.astype(int) - pixels).mean() < 10
        for syntax in (b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.90"):
            with pytest.raises(ImageReadError, match=r"lossless kind|damaged"):
                decode(data.replace(b"1.2.840.10008.1.2.4.50", syntax))


def test_lossless_jpeg_takes_the_sign_from_the_header() -> None:
    signed = GREY.view(np.int8)
    data = make_compressed([encode_lossless_jpeg(GREY)], signed)
    np.testing.assert_array_equal(decode(data).values[0], signed)


@pytest.mark.parametrize(
    ("pixels", "slope", "intercept", "dtype"),
    [
        (SIGNED, 1, 0, np.int16),
        (TWELVE, 1, -1024, np.int16),
        (SIGNED, 2, -1024, np.int32),
        (TWELVE, 0.5, -3, np.float32),
        (GREY, -1, 300, np.int16),
        (GREY, 1, -1, np.int16),
    ],
)
def test_values_are_rescaled_as_pydicom_does(
    pixels: np.ndarray, slope: float, intercept: float, dtype: type
) -> None:
    elements = {"RescaleSlope": slope, "RescaleIntercept": intercept}
    if pixels is TWELVE:
        elements |= {"BitsStored": 12}
    data = make_file(pixels, **elements)
    again = read_again(data)
    image = decode(data)
    np.testing.assert_array_equal(image.values[0], apply_modality_lut(again.pixel_array, again))
    assert image.values.dtype == dtype
    assert image.header.unit == "HU"  # CT, whose header may leave it out
    assert image.header.layout.bits == (12 if pixels is TWELVE else pixels.dtype.itemsize * 8)


def test_bits_that_are_not_in_use_are_no_part_of_a_value() -> None:
    dirty = TWELVE | 0xA000
    data = make_file(dirty, BitsStored=12)
    np.testing.assert_array_equal(decode(data).values[0], TWELVE)
    np.testing.assert_array_equal(read_again(data).pixel_array, TWELVE)
    signed = make_file((SIGNED & 0x0FFF).view(np.int16), BitsStored=12)
    np.testing.assert_array_equal(decode(signed).values[0], read_again(signed).pixel_array)
    assert decode(signed).values.min() < 0


def test_monochrome1_turns_the_picture_and_keeps_the_values() -> None:
    two = decode(make_file(TWELVE, BitsStored=12))
    one = decode(make_file(TWELVE, BitsStored=12, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(one.values, two.values)
    for policy in (NATURAL, find_preset("film"), find_preset("mr")):
        bright = two.render(policy, output="float32")
        np.testing.assert_allclose(one.render(policy, output="float32"), 255 - bright, atol=1e-4)
    np.testing.assert_array_equal(one.render(Intensity()), 4095 - TWELVE)


@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_windows_of_files_match_pydicom(function: str | None) -> None:
    elements: dict[str, Any] = {"RescaleSlope": 1, "RescaleIntercept": -1024, "BitsStored": 12}
    elements |= {"WindowCenter": [40, 300], "WindowWidth": [400, 1500]}
    if function:
        elements["VOILUTFunction"] = function
    data = make_file(TWELVE, **elements)
    again = read_again(data)
    shown = apply_voi_lut(apply_modality_lut(again.pixel_array, again), again)
    expected = (shown + 1024) / 4095 * 255
    picture = decode(data).render(find_preset("film"), output="float32")
    np.testing.assert_allclose(picture, expected, atol=1e-4)


def make_table(first: int, entries: np.ndarray, bits: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


def test_lookup_tables_match_pydicom() -> None:
    rng = np.random.default_rng(1)
    modality = make_table(500, rng.integers(0, 65536, 1000), 16)
    modality.ModalityLUTType = "OD"
    data = make_file(TWELVE, BitsStored=12, ModalityLUTSequence=Sequence([modality]))
    again = read_again(data)
    image = decode(data)
    np.testing.assert_array_equal(image.values[0], apply_modality_lut(again.pixel_array, again))
    assert image.header.unit == "OD"

    voi = make_table(100, np.sort(rng.integers(0, 4096, 2000)), 12)
    data = make_file(TWELVE, BitsStored=12, VOILUTSequence=Sequence([voi]), WindowCenter=0, WindowWidth=10)
    again = read_again(data)
    picture = decode(data).render(find_preset("film"), output="float32")
    np.testing.assert_allclose(picture, apply_voi_lut(again.pixel_array, again) / 4095 * 255, atol=1e-4)


@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_become_colours(bits: int) -> None:
    rng = np.random.default_rng(2)
    tables = rng.integers(0, 1 << bits, (3, 256))
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    dataset = make_dataset(GREY, **elements)
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, bits])
        setattr(dataset, f"{name}PaletteColorLookupTableData", table.astype(f"<u{bits // 8}").tobytes())
    data = write(dataset)
    again = read_again(data)
    expected = apply_color_lut(again.pixel_array, again) >> (bits - 8)
    np.testing.assert_array_equal(decode(data).values[0], expected)


def test_segmented_palettes_are_expanded_and_never_without_end() -> None:
    listed = np.array([0, 4, 0, 10, 20, 30, 1, 252, 255], np.uint8).tobytes()
    dataset = make_dataset(GREY, PhotometricInterpretation="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(dataset, f"Segmented{name}PaletteColorLookupTableData", listed + b"\x00")
    data = write(dataset)
    again = read_again(data)
    np.testing.assert_array_equal(decode(data).values[0], apply_color_lut(again.pixel_array, again))
    bomb = np.array([0, 1, 7, 2, 255, 0, 0, 0, 0], np.uint8).tobytes() + b"\x00"
    dataset.SegmentedBluePaletteColorLookupTableData = bomb
    with pytest.raises(ImageReadError, match="palette"):
        decode(write(dataset))


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_colours_match_pydicom(photometric: str, planar: int) -> None:
    stored = COLOUR if planar == 0 else np.moveaxis(COLOUR, -1, 0)
    dataset = make_dataset(COLOUR, PhotometricInterpretation=photometric, PlanarConfiguration=planar)
    dataset.PixelData = np.ascontiguousarray(stored).tobytes()
    data = write(dataset)
    image = decode(data)
    np.testing.assert_array_equal(image.values[0], read_again(data).pixel_array)
    if photometric == "RGB":
        np.testing.assert_array_equal(image.values[0], COLOUR)
    np.testing.assert_array_equal(image.render(NATURAL), image.values[0])


def test_halved_and_deep_colours() -> None:
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_FULL_422")
    dataset.PixelData = COLOUR.tobytes()[: COLOUR.size // 3 * 2]
    data = write(dataset)
    np.testing.assert_array_equal(decode(data).values[0], read_again(data).pixel_array)
    deep = COLOUR.astype(np.uint16) << 8 | 77
    image = decode(make_file(deep, PhotometricInterpretation="RGB"))
    np.testing.assert_array_equal(image.values[0], COLOUR)
    assert any("16-bit colour" in warning for warning in image.warnings)


def test_padding_is_marked_and_black() -> None:
    pixels = SIGNED.copy()
    pixels[:3] = -2000
    elements: dict[str, Any] = {"RescaleSlope": 1, "RescaleIntercept": -1024}
    plain, marked = make_dataset(pixels, **elements), make_dataset(pixels, **elements)
    marked.add_new(0x00280120, "SS", -2000)
    image = decode(write(marked))
    assert image.padding is not None
    np.testing.assert_array_equal(image.padding[0], pixels == -2000)
    assert decode(write(plain)).padding is None
    picture = image.render(NATURAL)
    assert (picture[:3] == 0).all()
    assert picture.max() == 255
    expected = np.rint((pixels[3:].astype(float) - pixels[3:].min()) / np.ptp(pixels[3:]) * 255)
    np.testing.assert_array_equal(picture[3:], expected)
    marked.add_new(0x00280121, "SS", -1000)  # a range of padding values
    ranged = decode(write(marked)).padding
    assert ranged is not None
    np.testing.assert_array_equal(ranged[0], pixels <= -1000)


def test_many_frames_with_a_scale_of_each() -> None:
    stack = np.stack([TWELVE, TWELVE[::-1], TWELVE // 2])
    groups = []
    for slope in (1, 2, 3):
        scale, group = Dataset(), Dataset()
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = slope, -slope, "HU"
        group.PixelValueTransformationSequence = Sequence([scale])
        groups.append(group)
    data = make_file(stack, PerFrameFunctionalGroupsSequence=Sequence(groups), BitsStored=12)
    image = decode(data)
    expected = np.stack([frame.astype(int) * s - s for frame, s in zip(stack, (1, 2, 3), strict=True)])
    np.testing.assert_array_equal(image.values, expected)
    assert image.values.dtype == np.int16
    np.testing.assert_array_equal(image.render(NATURAL, frame=1), image.render(NATURAL)[::-1])
    with pytest.raises(IndexError):
        image.render(NATURAL, frame=3)
    with pytest.raises(ImageReadError, match="fewer frames"):
        decode(make_file(stack, PerFrameFunctionalGroupsSequence=Sequence(groups[:2])))


def test_real_numbers_and_single_bits() -> None:
    values = np.linspace(-3, 8, GREY.size, dtype=np.float32).reshape(GREY.shape)
    dataset = make_dataset(values)
    dataset.FloatPixelData = dataset.PixelData
    del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    np.testing.assert_array_equal(decode(write(dataset)).values[0], values)
    dataset.FloatPixelData = np.full_like(values, np.nan).tobytes()
    with pytest.raises(ImageReadError, match="NaN"):
        decode(write(dataset))
    mask = GREY > 100
    dataset = make_dataset(mask.astype(np.uint8), BitsAllocated=1, BitsStored=1)
    dataset.PixelData = np.packbits(mask, bitorder="little").tobytes() + b"\x00"
    np.testing.assert_array_equal(decode(write(dataset)).values[0], mask)


def test_a_frame_becomes_an_item_of_an_image_set() -> None:
    image = decode(make_file(TWELVE, BitsStored=12, BurnedInAnnotation="YES")).to_decoded(NATURAL)
    assert (image.facts.format, image.facts.mode, image.facts.bit_depth) == ("DICOM", "MONOCHROME2", 12)
    assert (image.facts.width, image.facts.height, image.facts.channels) == (34, 40, 1)
    assert image.facts.note == "text may be burned in"
    assert image.pixels.dtype == np.uint8
    grey = np.repeat(GREY[..., None], 3, axis=2)
    assert decode(make_file(grey, PhotometricInterpretation="RGB")).to_decoded(NATURAL).facts.channels == 1


SYNTAX = b"1.2.840.10008.1.2.4.70"
ENCAPSULATED = make_compressed([encode_lossless_jpeg(GREY)], GREY)


def change(**elements: Any) -> bytes:
    return make_file(TWELVE, **elements)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (change(Rows=60000, Columns=60000), "over the limit"),
        (change(NumberOfFrames=100_000_000), "over the limit"),
        (change(Rows=41), "truncated"),
        (change(Rows=0), "empty"),
        (change(NumberOfFrames=0), "empty"),
        (change(BitsStored=None, HighBit=11), "BitsStored"),
        (change(PixelRepresentation=None), "PixelRepresentation"),
        (change(PhotometricInterpretation=None), "PhotometricInterpretation"),
        (change(PhotometricInterpretation="HSV"), "save it as RGB"),
        (change(SamplesPerPixel=3), "contradicts itself"),
        (change(RescaleSlope=0, RescaleIntercept=1), "RescaleSlope"),
        (change(BitsAllocated=24), "BitsAllocated"),
        (change()[:-9], "truncated"),
        (change()[:300], "truncated|without a picture"),
        (b"", "not a DICOM file"),
        (b"\x00" * 128 + b"DICM", "without a picture"),
        (
            ENCAPSULATED.replace(SYNTAX, b"1.2.840.10008.1.2.4.93"),
            "Image Compression, which is not read; save",
        ),
        (ENCAPSULATED.replace(SYNTAX, b"1.2.840.99999.1.2.4.93"), "an unknown transfer syntax"),
        (ENCAPSULATED.replace(SYNTAX, b"1.2.840.10008.1.2.1\0\0\0"), "does not fit"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_other_kinds_of_dicom_are_told_apart() -> None:
    plan = make_dataset(TWELVE)
    del plan.PixelData
    with pytest.raises(NoPictureError):
        decode(write(plan))
    directory = make_dataset(TWELVE)
    directory.SOPClassUID = directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    with pytest.raises(NoPictureError, match="DICOMDIR"):
        decode(write(directory))


def test_a_deflated_bomb_is_refused() -> None:
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(b"\x00" * 40_000_000) + packer.flush()
    whole = write(make_dataset(GREY), syntax=DeflatedExplicitVRLittleEndian)
    syntax_end = whole.index(DeflatedExplicitVRLittleEndian.encode()) + len(DeflatedExplicitVRLittleEndian)
    # The elements of group 2 after the syntax say how long it is; none follows in this file.
    with pytest.raises(ImageReadError, match="unpacks to more"):
        decode(whole[: syntax_end + syntax_end % 2] + bomb)


def test_a_compressed_frame_of_another_size_is_not_decoded() -> None:
    for syntax in (JPEG2000Lossless, JPEGLSLossless):
        dataset = make_dataset(TWELVE)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.Rows = 10
        with pytest.raises(ImageReadError, match="another size"):
            decode(write(dataset, syntax=syntax))
    dataset.Rows = 40
    dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 2 * 2 - 100]
    with pytest.raises(ImageReadError):
        decode(write(dataset, syntax=JPEGLSLossless))
