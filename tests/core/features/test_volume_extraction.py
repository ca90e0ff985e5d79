"""Tri-planar features of volumes, and the other ways in which extractors see them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from core.config import get_settings
from core.datasets.image_set import ImageSet
from core.datasets.item_source import load_volume
from core.errors import CancelledError, ImageSetError, InputError
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureBatch, FeatureKind
from core.features.extraction import extract_features
from core.features.registry import load_extractor
from core.features.store import FeatureStore
from core.features.volume_extraction import extract_planes
from core.features.volume_pixels import cut_pixels, load_levels, select_slices
from core.features.volume_view import VIEW_OF_PLANES, VolumeView
from core.images.display import to_display_scale
from core.images.overview import picture_volume
from core.images.slices import Plane
from core.progress import SilentProgress
from tests.core.features.volume_sets import scan_one, scan_volumes, write_array, write_nifti, write_volumes
from tests.images import write_images

pytestmark = pytest.mark.usefixtures("workspace")


@dataclass
class Moments:
    """Mean, spread, a corner and the sides of a slice: features that a test can compute by hand."""

    extracted: list[int] = field(default_factory=list)
    info = ExtractorInfo("moments", "Moments", "Moments of the image.", "none", 1, has_logits=True)
    name = "moments"
    identity = "moments v1"
    dimension = 5
    weights_sha256 = None

    def prepare(self, pixels: np.ndarray) -> np.ndarray:
        height, width, _ = pixels.shape
        wide = pixels.astype(np.float64)
        return np.array([wide.mean(), wide.std(), pixels[0, 0, 0], height, width], np.float32)

    def extract(self, batch: np.ndarray) -> FeatureBatch:
        self.extracted.append(len(batch))
        return FeatureBatch(batch, batch[:, :2])


class Codes(Moments):
    """The same, called codes."""

    info = replace(Moments.info, kind=FeatureKind.DISCRETE)


class Sums(Moments):
    """Looks at whole volumes."""

    info = replace(Moments.info, takes_volumes=True, has_logits=False)
    identity = "sums v1"

    def prepare_volume(self, volume: object, *, num_channels: int | None) -> np.ndarray:
        values = volume.values.astype(np.float64)  # type: ignore[attr-defined]
        return np.array([values.mean(), values.std(), *volume.shape], np.float32)  # type: ignore[attr-defined]

    def extract(self, batch: np.ndarray) -> FeatureBatch:
        self.extracted.append(len(batch))
        return FeatureBatch(batch)


@pytest.fixture
def volumes(tmp_path: Path) -> ImageSet:
    return scan_volumes(write_volumes(tmp_path / "set", 7))


def by_hand(image_set: ImageSet, plane: Plane) -> np.ndarray:
    """Means over slices that are not of one value, cut without any of the code that is tested."""
    found = []
    for item in image_set.items:
        values = np.load(item.path)
        slices = {
            Plane.AXIAL: list(values),
            Plane.CORONAL: [values[::-1, at] for at in range(values.shape[1])],
            Plane.SAGITTAL: [values[::-1, :, at] for at in range(values.shape[2])],
        }[plane]
        rows = [Moments().prepare(one[..., None].astype(np.float32)) for one in slices if np.ptp(one)]
        found.append(np.mean(rows, axis=0, dtype=np.float64))
    return np.array(found)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("batch_size", [1, 7, 500])
def test_planes_are_means_over_slices_whatever_the_batch_and_workers(
    volumes: ImageSet, workers: int, batch_size: int
) -> None:
    found = extract_planes(
        volumes.items, extractor=Moments(), store=False, workers=workers, batch_size=batch_size
    )
    for plane in Plane:
        assert_allclose(found.planes[plane], by_hand(volumes, plane), rtol=1e-6)
    pooled = sum(by_hand(volumes, plane) for plane in Plane) / 3
    assert_allclose(found.pooled.features, pooled, rtol=1e-6)
    assert found.pooled.logits is None


def test_order_is_the_items_order_and_little_memory_changes_nothing(volumes: ImageSet) -> None:
    found = extract_planes(volumes.items, extractor=Moments(), store=False, workers=0)
    backwards = extract_planes(volumes.items[::-1], extractor=Moments(), store=False, workers=2, most_bytes=1)
    for plane in Plane:
        assert_array_equal(backwards.planes[plane][::-1], found.planes[plane])


def test_a_volume_of_equal_slices_has_the_features_of_the_slice(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (20, 24), dtype=np.uint8)
    item = scan_one(write_array(tmp_path / "set" / "same.npy", np.stack([picture] * 5)))
    extractor = load_extractor("texture", ExtractorOptions(resolution=32))
    alone = extractor.extract(extractor.prepare(to_display_scale(picture))[None]).features
    found = extract_planes([item], extractor=extractor, batch_size=2)
    assert_array_equal(found.planes[Plane.AXIAL], alone)
    assert not np.allclose(found.planes[Plane.CORONAL], alone)


def test_slices_of_one_level_are_left_out_unless_a_plane_has_no_other(tmp_path: Path) -> None:
    values = np.zeros((6, 8, 10), np.uint8)
    values[2:4, 3, 4:9] = [[10, 20, 30, 40, 50], [9, 8, 7, 6, 5]]
    write_array(tmp_path / "set" / "a.npy", values)
    ramp = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None] * 10, (6, 8, 10))
    write_array(tmp_path / "set" / "b.npy", ramp)
    write_array(tmp_path / "set" / "c.npy", np.full((6, 8, 10), 7, np.uint8))
    spots, ramps, plain = (load_levels(item, get_settings()) for item in scan_volumes(tmp_path / "set").items)
    assert select_slices(spots, Plane.AXIAL) == [2, 3]
    assert select_slices(spots, Plane.CORONAL) == [3]
    assert select_slices(spots, Plane.SAGITTAL) == [4, 5, 6, 7, 8]
    # Axial slices of the ramp are each of one level, and then all count; seen from the side, all vary.
    assert select_slices(ramps, Plane.AXIAL) == list(range(6))
    assert select_slices(ramps, Plane.CORONAL) == list(range(8))
    assert select_slices(plain, Plane.SAGITTAL) == list(range(10))


def test_slices_reach_the_extractor_with_square_pixels(tmp_path: Path) -> None:
    values = np.random.default_rng(2).integers(1, 255, (4, 8, 6), dtype=np.uint8)
    item = scan_one(write_nifti(tmp_path / "set" / "thick.nii", values, (3.0, 1.0, 1.0)))
    found = extract_planes([item], extractor=Moments(), store=False)
    sides = {plane: found.planes[plane][0, 3:].tolist() for plane in Plane}
    assert sides == {Plane.AXIAL: [8, 6], Plane.CORONAL: [12, 6], Plane.SAGITTAL: [12, 8]}
    volume = load_levels(item, get_settings())
    assert_array_equal(volume.values, values)
    for channels in (None, 1, 3):
        cut = cut_pixels(volume, Plane.CORONAL, 2, num_channels=channels)
        assert cut.shape == (12, 6, channels or 1)
        assert cut.dtype == np.float32


def test_colour_keeps_its_channels_or_becomes_luma(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 256, (4, 8, 6, 3), dtype=np.uint8)
    volume = load_levels(scan_one(write_array(tmp_path / "set" / "colour.npy", values)), get_settings())
    assert_array_equal(cut_pixels(volume, Plane.AXIAL, 1, num_channels=None), values[1])
    luma = cut_pixels(volume, Plane.AXIAL, 1, num_channels=1)
    assert_allclose(luma[..., 0], values[1] @ np.array([0.299, 0.587, 0.114]), rtol=1e-5)


def test_black_and_white_are_chosen_once_for_the_volume(tmp_path: Path) -> None:
    values = np.zeros((3, 4, 4), np.int16)
    values[:, 0, 0] = 100, 500, 1000
    item = scan_one(write_array(tmp_path / "set" / "deep.npy", values))
    found = extract_planes([item], extractor=Moments(), store=False)
    # Black and white of its own would make the corner of every slice white.
    assert found.planes[Plane.AXIAL][0, 2] == pytest.approx(255 * (0.1 + 0.5 + 1) / 3, abs=0.5)


def test_equal_volumes_are_computed_once_and_found_again(tmp_path: Path) -> None:
    folder = write_volumes(tmp_path / "set", 3)
    for copy in range(3):
        shutil.copy(folder / "01.npy", folder / f"copy{copy}.npy")
    image_set, extractor = scan_volumes(folder), Moments()
    found = extract_planes(image_set.items, extractor=extractor)
    n_slices = sum(
        len(select_slices(load_levels(item, get_settings()), plane))
        for item in image_set.items[:3]
        for plane in Plane
    )
    assert sum(extractor.extracted) == n_slices
    assert_array_equal(found.planes[Plane.AXIAL][3:], found.planes[Plane.AXIAL][[1, 1, 1]])
    again = Moments()
    kept = extract_planes(scan_volumes(folder.rename(tmp_path / "renamed")).items, extractor=again)
    assert again.extracted == []
    for plane in Plane:
        assert_array_equal(kept.planes[plane], found.planes[plane])


def test_a_cancel_keeps_finished_volumes_and_comes_between_batches(volumes: ImageSet) -> None:
    class CancelAfter(SilentProgress):
        done = calls = 0

        def advance(self, steps: int = 1) -> None:
            self.done += steps
            self.calls += 1
            if self.done >= 3:
                raise CancelledError("stop")

    progress = CancelAfter()
    with pytest.raises(CancelledError):
        extract_planes(volumes.items, extractor=Moments(), batch_size=4, progress=progress)
    assert progress.calls > 3 * 5
    whole, rest = Moments(), Moments()
    found = extract_planes(volumes.items, extractor=rest, batch_size=4)
    extract_planes(volumes.items, extractor=whole, batch_size=4, store=False)
    assert 0 < sum(rest.extracted) < sum(whole.extracted)
    assert_allclose(found.planes[Plane.SAGITTAL], by_hand(volumes, Plane.SAGITTAL), rtol=1e-6)


def test_views_of_a_volume_are_never_taken_for_each_other(volumes: ImageSet) -> None:
    extractor = Moments()
    spaces = {
        FeatureStore(get_settings().home, extractor=extractor).folder,
        FeatureStore(get_settings().home, extractor=extractor, view=VIEW_OF_PLANES, n_views=3).folder,
    }
    assert len(spaces) == 2
    pooled = extract_features(volumes.items, extractor=extractor).features
    montages = extract_features(volumes.items, extractor=extractor, volume_view=VolumeView.MONTAGE)
    assert_array_equal(pooled, extract_planes(volumes.items, extractor=Moments()).pooled.features)
    assert montages.logits is not None
    for row, item in zip(montages.features, volumes.items, strict=True):
        picture = picture_volume(load_volume(item.source, get_settings())).pixels
        assert_allclose(row, Moments().prepare(to_display_scale(picture)), rtol=1e-6)
    folders = [one for one in (get_settings().home / "features").iterdir() if one.name.startswith("moments")]
    assert len(folders) == 2


def test_codes_have_no_mean(volumes: ImageSet) -> None:
    with pytest.raises(InputError, match=r"gives codes, which have no mean.*--volume-view montage"):
        extract_planes(volumes.items, extractor=Codes())
    montages = extract_features(volumes.items, extractor=Codes(), volume_view=VolumeView.MONTAGE)
    assert len(montages.features) == len(volumes)


def test_an_extractor_of_volumes_sees_all_of_each_and_no_picture(volumes: ImageSet, tmp_path: Path) -> None:
    extractor = Sums()
    found = extract_features(volumes.items, extractor=extractor, batch_size=3, workers=2).features
    whole = [np.load(item.path).astype(np.float64) for item in volumes.items]
    assert_allclose(found, [[v.mean(), v.std(), *v.shape] for v in whole], rtol=1e-6)
    assert extractor.extracted == [3, 3, 1]
    again = Sums()
    assert_array_equal(extract_features(volumes.items[::-1], extractor=again).features[::-1], found)
    assert again.extracted == []
    with pytest.raises(InputError, match="looks at volumes, and these are pictures"):
        extract_features(scan_volumes(write_images(tmp_path / "pictures", 2)).items, extractor=Sums())
    with pytest.raises(InputError, match="looks at whole volumes, not along planes"):
        extract_planes(volumes.items, extractor=Sums())


def test_a_file_that_changed_since_the_scan_is_named(volumes: ImageSet) -> None:
    write_array(volumes.items[3].path, np.ones((3, 4, 5), np.uint8))
    for workers in (0, 2):
        with pytest.raises(ImageSetError, match=r"03\.npy is no longer what it was"):
            extract_planes(volumes.items, extractor=Moments(), workers=workers)
