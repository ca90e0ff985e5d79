"""Decoding: every format, every depth, and every way a file can be broken."""

from __future__ import annotations

import csv
import io
import logging
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from core.errors import ImageReadError
from core.images.reading import compute_digest, compute_pixel_digest, decode_image, read_bytes

LIMIT = 1_000_000
GREY = (np.arange(48 * 40) % 251).astype(np.uint8).reshape(48, 40)
COLOUR = np.stack([GREY, np.roll(GREY, 7, axis=1), GREY[::-1]], axis=-1)


def encode(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("TIFF", {}), ("BMP", {}), ("WEBP", {"lossless": True})]
)
def test_lossless_formats_give_the_pixels_back(
    kind: str, options: dict[str, object], pixels: np.ndarray
) -> None:
    image = decode_image(encode(pixels, kind, **options), max_pixels=LIMIT)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert (image.facts.format, image.facts.bit_depth) == (kind, 8)
    assert (image.facts.width, image.facts.height) == (40, 48)
    assert image.facts.channels == (1 if pixels.ndim == 2 else 3)


def test_jpeg_is_close_and_grey_stays_grey() -> None:
    smooth = np.asarray(Image.fromarray(GREY[:6, :5]).resize((40, 48), Image.Resampling.BICUBIC))
    image = decode_image(encode(smooth, "JPEG", quality=95), max_pixels=LIMIT)
    assert image.pixels.shape == (48, 40)
    assert np.abs(image.pixels.astype(int) - smooth).max() < 12


def test_grey_film_saved_as_rgb_is_grey() -> None:
    image = decode_image(encode(np.repeat(GREY[..., None], 3, axis=2), "PNG"), max_pixels=LIMIT)
    np.testing.assert_array_equal(image.pixels, GREY)
    assert (image.facts.mode, image.facts.channels) == ("RGB", 1)


def test_sixteen_bits_survive() -> None:
    deep = np.arange(48 * 40, dtype=np.uint16).reshape(48, 40) * 30
    for kind in ("PNG", "TIFF"):
        image = decode_image(encode(deep, kind), max_pixels=LIMIT)
        np.testing.assert_array_equal(image.pixels, deep)
        assert image.facts.bit_depth == 16


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, GREY),
        (GREY[..., None], GREY),
        (GREY[None], GREY),
        (COLOUR, COLOUR),
        (np.moveaxis(COLOUR, -1, 0), COLOUR),
        (GREY > 100, ((GREY > 100) * 255).astype(np.uint8)),
        (GREY.astype(">i4") - 100, GREY.astype(np.int32) - 100),
        (GREY.astype(np.float64) / 3, GREY.astype(np.float64) / 3),
    ],
    ids=["hw", "hw1", "1hw", "hw3", "3hw", "bool", "big-endian", "float64"],
)
def test_npy_layouts(array: np.ndarray, expected: np.ndarray) -> None:
    stream = io.BytesIO()
    np.save(stream, array)
    np.testing.assert_array_equal(decode_image(stream.getvalue(), max_pixels=LIMIT).pixels, expected)


def npy(array: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npy_header(text: str) -> bytes:
    """An array file that holds nothing but a header."""
    body = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (npy(np.array([{"a": 1}] * 4).reshape(2, 2), allow_pickle=True), "object values"),
        (npy(np.zeros((2, 3, 4, 5))), "shape"),
        (npy(np.zeros((4, 4), complex)), "complex128"),
        (npy(np.full((4, 4), np.nan)), "NaN"),
        (npy(np.zeros((4, 4)))[:-9], "truncated"),
        (npy(np.zeros((0, 4))), "empty image"),
        (b"\x93NUMPY\x01\x00\x10\x00not a header at a", "header"),
        (b"\x93NUMPY\x07\x00", "version"),
        (npy_header("{'descr': ('|u1', 'fortran_order': False, 'shape': (8,8"), "header is damaged"),
        (npy_header("{'descr': ('|u1',), 'fortran_order': False, 'shape': (8, 8), }"), "header is damaged"),
        (npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (True, 8), }"), "header is damaged"),
        (npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (8L, 8L), }"), "truncated|header"),
        (npy_header("-" * 9000), "header is damaged"),
        (npy(np.zeros((4, 4), np.longdouble)), "save booleans, integers or real numbers"),
    ],
    ids=[
        "pickle",
        "shape",
        "complex",
        "nan",
        "cut",
        "empty",
        "header",
        "version",
        "unclosed",
        "descr",
        "bool-shape",
        "python-2",
        "deep",
        "longdouble",
    ],
)
def test_bad_arrays_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason):
        decode_image(data, max_pixels=LIMIT)


def bomb_png(width: int, height: int) -> bytes:
    """A PNG whose header announces a size that its few bytes never held."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(1001, 1000), (60_000, 60_000)])
def test_announced_size_is_checked_before_decoding(width: int, height: int) -> None:
    with pytest.raises(ImageReadError, match="announces"):
        decode_image(bomb_png(width, height), max_pixels=LIMIT)


def test_npy_size_is_checked_before_reading() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999, 99999), }"
    header += b" " * (118 - len(header)) + b"\n"
    with pytest.raises(ImageReadError, match="announces"):
        decode_image(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header, max_pixels=LIMIT)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"patient,label\n1,a\n", "text file"),
        (encode(COLOUR, "GIF"), "GIF"),
        (b"\0" * 128 + b"DICM" + b"\0" * 64, "DICOM"),
        (encode(GREY, "PNG")[:-40], "truncated|damaged"),
        (encode(GREY, "JPEG")[:-200], "truncated|damaged"),
        (b"\x00\x01\x02\x03" * 20, "not a PNG"),
    ],
    ids=["empty", "text", "gif", "dicom", "cut-png", "cut-jpeg", "noise"],
)
def test_what_is_no_image_says_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason):
        decode_image(data, max_pixels=LIMIT)


def test_several_frames_are_refused() -> None:
    stream = io.BytesIO()
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1].copy())]
    frames[0].save(stream, format="TIFF", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageReadError, match="2 frames"):
        decode_image(stream.getvalue(), max_pixels=LIMIT)


def test_transparency_is_dropped_and_noted() -> None:
    rgba = np.dstack([COLOUR, np.full(GREY.shape, 128, np.uint8)])
    image = decode_image(encode(rgba, "PNG"), max_pixels=LIMIT)
    np.testing.assert_array_equal(image.pixels, COLOUR)
    assert image.facts.note == "transparency ignored"


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF 2.3: turn a quarter clockwise to show
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, format="PNG", exif=exif)
    image = decode_image(stream.getvalue(), max_pixels=LIMIT)
    np.testing.assert_array_equal(image.pixels, np.rot90(GREY, -1))
    assert (image.facts.width, image.facts.height) == (48, 40)


def test_pixel_digest_ignores_the_container() -> None:
    as_png, as_bmp = encode(GREY, "PNG"), encode(GREY, "BMP")
    assert compute_digest(as_png) != compute_digest(as_bmp)
    digests = {compute_pixel_digest(decode_image(data, max_pixels=LIMIT)) for data in (as_png, as_bmp)}
    assert len(digests) == 1
    other = decode_image(encode(GREY.T.copy(), "PNG"), max_pixels=LIMIT)
    assert compute_pixel_digest(other) not in digests


def test_reading_refuses_large_and_odd_files(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * 100)
    with pytest.raises(ImageReadError, match="100 bytes, over the limit of 99"):
        read_bytes(large, max_file_bytes=99)
    with pytest.raises(ImageReadError, match="not a regular file"):
        read_bytes(tmp_path, max_file_bytes=99)
    dangling = tmp_path / "dangling.png"
    dangling.symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(ImageReadError, match="link that leads nowhere"):
        read_bytes(dangling, max_file_bytes=99)


@pytest.mark.timeout(20)
def test_reading_refuses_pipes_without_waiting_and_paths_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path / "a.png" / "b.png", Path("a\0b.png")):
        for roots in ((), (tmp_path,)):
            with pytest.raises(ImageReadError, match=r"not a regular file|outside its folder root"):
                read_bytes(path, max_file_bytes=99, confined_to=roots)


def test_reading_is_confined_to_roots(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "own.png").write_bytes(b"own")
    (root / "link.png").symlink_to("own.png")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    assert read_bytes(root / "link.png", max_file_bytes=99, confined_to=(root,)) == b"own"
    for path in (root / "out.png", tmp_path / "secret.png"):
        assert read_bytes(path, max_file_bytes=99) == b"secret"
        with pytest.raises(ImageReadError, match="outside its folder root"):
            read_bytes(path, max_file_bytes=99, confined_to=(root,))
    with pytest.raises(ImageReadError, match="3 bytes, over the limit of 2"):
        read_bytes(root / "own.png", max_file_bytes=2, confined_to=(root,))
    (root / "out.png").unlink()
    (root / "out.png").symlink_to("gone.png")
    with pytest.raises(ImageReadError, match="link that leads nowhere"):
        read_bytes(root / "out.png", max_file_bytes=99, confined_to=(root,))


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert read_bytes(tmp_path / "empty.png", max_file_bytes=99) == b""


def test_broken_corpus_is_read_or_refused_but_never_raises_else(shared_data: Path) -> None:
    with (shared_data / "broken" / "manifest.csv").open(newline="") as stream:
        manifest = list(csv.DictReader(stream))
    assert len(manifest) > 50
    for row in manifest:
        data = read_bytes(shared_data / "broken" / row["file"], max_file_bytes=10**9)
        try:
            image = decode_image(data, max_pixels=80_000_000)
        except ImageReadError as error:
            assert str(error)
            continue
        # What we read, the corpus's own record says is readable.
        assert row["pillow_load"] == "ok", row["file"]
        assert np.isfinite(image.pixels.astype(float)).all()


def test_a_reason_repeats_nothing_that_the_file_holds() -> None:
    with pytest.raises(ImageReadError) as caught:
        decode_image(npy_header("PATIENT SECRET NAME born 1.2.1950"), max_pixels=LIMIT)
    assert "SECRET" not in str(caught.value)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a log of everything would hold."""
    text, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def test_neither_reasons_nor_logs_quote_a_comment(log: io.StringIO) -> None:
    comment = "Doe, Jane; " * 4
    exif = Image.Exif()
    exif[0x010E] = comment
    stream = io.BytesIO()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", comment)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(stream, "PNG", pnginfo=text, exif=exif)
    sound = stream.getvalue()
    decode_image(sound, max_pixels=100)
    at = sound.index(b"IDAT") - 4
    half = b"IDAT" + sound[at + 8 : at + 12]
    started = sound[:at] + struct.pack(">I", 4) + half + struct.pack(">I", zlib.crc32(half))
    reasons = []
    for k in range(11):  # the comment stands where the second half of the pixels should begin
        with pytest.raises(ImageReadError) as refused:
            decode_image(started + struct.pack(">I", 4) + comment[k:].encode(), max_pixels=100)
        reasons.append(str(refused.value))
    logging.getLogger("another").debug("is heard")
    assert "is heard" in log.getvalue()
    said = " ".join(reasons) + log.getvalue()
    assert not any(comment[k : k + 4] in said for k in range(11))
