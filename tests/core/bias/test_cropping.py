"""Crops take out what they say, keep the rest bit for bit, and write all images or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.bias.box import Box
from core.bias.crop import Crop, CropMode
from core.bias.cropping import apply_crop, write_cropped_set
from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.scan import scan_image_set
from core.errors import CancelledError, ImageReadError, ImageSetError, InputError
from core.images.reading import decode_image
from core.progress import SilentProgress

CORNER = Box(0, 0, 0.25, 0.2)
RAMP = np.arange(20 * 40, dtype=np.uint16).reshape(20, 40) + 7


def test_margins_are_cut_at_every_side() -> None:
    assert np.array_equal(apply_crop(RAMP, Crop(margin=0.1)), RAMP[2:18, 4:36])


def test_a_region_is_painted_black_and_the_rest_stays() -> None:
    for pixels, black in ((RAMP, 7), (RAMP.astype(np.uint8), 0), (RAMP / 3 - 5, RAMP.min() / 3 - 5)):
        before = pixels.copy()
        blank = apply_crop(pixels, Crop(region=CORNER))
        assert (blank[:4, :10] == black).all()
        kept = np.ones(pixels.shape, dtype=bool)
        kept[:4, :10] = False
        assert np.array_equal(blank[kept], pixels[kept])
        assert blank.dtype == pixels.dtype
        assert np.array_equal(pixels, before)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        (CORNER, slice(4, 20), slice(0, 40)),
        (Box(0, 0.2, 0.1, 0.9), slice(0, 20), slice(4, 40)),
        (Box(0.9, 0.2, 1, 0.9), slice(0, 20), slice(0, 36)),
        (Box(0.3, 0.85, 0.9, 0.95), slice(0, 17), slice(0, 40)),
    ],
)
def test_a_cut_takes_the_strip_that_loses_least(box: Box, rows: slice, columns: slice) -> None:
    cut = apply_crop(RAMP, Crop(region=box, mode=CropMode.CUT))
    assert np.array_equal(cut, RAMP[rows, columns])


def test_region_and_margin_together() -> None:
    colour = np.repeat(RAMP.astype(np.uint8)[..., np.newaxis], 3, axis=2)
    both = apply_crop(colour, Crop(margin=0.1, region=CORNER))
    assert both.shape == (16, 32, 3)
    assert (both[:2, :6] == 0).all()
    assert np.array_equal(both[2:], colour[4:18, 4:36])
    cut = apply_crop(RAMP, Crop(margin=0.1, region=CORNER, mode=CropMode.CUT))
    assert np.array_equal(cut, RAMP[4:18, 4:36])


def test_crops_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="what to crop"):
        Crop()
    for margin in (-0.1, 0.5):
        with pytest.raises(InputError, match="margin"):
            Crop(margin=margin)
    with pytest.raises(InputError, match="leave nothing"):
        Crop(region=Box(0, 0, 1, 1), mode=CropMode.CUT)
    with pytest.raises(ImageReadError, match="so small"):
        apply_crop(RAMP[:2, :2], Crop(margin=0.4))


@pytest.fixture
def mixed(workspace: Path, tmp_path: Path) -> ImageSet:
    """8-bit, 16-bit, colour JPEG and float images, in sub-folders."""
    folder = tmp_path / "films"
    for name in ("a", "b/c"):
        (folder / name).mkdir(parents=True)
    Image.fromarray(RAMP.astype(np.uint8)).save(folder / "a" / "grey.png")
    Image.fromarray(RAMP).save(folder / "a" / "deep.png")
    noise = np.random.default_rng(0).integers(0, 256, (20, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "b" / "c" / "colour.jpeg")
    np.save(folder / "b" / "float.npy", RAMP / np.float32(3))
    return scan_image_set(folder, role=Role.REAL, name="films", settings=get_settings())


def test_every_kind_of_file_is_written_without_loss(mixed: ImageSet, tmp_path: Path) -> None:
    crop, settings, out = Crop(margin=0.1, region=CORNER), get_settings(), tmp_path / "out"
    assert write_cropped_set(mixed, crop, out, settings=settings) == 4
    again = scan_image_set(out, role=Role.REAL, name="again", settings=settings)
    assert [(one.id, one.label) for one in again.items] == [(one.id, one.label) for one in mixed.items]
    for before, after in zip(mixed.items, again.items, strict=True):
        old, new = (decode_image(one.path.read_bytes(), max_pixels=10**6).pixels for one in (before, after))
        assert np.array_equal(new, apply_crop(old, crop))
        assert new.dtype == old.dtype
    assert sorted(path.name for path in tmp_path.iterdir()) == ["films", "out", "workspace"]


def test_all_or_nothing(mixed: ImageSet, tmp_path: Path) -> None:
    crop, settings, out = Crop(margin=0.1), get_settings(), tmp_path / "out"

    class Stop(SilentProgress):
        def advance(self, steps: int = 1) -> None:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        write_cropped_set(mixed, crop, out, settings=settings, progress=Stop())
    mixed.items[-1].path.write_bytes(b"changed")
    with pytest.raises(ImageSetError, match="changed"):
        write_cropped_set(mixed, crop, out, settings=settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["films", "workspace"]
    with pytest.raises(InputError, match="within the set"):
        write_cropped_set(mixed, crop, mixed.root / "out", settings=settings)
    out.mkdir()
    (out / "mine.txt").touch()
    with pytest.raises(InputError, match="not overwritten"):
        write_cropped_set(mixed, crop, out, settings=settings)
