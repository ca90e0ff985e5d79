"""Slides read region by region, against the same pixels read whole."""

from __future__ import annotations

import io
import struct
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.errors import ImageReadError
from core.images.slide import open_slide
from core.images.tiff_slide import TiffSlide
from tests.slides import paint_slide, per_cm, write_pyramid

LIMIT = 1_000_000
NOISE = np.random.default_rng(5).integers(0, 256, (150, 210, 3), np.uint8)


def read(path: Path, **options: Any) -> np.ndarray[Any, Any]:
    with open_slide(path, max_pixels=LIMIT, **options) as slide:
        full = slide.levels[0]
        return slide.read_region(0, 0, 0, full.width, full.height)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", [{"tile": (32, 48)}, {"rowsperstrip": 17}])
@pytest.mark.parametrize(
    ("pixels", "photometric", "compression"),
    [
        (NOISE, "rgb", None),
        (NOISE, "rgb", "zlib"),
        (NOISE[..., 0], "minisblack", "zlib"),
        (NOISE[..., 0], "miniswhite", None),
        (NOISE[..., 0], "miniswhite", "zlib"),
        (np.dstack([NOISE, NOISE[..., :1]]), "rgb", "zlib"),
    ],
)
def test_every_layout_gives_its_pixels(
    tmp_path: Path, pixels: Any, photometric: str, compression: str | None, layout: Any, order: Any
) -> None:
    path = tmp_path / "slide"
    extra = {"extrasamples": ["unassalpha"]} if pixels.shape[-1] == 4 else {}
    predictor = compression == "zlib" and photometric == "rgb"
    tifffile.imwrite(
        path, pixels, photometric=photometric, compression=compression, byteorder=order,
        predictor=predictor, **layout, **extra,
    )  # fmt: skip
    expected = pixels[..., :3] if pixels.ndim == 3 else pixels
    assert np.array_equal(read(path), 255 - expected if photometric == "miniswhite" else expected)
    if pixels.ndim == 2:
        assert np.array_equal(read(path, keep_values=True), pixels)


@pytest.mark.parametrize("compression", ["packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_strips_that_pillow_wrote(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "slide.tif"
    Image.fromarray(NOISE).save(path, compression=compression)
    assert np.array_equal(read(path), NOISE)


def _write_encoded(path: Path, tiles: list[bytes], side: int, tags: dict[str, int], **words: Any) -> None:
    """Tiles that another encoder made, under the tags that name it."""
    tifffile.imwrite(
        path, iter(tiles), shape=(side, side, 3), dtype=np.uint8, tile=(64, 64), compression="zlib",
        photometric="rgb", metadata=None, **words,
    )  # fmt: skip
    for tag, value in tags.items():
        _edit(path, tag, value)


def _edit(path: Path, tag: str, value: Any) -> None:
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags[tag].overwrite(value)


def test_jpeg_tiles_are_what_pillow_makes_of_each(tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(NOISE).resize((128, 128), Image.Resampling.BICUBIC))
    tiles = []
    for top in (0, 64):
        for left in (0, 64):
            stream = io.BytesIO()
            Image.fromarray(smooth[top : top + 64, left : left + 64]).save(stream, "JPEG", subsampling=0)
            tiles.append(stream.getvalue())
    path = tmp_path / "jpeg.svs"
    words = "Aperio Image Library v1|Patient = Doe|AppMag = 20|MPP = 0.4990"
    tags = {"Compression": 7, "PhotometricInterpretation": 6}
    subsampling = [(530, "H", 2, (1, 1), True)]
    _write_encoded(path, tiles, 128, tags, description=words, extratags=subsampling)
    decoded = [np.asarray(Image.open(io.BytesIO(tile))) for tile in tiles]
    whole = np.vstack([np.hstack(decoded[:2]), np.hstack(decoded[2:])])
    assert np.abs(read(path).astype(int) - whole).max() <= 2
    with open_slide(path, max_pixels=LIMIT) as slide:
        assert (slide.mpp, slide.objective) == (0.499, 20.0)
        assert "Doe" not in repr(vars(slide))


def test_jpeg_2000_tiles(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(NOISE[:64, :64]).save(stream, "JPEG2000", no_jp2=True)
    path = tmp_path / "slide.tif"
    _write_encoded(path, [stream.getvalue()], 64, {"Compression": 33005})
    assert np.array_equal(read(path), NOISE[:64, :64])


@pytest.mark.parametrize("shape", [(128, 128, 3), (64, 64)])
def test_a_tile_that_is_another_picture_is_refused_before_it_is_decoded(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "jpeg2000.tif"
    stream = io.BytesIO()
    Image.fromarray(np.zeros(shape, np.uint8)).save(stream, "JPEG2000", no_jp2=True)
    _write_encoded(path, [stream.getvalue()], 64, {"Compression": 34712})
    with pytest.raises(ImageReadError, match=r"another size|other pixels"):
        read(path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (per_cm(0.25), (0.25, None)),
        ({"resolution": (50_800, 50_800), "resolutionunit": "INCH"}, (0.5, None)),
        # A screen's 72 dots an inch are no scale of a slide.
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, (None, None)),
        ({}, (None, None)),
        (
            {
                "description": '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
                '<Instrument><Objective NominalMagnification="40.0"/></Instrument>'
                '<Pixels PhysicalSizeX="250" PhysicalSizeXUnit="nm"/></OME>'
            },
            (0.25, 40.0),
        ),
    ],
)
def test_scale_is_read_from_what_scanners_write(tmp_path: Path, words: Any, expected: Any) -> None:
    path = tmp_path / "slide.tif"
    write_pyramid(path, NOISE, factors=(1,), **words)
    with open_slide(path, max_pixels=LIMIT) as slide:
        assert slide.mpp == pytest.approx(expected[0])
        assert slide.objective == expected[1]


def test_levels_and_only_the_tiles_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    pixels = paint_slide(1024, 768, [(100, 100, 300)])
    write_pyramid(path, pixels)
    with open_slide(path, max_pixels=64 * 64) as slide:
        assert isinstance(slide, TiffSlide)
        assert [(one.width, one.height, one.downsample) for one in slide.levels] == [
            (1024, 768, 1.0), (512, 384, 2.0), (256, 192, 4.0),
        ]  # fmt: skip
        assert slide.n_pieces_read == 0
        assert np.array_equal(slide.read_region(0, 130, 70, 100, 100), pixels[70:170, 130:230])
        assert slide.n_pieces_read == 4  # columns 2 and 3, rows 1 and 2
        slide.read_region(0, 128, 64, 128, 128)
        assert slide.n_pieces_read == 4
        assert np.array_equal(slide.read_region(2, 5, 7, 30, 40), pixels[::4, ::4][7:47, 5:35])
        assert slide.n_pieces_read == 5
        for wrong in [(0, -1, 0, 5, 5), (0, 1020, 0, 5, 5), (2, 0, 0, 257, 5), (0, 0, 0, 0, 5)]:
            with pytest.raises(ValueError, match="inside"):
                slide.read_region(*wrong)


def test_a_tile_left_out_is_glass_in_a_slide_and_nothing_in_a_mask(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    write_pyramid(path, np.full((128, 128), 7, np.uint8), factors=(1,))
    with tifffile.TiffFile(path) as file:
        tag = file.pages[0].tags["TileByteCounts"]
    with tifffile.TiffFile(path, mode="r+b") as file:
        tag = file.pages[0].tags["TileByteCounts"]
        tag.overwrite((0, *tag.value[1:]))
    for options, gone in (({}, 255), ({"keep_values": True}, 0)):
        got = read(path, **options)
        assert (got[:64, :64] == gone).all()
        assert (got[64:] == 7).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_other_formats_are_decoded_whole(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture"
    Image.fromarray(NOISE).save(path, kind)
    assert np.array_equal(read(path), np.asarray(Image.open(path)))
    with pytest.raises(ImageReadError, match="over the limit of 1,000"), open_slide(path, max_pixels=1000):
        pass
    with pytest.raises(ImageReadError, match="MEDSYN_MAX_FILE_BYTES"):
        read(path, max_file_bytes=100)


def test_a_palette_is_its_indices_in_a_mask(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(path)
    assert read(path, keep_values=True).tolist() == [[0, 1], [2, 1]]
    assert read(path).shape == (2, 2, 3)


@pytest.mark.parametrize(
    ("tag", "value", "why"),
    [
        ("Compression", 9, "compression"),
        ("ImageWidth", 4_000_000_000, "fewer tiles"),
        ("TileWidth", 1 << 20, "over the limit"),
        ("BitsPerSample", (16, 16, 16), "not of 8 bits"),
        ("TileByteCounts", (4_000_000_000,) * 12, "more bytes"),
        ("TileOffsets", (4_000_000_000,) * 12, "damaged"),
        ("PhotometricInterpretation", 8, "neither"),
    ],
)
def test_a_lying_directory_is_refused_in_one_sentence(tmp_path: Path, tag: str, value: Any, why: str) -> None:
    path = tmp_path / "slide.tif"
    write_pyramid(path, NOISE, factors=(1,))
    _edit(path, tag, value)
    with pytest.raises(ImageReadError, match=why) as refused:
        read(path)
    assert "\n" not in str(refused.value)


def test_cut_and_scrambled_slides_are_refused_or_read(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, NOISE, photometric="rgb", tile=(64, 64), subfiletype=0)
    sound = path.read_bytes()
    random = np.random.default_rng(3)
    n_refused = 0
    for trial in range(60):
        data = bytearray(sound)
        for place in random.integers(0, len(data) if trial % 2 else 400, 4):
            data[place] = random.integers(256)
        path.write_bytes(bytes(data[: random.integers(8, len(data))] if trial % 3 == 0 else data))
        try:
            read(path)
        except ImageReadError:
            n_refused += 1
    assert 10 <= n_refused < 60


def _write_directory(path: Path, tags: list[tuple[int, int, int, int]], *, after: bytes = b"") -> None:
    """One page of tags (tag, type, count, value or offset), and bytes behind it."""
    listed = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(tags)) + listed + b"\0\0\0\0" + after)


def test_a_directory_that_repeats_itself_takes_no_memory(tmp_path: Path) -> None:
    """Each of 900 tags points at the same million numbers; the first of each kind counts, as far as it is needed."""
    path, n = tmp_path / "slide.tif", 1_000_000
    start = 8 + 2 + 12 * 909 + 4
    sizes = [
        (256, 3, 1, 16),
        (257, 3, 1, 16),
        (258, 3, 1, 8),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (278, 3, 1, 16),
    ]
    lists = [(273, 4, n, start + 256), (279, 4, n, start + 256 + 4), (270, 2, n, start)]
    texts = [(305, 2, n, start), (347, 7, n, start), (320, 3, n, start)]
    tags = sizes + lists + (lists + texts) * 150
    _write_directory(path, tags, after=bytes(range(256)) + struct.pack("<II", start, 256) + bytes(4 * n))
    tracemalloc.start()
    try:
        assert np.array_equal(read(path), np.arange(256).reshape(16, 16))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_pages_that_lie_over_each_other_end(tmp_path: Path) -> None:
    """A file of 30 KB lists 700 pages of 990 tags: all but 16 bytes of each are the next one's, too."""
    path, n_tags, n_pages = tmp_path / "slide.tif", 990, 700
    data = bytearray(30_000)
    data[:8] = b"II*\0" + struct.pack("<I", 8)
    sound = [(256, 16), (257, 16), (258, 8), (262, 1), (273, 8), (277, 1), (278, 16), (279, 256)]
    starts = [8, *(8 + 2 + 12 * len(sound) + 16 * k for k in range(n_pages))]
    for start, following in pairwise(starts):
        struct.pack_into("<H", data, start, n_tags)
        struct.pack_into("<I", data, start + 2 + 12 * n_tags, following)
    for k, (tag, value) in enumerate(sound):
        struct.pack_into("<HHII", data, 10 + 12 * k, tag, 4, 1, value)
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match="lie over each other"):
        read(path)
    struct.pack_into("<I", data, 8 + 2 + 12 * n_tags, 0)
    path.write_bytes(data)
    assert read(path).shape == (16, 16)


def test_a_slide_that_names_another_file_is_read_alone(tmp_path: Path) -> None:
    """OME's description may say that pixels lie in any other file."""
    other, path = tmp_path / "elsewhere.tif", tmp_path / "slide.tif"
    tifffile.imwrite(other, NOISE[:64, :64] // 2, photometric="rgb", tile=(64, 64))
    tifffile.imwrite(
        path, NOISE[:64, :64], photometric="rgb", tile=(64, 64), metadata=None,
        description='<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        'UUID="urn:uuid:1"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" SizeX="64" SizeY="64" '
        'SizeZ="1" SizeC="3" SizeT="1" Type="uint8"><Channel ID="C:0" SamplesPerPixel="3"/><TiffData IFD="0" '
        f'PlaneCount="1"><UUID FileName="{other}">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>',
    )  # fmt: skip
    assert np.array_equal(read(path), NOISE[:64, :64])


def test_levels_below_the_first_page_count_and_thumbnails_do_not(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    with tifffile.TiffWriter(path) as file:
        options: dict[str, Any] = {"photometric": "rgb", "metadata": None}
        file.write(NOISE, tile=(64, 64), subifds=1, **options)
        file.write(NOISE[::2, ::2], tile=(64, 64), subfiletype=1, **options)
        file.write(NOISE[::3, ::3], **options)  # in strips: the scanner's thumbnail
        file.write(NOISE[:40, :40], tile=(64, 64), **options)  # a label
        file.write(NOISE[::4, ::4], tile=(64, 64), **options)
    with open_slide(path, max_pixels=LIMIT) as slide:
        assert [(one.width, one.height) for one in slide.levels] == [(210, 150), (105, 75), (53, 38)]
        assert np.array_equal(slide.read_region(1, 0, 0, 105, 75), NOISE[::2, ::2])
        assert np.array_equal(slide.read_region(2, 0, 0, 53, 38), NOISE[::4, ::4])


def test_what_is_no_slide_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.svs").write_text("no slide")
    for name in ("text.svs", "gone.svs", "."):
        with pytest.raises(ImageReadError):
            read(tmp_path / name)
    outside = tmp_path / "slide.png"
    Image.fromarray(NOISE).save(outside)
    (tmp_path / "root").mkdir()
    with pytest.raises(ImageReadError, match="outside its folder root"):
        read(outside, confined_to=(tmp_path / "root",))
