"""TIFF: every layout as tifffile wrote it, stacks and what they are called, and directories that lie."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from core.errors import ImageReadError
from core.images.tiff import decode_tiff
from core.images.tiff_directory import is_tiff, read_pages
from core.images.volume import Volume

LIMIT = 1_000_000
RNG = np.random.default_rng(0)


def write(values: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **{"metadata": None, **options})
    return stream.getvalue()


def read(data: bytes) -> Volume:
    return decode_tiff(data, max_pixels=LIMIT)


def grey(dtype: str, shape: tuple[int, ...] = (2, 19, 37)) -> np.ndarray:
    if dtype[0] == "f":
        return RNG.normal(size=shape).astype(dtype)
    low = 0 if dtype[0] == "u" else -100
    return RNG.integers(low, 101 if dtype == "i1" else 120, shape).astype(dtype)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "f2", "f4", "f8"])
def test_grey_of_every_depth_and_layout(dtype: str, compression: str | None) -> None:
    values = grey(dtype)
    has_predictor = compression in ("zlib", "lzw") and dtype != "u8"
    for predictor, tile, order, is_big in product(
        (False, True) if has_predictor else (False,), (None, (16, 32)), "<>", (False, True)
    ):
        data = write(
            values,
            compression=compression,
            predictor=predictor,
            tile=tile,
            rowsperstrip=None if tile else 7,
            byteorder=order,
            bigtiff=is_big,
            photometric="minisblack",
        )
        assert is_tiff(data)
        volume = read(data)
        np.testing.assert_array_equal(volume.values, values.astype(volume.values.dtype))
        assert volume.bits == 8 * np.dtype(dtype).itemsize
        assert (volume.spacing_mm, volume.unit, volume.warnings, volume.is_oriented) == (None, "", (), False)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_colour(dtype: str, compression: str | None) -> None:
    values = RNG.integers(0, 256 ** int(dtype[1]), (2, 19, 37, 3)).astype(dtype)
    for planar, tile, order in product(("contig", "separate"), (None, (16, 16)), "<>"):
        data = write(
            values if planar == "contig" else np.moveaxis(values, -1, 1),
            planarconfig=planar,
            photometric="rgb",
            compression=compression,
            predictor=compression is not None,
            tile=tile,
            rowsperstrip=None if tile else 5,
            byteorder=order,
        )
        volume = read(data)
        np.testing.assert_array_equal(volume.values, values >> 8 if dtype == "u2" else values)
        assert volume.warnings == (("16-bit colour is read as 8-bit.",) if dtype == "u2" else ())


def test_grey_saved_as_colour_keeps_its_depth() -> None:
    values = grey("u2", (19, 37)) * 500
    volume = read(write(np.repeat(values[..., None], 3, axis=2), photometric="rgb"))
    np.testing.assert_array_equal(volume.values, values[None])
    assert volume.values.dtype == np.uint16


def test_transparency_is_dropped_and_said() -> None:
    rgba = RNG.integers(0, 256, (19, 37, 4), dtype=np.uint8)
    volume = read(write(rgba, photometric="rgb", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(volume.values[0], rgba[..., :3])
    assert volume.warnings == ("Transparency is ignored.",)
    veiled = read(write(rgba[..., :2], photometric="minisblack", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(veiled.values[0], rgba[..., 0])


@pytest.mark.parametrize(
    ("dtype", "top"), [("u1", 255), ("u2", 65535), ("i2", -1), ("u4", 2**32 - 1), ("f4", 0.0)]
)
def test_grey_that_begins_at_white_is_turned(dtype: str, top: float) -> None:
    values = grey(dtype)
    turned = read(write(values, photometric="miniswhite")).values
    expected = top - values.astype(np.float64)
    np.testing.assert_allclose(turned, expected, rtol=1e-6)


def pack_bits(values: np.ndarray, bits: int) -> bytes:
    rows = [
        np.packbits([(int(v) >> bit) & 1 for v in row for bit in reversed(range(bits))]).tobytes()
        for row in values
    ]
    return b"".join(rows)


def build(tags: dict[int, tuple[int, ...]], data: bytes, *, order: str = "<", next_page: int = 0) -> bytes:
    """A TIFF file of one page from its tags; every number is a LONG. Strips begin at byte 8."""
    entries, extra = [], b""
    start = 8 + len(data)
    lists = start + 2 + 12 * len(tags) + 4
    for tag, numbers in sorted(tags.items()):
        if len(numbers) == 1:
            cell = struct.pack(f"{order}I", numbers[0])
        else:
            cell = struct.pack(f"{order}I", lists + len(extra))
            extra += struct.pack(f"{order}{len(numbers)}I", *numbers)
        entries.append(struct.pack(f"{order}HHI", tag, 4, len(numbers)) + cell)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    directory = struct.pack(f"{order}H", len(tags)) + b"".join(entries) + struct.pack(f"{order}I", next_page)
    return head + data + directory + extra


def page(width: int, height: int, n_bytes: int, **more: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    names = {"bits": 258, "compression": 259, "photometric": 262, "offsets": 273, "samples": 277,
             "rows": 278, "sizes": 279, "palette": 320, "tile": 322, "tile_rows": 323, "kind": 339,
             "subfile": 254, "order": 266, "predictor": 317, "depth": 32997}  # fmt: skip
    tags = {
        256: (width,),
        257: (height,),
        258: (8,),
        259: (1,),
        262: (1,),
        273: (8,),
        278: (height,),
        279: (n_bytes,),
    }
    return tags | {names[name]: numbers for name, numbers in more.items()}


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 10, 12, 14])
def test_packed_bits(bits: int) -> None:
    values = RNG.integers(0, 1 << bits, (9, 13))
    data = pack_bits(values, bits)
    expected = values if bits > 8 else np.round(values * 255 / (2**bits - 1))
    for photometric in (0, 1):
        packed = build(page(13, 9, len(data), bits=(bits,), photometric=(photometric,)), data)
        volume = read(packed)
        top = 2**bits - 1 if bits > 8 else 255
        np.testing.assert_array_equal(volume.values[0], expected if photometric else top - expected)
        assert volume.bits == bits


def test_bits_in_reverse_order() -> None:
    values = RNG.integers(0, 2, (9, 13))
    data = bytes(int(f"{byte:08b}"[::-1], 2) for byte in pack_bits(values, 1))
    volume = read(build(page(13, 9, len(data), bits=(1,), order=(2,)), data))
    np.testing.assert_array_equal(volume.values[0], values * 255)


def test_palettes() -> None:
    indices = RNG.integers(0, 16, (9, 13))
    palette = RNG.integers(0, 65536, (3, 16))
    data = pack_bits(indices, 4)
    tags = page(13, 9, len(data), bits=(4,), photometric=(3,), palette=tuple(palette.ravel().tolist()))
    np.testing.assert_array_equal(read(build(tags, data)).values[0], (palette >> 8).T[indices])
    del tags[320]
    with pytest.raises(ImageReadError, match="palette"):
        read(build(tags, data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "jpeg"])
def test_pictures_are_upright(orientation: int, compression: str) -> None:
    picture = Image.fromarray(np.kron(RNG.integers(0, 255, (3, 4)), np.ones((8, 8))).astype(np.uint8))
    stream = io.BytesIO()
    picture.save(stream, format="TIFF", compression=compression, quality=95, tiffinfo={274: orientation})
    upright = ImageOps.exif_transpose(Image.open(stream))
    volume = read(stream.getvalue())
    np.testing.assert_array_equal(volume.values[0], np.asarray(upright))
    assert volume.shape[1:] == ((32, 24) if orientation > 4 else (24, 32))


@pytest.mark.parametrize(
    ("mode", "compression"), [("1", "group4"), ("1", "group3"), ("L", "jpeg"), ("RGB", "jpeg")]
)
def test_pictures_in_pages_are_as_pillow_shows_them(mode: str, compression: str) -> None:
    smooth = Image.fromarray(RNG.integers(0, 255, (3, 4, 3), dtype=np.uint8)).resize((40, 30)).convert(mode)
    frames = [smooth, smooth.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    stream = io.BytesIO()
    frames[0].save(stream, format="TIFF", compression=compression, save_all=True, append_images=frames[1:])
    volume = read(stream.getvalue())
    assert volume.shape == (2, 30, 40)
    for index in range(2):
        with Image.open(stream) as peer:
            peer.seek(index)
            expected = np.asarray(peer.convert("RGB" if mode == "RGB" else "L"))
        np.testing.assert_array_equal(volume.values[index], expected)


def test_distances_between_voxels() -> None:
    values = grey("u2", (3, 9, 13))
    imagej = write(
        values, imagej=True, resolution=(2.0, 4.0), metadata={"axes": "ZYX", "unit": "mm", "spacing": 2.5}
    )
    volume = read(imagej)
    np.testing.assert_array_equal(volume.values, values)
    np.testing.assert_allclose(volume.spacing_mm, (2.5, 0.25, 0.5))
    ome = write(values, ome=True, metadata={"axes": "ZYX", "PhysicalSizeX": 500, "PhysicalSizeY": 250, "PhysicalSizeZ": 3,
                "PhysicalSizeZUnit": "mm"})  # fmt: skip
    np.testing.assert_allclose(read(ome).spacing_mm, (3, 0.25, 0.5))
    # Printing resolutions, which most tools write whatever the picture is, are no distances.
    assert (
        read(write(values, resolution=(72, 72), resolutionunit="inch", photometric="minisblack")).spacing_mm
        is None
    )


@pytest.mark.parametrize("options", [{"imagej": True}, {"ome": True}])
@pytest.mark.parametrize("axes", ["TZYX", "ZCYX"])
def test_several_stacks_in_a_file_are_refused(options: dict[str, bool], axes: str) -> None:
    data = write(grey("u2", (2, 3, 9, 13)), metadata={"axes": axes}, photometric="minisblack", **options)
    with pytest.raises(ImageReadError, match=r"[23] channels, time points or series"):
        read(data)


def test_stacks_without_directories_are_refused() -> None:
    data = write(
        grey("u2", (4, 9, 13))[:1], description="ImageJ=1.53\nimages=4\nslices=4\n", photometric="minisblack"
    )
    with pytest.raises(ImageReadError, match="announces 4 images and lists 1"):
        read(data)


def test_of_a_pyramid_only_the_full_picture_is_read() -> None:
    full = RNG.integers(0, 256, (64, 96, 3), dtype=np.uint8)
    marked, unmarked = io.BytesIO(), io.BytesIO()
    for stream, options in ((marked, {"subfiletype": 1}), (unmarked, {})):
        with tifffile.TiffWriter(stream) as writer:
            writer.write(full, tile=(16, 16), photometric="rgb", metadata=None)
            writer.write(full[::2, ::2], tile=(16, 16), photometric="rgb", metadata=None, **options)
            writer.write(full[::4, ::4], tile=(16, 16), photometric="rgb", metadata=None, **options)
        volume = read(stream.getvalue())
        np.testing.assert_array_equal(volume.values, full[None])
        assert volume.warnings == ("2 pages that hold smaller copies or masks of others are left out.",)
    below = io.BytesIO()
    with tifffile.TiffWriter(below) as writer:
        writer.write(full, subifds=1, photometric="rgb", metadata=None)
        writer.write(full[::2, ::2], subfiletype=1, photometric="rgb", metadata=None)
    np.testing.assert_array_equal(read(below.getvalue()).values, full[None])


def test_pages_of_different_sizes_are_refused() -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for shape in ((9, 13), (9, 13), (5, 7)):
            writer.write(grey("u2", shape), photometric="minisblack", metadata=None)
    with pytest.raises(ImageReadError, match="different sizes"):
        read(stream.getvalue())


RAW = bytes(range(200)) * 2
GOOD = page(20, 20, 400)
CIRCLE = build(GOOD, RAW, next_page=408)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a TIFF"),
        (b"II*\0", "directory is damaged"),
        (b"II*\0" + struct.pack("<I", 0), "no page"),
        (b"II*\0" + struct.pack("<I", 10**9), "directory is damaged"),
        (build(GOOD, RAW)[:-3], "directory is damaged"),
        (CIRCLE, "circle"),
        (build(page(60_000, 60_000, 400), RAW), "over the limit"),
        (build(page(0, 20, 400), RAW), "empty"),
        (build(page(20, 20, 400, samples=(100,)), RAW), "100 samples"),
        (build(page(20, 20, 400, bits=(8, 4, 4), samples=(3,)), RAW), "differ"),
        (build(page(20, 20, 400, bits=(24,)), RAW), "24 bits"),
        (build(page(20, 20, 400, kind=(6,)), RAW), "not read"),
        (build(page(20, 20, 400, compression=(34712,)), RAW), "compression 34712 is not read; save it"),
        (build(page(20, 20, 400, compression=(7,), bits=(16,)), RAW), "16-bit samples as JPEG"),
        (build(page(20, 20, 400, compression=(7,)), RAW), "damaged"),
        (build(page(20, 20, 400, compression=(8,)), RAW), "deflate stream is damaged"),
        (build(page(20, 20, 400, compression=(5,)), b"\xff" * 400), "damaged"),
        (build(page(20, 20, 400, compression=(8,), predictor=(9,)), RAW), "predictor 9"),
        (build(page(20, 20, 400, compression=(8,), order=(2,)), RAW), "reverse order"),
        (build(page(20, 20, 400, photometric=(5,), samples=(4,)), RAW), "neither grey nor RGB"),
        (build(page(20, 20, 400, offsets=(10**9,)), RAW), "cut off"),
        (build(page(20, 20, 300), RAW), "fewer pixels"),
        (build(page(20, 40, 800), RAW), "cut off"),
        (build(page(20, 20, 400, rows=(5,)), RAW), "fewer strips"),
        (build(page(20, 20, 400, rows=(0,)), RAW), "size of its strips"),
        (build(page(20, 20, 400, tile=(0,), tile_rows=(16,)), RAW), "size of its strips"),
        (build(page(1, 900_000, 400, tile=(1 << 20,), tile_rows=(1,)), RAW), "over the limit"),
        (build(page(20, 20, 400, depth=(5,)), RAW), "volumes of their own"),
        (write(np.full((4, 4), np.nan, np.float32)), "NaN"),
        (write(np.full((4, 4), 1e300)), "too large"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)  # fmt: skip
def test_lying_directories_are_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason) as caught:
        read(data)
    assert "\n" not in str(caught.value)


def test_texts_of_a_file_appear_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = "Doe^Jane"
    options = {"software": secret, "datetime": "2020:01:01 00:00:00", "photometric": "minisblack"}
    data = write(grey("u2"), description=f"ImageJ=1\nInfo={secret}\nimages=2\n", **options)
    with caplog.at_level("DEBUG"):
        volume = read(data)
        with pytest.raises(ImageReadError) as caught:
            decode_tiff(data, max_pixels=10)
    assert secret.encode() in data
    assert secret not in repr(volume) + str(caught.value) + caplog.text


def test_sizes_of_strips_are_not_needed_without_compression() -> None:
    tags = {tag: numbers for tag, numbers in GOOD.items() if tag != 279}
    np.testing.assert_array_equal(read(build(tags, RAW)).values.ravel(), np.frombuffer(RAW, np.uint8))
    np.testing.assert_array_equal(read(build(page(20, 20, 10**9), RAW)).values.ravel(), list(RAW))


def make_shared_strips() -> bytes:
    """A thousand strips that are the same bytes: 64 KB behind each few pixels."""
    data = zlib.compress(bytes(4)) + bytes(60_000)
    n_strips = 1000
    return build(
        page(
            4,
            n_strips,
            0,
            compression=(8,),
            rows=(1,),
            offsets=(8,) * n_strips,
            sizes=(len(data),) * n_strips,
        ),
        data,
    )


def make_long_lists() -> bytes:
    """A page of one strip whose list of strips has two million numbers."""
    return build(page(20, 20, 400, offsets=(8,) * 2_000_000, sizes=(400,) * 2_000_000), RAW)


@pytest.mark.parametrize(
    ("make", "reason"),
    [(make_shared_strips, "overlap"), (make_long_lists, "")],
)
def test_bombs_cost_little(make: Callable[[], bytes], reason: str) -> None:
    data = make()
    tracemalloc.start()
    try:
        if reason:
            with pytest.raises(ImageReadError, match=reason):
                read(data)
        else:
            assert read(data).shape == (1, 20, 20)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_a_strip_unpacks_to_its_announced_size_only() -> None:
    bomb = zlib.compress(bytes(1 << 24))
    tracemalloc.start()
    try:
        volume = read(build(page(200, 200, len(bomb), compression=(8,)), bomb))
        assert (volume.values == 0).all()
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_long_chains_of_pages_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.images.tiff_tags._MAX_PAGES", 50)
    pixel = struct.pack("<HHHII", 2, 256, 3, 1, 1) + struct.pack("<HHII", 257, 3, 1, 1)
    for n_pages, is_refused in ((50, False), (51, True)):
        chain = [pixel + struct.pack("<I", 8 + 30 * (n + 1)) for n in range(n_pages)]
        data = b"II*\0" + struct.pack("<I", 8) + b"".join(chain)[:-4] + bytes(4)
        if is_refused:
            with pytest.raises(ImageReadError, match="more than 50 pages"):
                read_pages(data, max_pixels=LIMIT)
        else:
            assert len(read_pages(data, max_pixels=LIMIT)) == n_pages


def test_real_files_are_tifffiles_or_refused(shared_data: Path) -> None:
    files = [*(shared_data / "broken").rglob("*.tif*"), *(shared_data / "pathology_crc").glob("*/*.tif")]
    refused = {}
    for path in files:
        try:
            volume = decode_tiff(path.read_bytes(), max_pixels=80_000_000)
        except ImageReadError as error:
            refused[path.name] = str(error)
            continue
        values = np.atleast_3d(tifffile.imread(path))
        if values.dtype == bool:
            values = np.where(values, 0, 255)  # all of them begin at white
        if values.dtype == np.uint16 and values.ndim == 3 and values.shape[-1] == 3:
            values = values >> 8
        values = values[..., :3] if values.shape[-1] == 4 else values
        np.testing.assert_array_equal(volume.values, values.reshape(volume.values.shape))
    assert {name for name in refused if not name.startswith("crash")} == {
        "float32_with_nan.tiff", "multipage.tiff", "oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif",
        "tiff_overflow_rows_per_strip.tif",
    }  # fmt: skip
    assert sum(name.startswith("crash") for name in refused) == 3
