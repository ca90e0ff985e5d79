"""NumPy files as volumes: which axes mean what, and archives within limits."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

from core.errors import ImageReadError
from core.images.numpy_archive import decode_npz, extract_npy, is_npz, list_npz_arrays
from core.images.numpy_array import decode_npy, decode_npy_volume

LIMIT = 1_000_000
VALUES = np.arange(4 * 5 * 6).reshape(4, 5, 6)
COLOUR = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)


def npy(array: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(*, is_packed: bool = True, **arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if is_packed else np.savez)(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (VALUES[0], VALUES[:1]),
        (VALUES, VALUES),
        (VALUES[:3], VALUES[:3]),
        (VALUES[..., None], VALUES),
        (VALUES[0][..., None], VALUES[:1]),
        (np.asfortranarray(VALUES), VALUES),
        (VALUES.astype(">i2"), VALUES),
        (VALUES / 4, VALUES / 4),
        (VALUES > 50, (VALUES > 50) * 255),
        (COLOUR, COLOUR),
        (COLOUR[0], COLOUR[:1]),
        (np.asfortranarray(COLOUR), COLOUR),
        (np.repeat(COLOUR[..., :1], 3, axis=3), COLOUR[..., 0]),
        (COLOUR[..., 0][:3], COLOUR[..., 0][:3]),
    ],
    ids=["hw", "shw", "3hw", "shw1", "hw1", "fortran", "big-endian", "float64", "bool", "shw3", "hw3",
         "fortran-shw3", "grey-in-colour", "3hw-8-bit"],
)  # fmt: skip
def test_axes(array: np.ndarray, expected: np.ndarray) -> None:
    for volume in (
        decode_npy_volume(npy(array), max_pixels=LIMIT),
        decode_npz(npz(volume=array), max_pixels=LIMIT),
        decode_npz(npz(volume=array, is_packed=False), max_pixels=LIMIT),
    ):
        np.testing.assert_array_equal(volume.values, expected)
        assert (volume.spacing_mm, volume.unit, volume.is_oriented) == (None, "", False)
        assert volume.bits == (8 if array.dtype.kind == "b" else array.dtype.itemsize * 8)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(5), "shape"),
        (np.zeros(()), "shape"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (np.zeros((2, 2, 2, 3, 3)), "shape"),
        (np.zeros((5, 6, 3)), "colour of other than 8 bits"),
        (np.zeros((4, 5, 6, 3), np.uint16), "colour of other than 8 bits"),
        (np.zeros((0, 5, 6)), "empty"),
        (np.zeros((101, 100, 100), np.uint8), "over the limit"),
        (np.full((2, 5, 6), np.inf), "NaN or infinity"),
        (np.zeros((2, 5, 6), complex), "complex128"),
        (np.full((2, 5, 6), 1e300), "too large"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_is_no_volume(array: np.ndarray, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason):
        decode_npy_volume(npy(array), max_pixels=LIMIT)
    with pytest.raises(ImageReadError, match=reason):
        decode_npz(npz(array=array), max_pixels=LIMIT)


def test_cut_arrays_are_refused() -> None:
    with pytest.raises(ImageReadError, match="truncated"):
        decode_npy_volume(npy(VALUES)[:-1], max_pixels=LIMIT)


def test_nothing_is_unpickled(tmp_path) -> None:
    class Planted:
        def __reduce__(self) -> tuple:
            return (open, (str(tmp_path / "planted"), "w"))

    objects = np.array([[Planted()]], dtype=object)
    raw = pickle.dumps(Planted())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.npy", raw)
    for data in (npz(a=objects), stream.getvalue()):
        with pytest.raises(ImageReadError):
            decode_npz(data, max_pixels=LIMIT)
    with pytest.raises(ImageReadError, match="object values"):
        decode_npy_volume(npy(objects, allow_pickle=True), max_pixels=LIMIT)
    assert not (tmp_path / "planted").exists()


def test_one_array_of_several() -> None:
    data = npz(first=VALUES, second=VALUES + 1)
    assert is_npz(data)
    assert list_npz_arrays(data) == ("first", "second")
    for name in ("second", "second.npy"):
        np.testing.assert_array_equal(decode_npz(data, max_pixels=LIMIT, name=name).values, VALUES + 1)
    with pytest.raises(ImageReadError, match="2 arrays; choose one"):
        decode_npz(data, max_pixels=LIMIT)
    with pytest.raises(ImageReadError, match="no array of the name"):
        decode_npz(data, max_pixels=LIMIT, name="third")


def test_arrays_come_out_as_files_for_the_reader_of_images() -> None:
    picture = VALUES[0].astype(np.uint8)
    extracted = extract_npy(npz(picture=picture), max_pixels=LIMIT)
    assert extracted == npy(picture)
    np.testing.assert_array_equal(decode_npy(extracted, max_pixels=LIMIT).pixels, picture)


def zipped(members: dict[str, bytes], *, kind: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        archive.comment = comment
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


GOOD = npz(a=VALUES)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a .npz"),
        (b"PK\x03\x04" + b"\0" * 50, "not written by NumPy"),
        (GOOD[:-1], "not written by NumPy"),
        (GOOD[:90] + b"\xff" * 9 + GOOD[99:], "damaged"),
        (zipped({}), "not a .npz"),
        (zipped({"a.npy": npy(VALUES)}, comment=b"x"), "not written by NumPy"),
        (zipped({"a.npy": npy(VALUES)}, kind=zipfile.ZIP_BZIP2), "NumPy does not write"),
        (zipped({"a.npy": npy(VALUES), "word/document.xml": b""}), "not one of NumPy arrays"),
        (zipped({"a.npy": npy(VALUES)[:-8]}), "truncated"),
        (zipped({"a.npy": b"text"}), "header is damaged"),
        (zipped({f"{n}.npy": b"" for n in range(1001)}), "more than 1,000"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_archives_that_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason) as caught:
        decode_npz(data, max_pixels=LIMIT)
    assert "\n" not in str(caught.value)


def test_changed_values_fail_their_checksum() -> None:
    data = bytearray(npz(a=VALUES, is_packed=False))
    data[data.index(VALUES.tobytes()) + 100] ^= 1
    with pytest.raises(ImageReadError, match="damaged"):
        decode_npz(bytes(data), max_pixels=LIMIT)


def test_bombs_are_not_unpacked() -> None:
    small = npy(np.zeros((10, 10), np.uint8))
    behind = zipped({"a.npy": small + bytes(1 << 23)})
    announced = zipped({"a.npy": npy(np.zeros((10_000, 10_000), bool))[:200] + bytes(1 << 23)})
    tracemalloc.start()
    try:
        assert decode_npz(behind, max_pixels=LIMIT).shape == (1, 10, 10)
        with pytest.raises(ImageReadError, match="over the limit"):
            decode_npz(announced, max_pixels=LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
