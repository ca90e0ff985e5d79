"""NIfTI: values and orientation as nibabel gives them, and every way a header can lie."""

from __future__ import annotations

import gzip
import io
import logging
import tracemalloc
import zlib
from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.errors import ImageReadError
from core.images.nifti import decode_nifti, is_nifti
from core.images.slices import Plane, take_slice
from core.images.volume import Volume

LIMIT = 1_000_000
SHAPE = (5, 6, 7)
NUMBERS = np.arange(5 * 6 * 7).reshape(SHAPE)


def write(
    values: np.ndarray,
    affine: np.ndarray | None = None,
    *,
    kind: type = nibabel.Nifti1Image,
    **fields: object,
) -> bytes:
    # Files of 64-bit whole numbers are only written where their type is asked for.
    dtype = values.dtype if values.dtype.kind in "iu" else None
    image = kind(values, np.eye(4) if affine is None else affine, dtype=dtype)
    for name, value in fields.items():
        image.header[name] = value
    return image.to_bytes()


def change(data: bytes, **fields: object) -> bytes:
    """Write fields of the header over, unchecked."""
    header = nibabel.Nifti1Header(data[:348], check=False)
    for name, value in fields.items():
        header[name] = value
    return header.binaryblock + data[348:]


def read(data: bytes, **options: object) -> Volume:
    return decode_nifti(data, max_pixels=LIMIT, **options)


def expect(data: bytes) -> np.ndarray:
    """nibabel's values, turned from right-front-head order to the order of a volume."""
    image = nibabel.as_closest_canonical(nibabel.Nifti1Image.from_bytes(data))
    values = np.asanyarray(image.dataobj)
    return values.reshape(values.shape[:3])[::-1, ::-1].transpose(2, 1, 0)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_every_type_is_read_as_nibabel_reads_it(dtype: str) -> None:
    data = write((NUMBERS - 100 * (dtype[-2] != "u")).astype(dtype))
    volume = read(data)
    np.testing.assert_array_equal(volume.values, expect(data))
    assert volume.bits == 8 * np.dtype(dtype).itemsize
    assert (volume.unit, volume.warnings, volume.is_oriented) == ("", (), True)


@pytest.mark.parametrize("dtype", ["i2", "f4", "u1"])
def test_files_of_the_other_byte_order(dtype: str) -> None:
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(dtype)
    header.set_data_shape(SHAPE)
    header.set_sform(np.diag([-2.0, 3.0, 4.0, 1.0]), code=1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    data = header.binaryblock + b"\0" * 4 + NUMBERS.astype(f">{dtype}").tobytes(order="F")
    volume = read(data)
    np.testing.assert_array_equal(volume.values, expect(data))
    assert volume.spacing_mm == (4, 3, 2)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("is_packed", [False, True])
def test_both_versions_plain_and_packed(kind: type, is_packed: bool) -> None:
    data = write(NUMBERS.astype(np.int16), kind=kind)
    packed = gzip.compress(data) if is_packed else data
    assert is_nifti(packed)
    np.testing.assert_array_equal(read(packed).values, NUMBERS[::-1, ::-1].transpose(2, 1, 0))


def test_hounsfield_units_stay_whole() -> None:
    stored = (NUMBERS * 10).astype(np.int16)
    data = change(write(stored), scl_slope=1, scl_inter=-1024)
    volume = read(data)
    assert volume.values.dtype == np.int16
    assert volume.values.min() == -1024
    np.testing.assert_array_equal(volume.values, expect(data))
    wide = read(change(data, scl_slope=-1000))
    assert wide.values.dtype == np.int32
    np.testing.assert_array_equal(wide.values, expect(change(data, scl_slope=-1000)))


def test_slopes_make_real_numbers() -> None:
    data = change(write(NUMBERS.astype(np.uint16)), scl_slope=0.25, scl_inter=-3.5)
    volume = read(data)
    assert volume.values.dtype == np.float32
    np.testing.assert_allclose(volume.values, expect(data), rtol=1e-6)


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf])
def test_slopes_that_mean_none(slope: float) -> None:
    data = change(write(NUMBERS.astype(np.uint8)), scl_slope=slope, scl_inter=7)
    assert read(data).values.max() == NUMBERS.max()


def make_phantom() -> tuple[np.ndarray, dict[str, int]]:
    """A body in right-front-head order whose six sides carry their own number."""
    body = np.zeros((9, 9, 9), np.int16)
    sides = {"left": 1, "right": 2, "back": 3, "front": 4, "feet": 5, "head": 6}
    body[0, 4, 4], body[-1, 4, 4] = sides["left"], sides["right"]
    body[4, 0, 4], body[4, -1, 4] = sides["back"], sides["front"]
    body[4, 4, 0], body[4, 4, -1] = sides["feet"], sides["head"]
    return body, sides


@pytest.mark.parametrize("tilt_deg", [0, 20])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_the_left_of_the_picture_is_the_patients_right(order: tuple[int, ...], tilt_deg: int) -> None:
    body, sides = make_phantom()
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", tilt_deg, degrees=True).as_matrix()
    for signs in product((1, -1), repeat=3):
        # Store the same body with its axes in another order and direction, and an affine that says so.
        stored = np.ascontiguousarray(body.transpose(order)[tuple(slice(None, None, sign) for sign in signs)])
        affine = np.zeros((4, 4))
        affine[3, 3] = 1
        for axis, (along, sign) in enumerate(zip(order, signs, strict=True)):
            affine[along, axis] = sign * (1.0, 2.0, 3.0)[along]
        volume = read(write(stored, turn @ affine))
        np.testing.assert_allclose(volume.spacing_mm, (3, 2, 1), rtol=1e-5)
        axial = take_slice(volume, Plane.AXIAL, 4).pixels
        assert (axial[4, 0], axial[4, -1]) == (sides["right"], sides["left"])
        assert (axial[0, 4], axial[-1, 4]) == (sides["front"], sides["back"])
        coronal = take_slice(volume, Plane.CORONAL, 4).pixels
        assert (coronal[0, 4], coronal[-1, 4]) == (sides["head"], sides["feet"])
        assert (coronal[4, 0], coronal[4, -1]) == (sides["right"], sides["left"])
        sagittal = take_slice(volume, Plane.SAGITTAL, 4).pixels
        assert (sagittal[4, 0], sagittal[4, -1]) == (sides["front"], sides["back"])
        assert any("oblique by 20°" in warning for warning in volume.warnings) is (tilt_deg == 20)


def test_units_of_length() -> None:
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    for code, scale in ((0, 1), (1, 1000), (2, 1), (3, 0.001)):
        volume = read(change(write(NUMBERS.astype(np.uint8), affine), xyzt_units=code + 8))
        np.testing.assert_allclose(volume.spacing_mm, np.array([2.0, 0.5, 0.5]) * scale)


def test_a_header_without_orientation_is_read_as_nibabel_reads_it_and_says_so() -> None:
    data = change(
        write(NUMBERS.astype(np.int16)), sform_code=0, qform_code=0, pixdim=[1, 2, 3, 4, 1, 1, 1, 1]
    )
    volume = read(data)
    np.testing.assert_array_equal(volume.values, expect(data))
    assert volume.spacing_mm == (4, 3, 2)
    assert not volume.is_oriented
    assert "left and right are a guess" in volume.warnings[0]


def test_sizes_of_zero_are_no_spacing() -> None:
    data = change(
        write(NUMBERS.astype(np.int16)), sform_code=0, qform_code=0, pixdim=[1, 0, 0, 0, 0, 0, 0, 0]
    )
    volume = read(data)
    assert volume.spacing_mm is None
    assert volume.shape == (7, 6, 5)
    assert any("distances" in warning for warning in volume.warnings)


def test_nan_takes_the_smallest_value() -> None:
    values = NUMBERS.astype(np.float32) - 50
    values[0, 0, :3] = np.nan
    volume = read(write(values))
    assert volume.values[0, -1, -1] == np.nanmin(values)
    assert volume.warnings == ("3 of 210 voxels are not numbers (NaN) and take the smallest value.",)
    with pytest.raises(ImageReadError, match="none of its voxels"):
        read(write(np.full(SHAPE, np.nan, np.float32)))
    values[0, 0, 0] = np.inf
    with pytest.raises(ImageReadError, match="infinite"):
        read(write(values))


def test_one_volume_of_several() -> None:
    several = np.stack([NUMBERS, NUMBERS + 1000], axis=-1).astype(np.int16)
    for data in (write(several), gzip.compress(write(several))):
        with pytest.raises(ImageReadError, match="2 volumes"):
            read(data)
        np.testing.assert_array_equal(read(data, volume=1).values, read(data, volume=0).values + 1000)
        for absent in (-1, 2):
            with pytest.raises(ImageReadError, match="counted from 0"):
                read(data, volume=absent)
    assert read(write(several[..., :1])).shape == (7, 6, 5)
    with pytest.raises(ImageReadError, match="more than 210 voxels"):
        decode_nifti(write(several), max_pixels=210, volume=1)
    with pytest.raises(ImageReadError, match="5 dimensions"):
        read(write(several[:, :, :, None, :]))


@pytest.mark.parametrize("names", [("R", "G", "B"), ("R", "G", "B", "A")])
def test_colour(names: tuple[str, ...]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*SHAPE, len(names)), dtype=np.uint8)
    data = write(rgb.view([(name, "u1") for name in names])[..., 0])
    volume = read(data)
    np.testing.assert_array_equal(volume.values, rgb[::-1, ::-1, :, :3].swapaxes(0, 2))
    assert volume.bits == 8
    assert volume.warnings == (("Transparency is ignored.",) if len(names) == 4 else ())


def test_a_single_slice_is_a_volume() -> None:
    flat = NUMBERS[..., 0].astype(np.uint8)
    volume = read(write(flat))
    np.testing.assert_array_equal(volume.values, flat[::-1, ::-1].T[None])


def test_pairs_need_their_image_file() -> None:
    pair = nibabel.Nifti1Pair(NUMBERS.astype(np.int16), np.eye(4))
    files = {name: nibabel.FileHolder(fileobj=io.BytesIO()) for name in ("header", "image")}
    pair.to_file_map(files)
    header, image = (files[name].fileobj.getvalue() for name in ("header", "image"))
    assert is_nifti(header)
    with pytest.raises(ImageReadError, match=r"separate \.img"):
        read(header)
    for voxels in (image, gzip.compress(image)):
        np.testing.assert_array_equal(
            read(header, image=voxels).values, NUMBERS[::-1, ::-1].transpose(2, 1, 0)
        )
    with pytest.raises(ImageReadError, match="cut off"):
        read(header, image=image[:-1])


def test_block_wise_gzip_is_read_whole() -> None:
    data = write(NUMBERS.astype(np.int16))
    blocks = b"".join(gzip.compress(data[at : at + 100]) for at in range(0, len(data), 100)) + gzip.compress(
        b""
    )
    np.testing.assert_array_equal(read(blocks).values, read(data).values)


PLAIN = write(NUMBERS.astype(np.int16))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a NIfTI"),
        (b"\x1f\x8b", "gzip stream is"),
        (PLAIN[:300], "cut off in its header"),
        (PLAIN[:-1], "cut off"),
        (gzip.compress(PLAIN[:-1]), "cut off"),
        (gzip.compress(PLAIN)[:-30], "cut off"),
        (gzip.compress(PLAIN)[:-6] + b"123456", "damaged"),
        (gzip.compress(PLAIN)[:60] + b"\xff" * 60, "damaged|cut off"),
        (gzip.compress(b"") * 1000, "empty parts"),
        (b"\0" * 400, "not a NIfTI"),
        (PLAIN[:344] + b"\0" * 4 + PLAIN[348:], "Analyze"),
        (change(PLAIN, dim=[3, 30000, 30000, 30000, 1, 1, 1, 1]), "over the limit of 1,000,000"),
        (change(PLAIN, dim=[3, 100, 100, 100, 1, 1, 1, 1]), "cut off"),
        (change(PLAIN, dim=[3, 5, -6, 7, 1, 1, 1, 1]), "empty"),
        (change(PLAIN, dim=[0, 5, 6, 7, 1, 1, 1, 1]), "dimensions"),
        (change(PLAIN, dim=[99, 5, 6, 7, 1, 1, 1, 1]), "dimensions"),
        (change(PLAIN, datatype=32), "complex"),
        (change(PLAIN, datatype=1), "bits"),
        (change(PLAIN, datatype=1234), "unknown type"),
        (change(PLAIN, vox_offset=0), "where voxels begin"),
        (change(PLAIN, vox_offset=np.nan), "where voxels begin"),
        (change(PLAIN, vox_offset=1e30), "where voxels begin"),
        (change(PLAIN, vox_offset=400), "cut off"),
        (change(PLAIN, scl_slope=2, scl_inter=np.nan), "intercept"),
        (write(np.zeros(SHAPE, np.complex64)), "complex"),
        (write(np.full(SHAPE, 1e300)), "too large"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)  # fmt: skip
def test_lying_headers_are_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason) as caught:
        read(data)
    assert "\n" not in str(caught.value)


def test_texts_of_a_header_appear_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = "Doe^Jane"
    texts = {"descrip": secret, "aux_file": secret, "intent_name": secret, "db_name": secret}
    with caplog.at_level(logging.DEBUG):
        volume = read(change(PLAIN, **texts, magic=b"n+1", qform_code=77, sizeof_hdr=348))
        with pytest.raises(ImageReadError) as caught:
            read(change(PLAIN, **texts, dim=[3, 0, 0, 0, 0, 0, 0, 0]))
    assert secret not in repr(volume) + str(volume.warnings) + str(caught.value) + caplog.text


def test_a_bomb_is_refused_early_and_cheaply() -> None:
    # Announces a volume within the limit and goes on for 16 MB of zeros behind it.
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = packer.compress(PLAIN) + packer.compress(bytes(1 << 24)) + packer.flush()
    announced = gzip.compress(change(PLAIN, dim=[3, 99, 99, 99, 1, 1, 1, 1])[:352])
    tracemalloc.start()
    try:
        assert read(bomb).shape == (7, 6, 5)  # what the header announces is there; the rest is never unpacked
        with pytest.raises(ImageReadError, match="cut off"):
            read(announced)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_real_volumes_are_nibabels(shared_data: Path) -> None:
    files = sorted((shared_data / "volumes").rglob("*.nii*"))
    files = [path for path in files if "hippocampus" not in path.name or path.name < "hippocampus_02"]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        try:
            volume = decode_nifti(data, max_pixels=80_000_000)
        except ImageReadError as error:
            assert path.name in ("nibabel_example4d.nii.gz", "niivue_complex_image.nii.gz"), error
            continue
        image = nibabel.as_closest_canonical(nibabel.load(path))
        values = np.asanyarray(image.dataobj)
        values = values.view((np.uint8, 3)) if values.dtype.names else values
        expected = values.reshape(*values.shape[:3], *([3] if volume.is_colour else []))[::-1, ::-1].swapaxes(
            0, 2
        )
        np.testing.assert_allclose(volume.values, expected, rtol=1e-6)
        np.testing.assert_allclose(volume.spacing_mm, nibabel.affines.voxel_sizes(image.affine)[::-1])
        assert volume.is_oriented


@pytest.mark.parametrize(
    "name", ["huge_dims.nii", "not_gzip.nii.gz", "truncated.nii.gz", "truncated_raw.nii"]
)
def test_broken_files_are_refused(shared_data: Path, name: str) -> None:
    with pytest.raises(ImageReadError, match=r"over the limit|cut off"):
        decode_nifti((shared_data / "broken" / "derived" / name).read_bytes(), max_pixels=80_000_000)


def test_other_formats_are_not_nifti(shared_data: Path) -> None:
    assert not is_nifti((shared_data / "volumes" / "odd" / "niivue_mha.mha").read_bytes())
    assert not is_nifti(gzip.compress(b"text"))
