"""Mean volumes: what they are, that nothing decides them but the volumes, and that they stay small."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.audit import mean_volumes
from core.audit.mean_images import compute_variety_rows, picture_mean
from core.audit.mean_volumes import MeanVolumes, compute_mean_volumes
from core.audit.protocol import Protocol
from core.audit.set_means import average_sets
from core.audit.volume_frame import (
    LARGEST_SIDE,
    FramedVolume,
    VolumeFrame,
    choose_volume_frame,
    choose_workers,
    load_framed,
)
from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet, Item, Role
from core.datasets.scan import scan_image_set
from core.errors import CancelledError, ImageSetError
from core.images.intensity import Intensity, IntensityMode
from core.images.volume_resizing import resize_volume
from core.metrics.mean_image import compute_mean_image_png_bytes
from core.progress import SilentProgress
from tests.core.features.volume_sets import write_array, write_nifti

SHAPE = (4, 6, 5)
SPACING = (2.0, 1.5, 0.5)


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return get_settings()


def scan(folder: Path, role: Role = Role.REAL, name: str = "real") -> ImageSet:
    return scan_image_set(folder, role=role, name=name, progress=SilentProgress())


def draw(seed: int, n: int, shape: tuple[int, int, int] = SHAPE) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(n)]


def write(folder: Path, volumes: list[np.ndarray], classes: str = "") -> Path:
    for at, values in enumerate(volumes):
        below = folder / classes[at % len(classes)] if classes else folder
        write_nifti(below / f"{at:02}.nii", values, SPACING)
    return folder


def average(
    sets: list[ImageSet], settings: Settings, *, workers: int = 0, frame: VolumeFrame | None = None
) -> MeanVolumes:
    return compute_mean_volumes(
        sets,
        frame=frame or choose_volume_frame(sets, num_channels=None),
        workers=workers,
        settings=settings,
        progress=SilentProgress(),
    )


def test_mean_and_spread_are_those_of_numpy_by_set_and_class(tmp_path: Path, settings: Settings) -> None:
    ours, theirs = draw(0, 5), draw(1, 4)
    sets = [
        scan(write(tmp_path / "real", ours, "ab")),
        scan(write(tmp_path / "gan", theirs, "ab"), Role.SYNTHETIC, "gan"),
    ]
    found = average(sets, settings)
    assert list(found) == [(name, label) for name in ("real", "gan") for label in (None, "a", "b")]
    for name, volumes in (("real", ours), ("gan", theirs)):
        for label, part in ((None, volumes), ("a", volumes[::2]), ("b", volumes[1::2])):
            one, stack = found[name, label], np.stack(part).astype(np.float64)
            assert one.mean.shape == (*SHAPE, 1) and one.n == len(part)
            np.testing.assert_allclose(one.mean[..., 0], stack.mean(axis=0), rtol=1e-6)
            np.testing.assert_allclose(one.std[..., 0], stack.std(axis=0), atol=1e-4)
            assert one.spacing_mm == pytest.approx(SPACING) and one.is_oriented


def test_neither_threads_nor_the_order_of_files_decide_it(tmp_path: Path, settings: Settings) -> None:
    volumes = draw(0, 7, (5, 9, 8))
    forth = [scan(write(tmp_path / "forth", volumes))]
    back = [scan(write(tmp_path / "back", volumes[::-1]))]
    frame = VolumeFrame((4, 6, 10), 1, None)
    one, threaded, other = (
        average(sets, settings, workers=workers, frame=frame)["real", None]
        for sets, workers in ((forth, 0), (forth, 3), (back, 2))
    )
    np.testing.assert_array_equal(one.mean, threaded.mean)
    np.testing.assert_array_equal(one.std, threaded.std)
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-4)
    np.testing.assert_allclose(one.std, other.std, atol=1e-4)
    expected = np.mean([resize_volume(values, shape=frame.shape) for values in volumes], axis=0)
    np.testing.assert_allclose(one.mean, expected, atol=1e-3)


def test_the_frame_is_the_median_shape_and_extent_of_the_real_volumes(tmp_path: Path) -> None:
    for at, shape in enumerate([(4, 10, 12), (6, 10, 14), (8, 11, 300)]):
        write_nifti(tmp_path / "real" / f"{at}.nii", np.zeros(shape, np.uint8) + at, (3.0, 1.0, 0.5))
    for at in range(2):
        colour = np.full((30, 30, 30, 3), (at, 0, 9), np.uint8)
        write_array(tmp_path / "gan" / f"{at}.npy", colour)
    real, gan = scan(tmp_path / "real"), scan(tmp_path / "gan", Role.SYNTHETIC, "gan")
    frame = choose_volume_frame([real, gan], num_channels=None)
    assert frame.shape == (6, 10, 14) and frame.num_channels == 3
    assert frame.spacing_mm == pytest.approx((3.0, 1.0, 0.5))
    assert choose_volume_frame([real, gan], num_channels=1).num_channels == 1
    assert choose_volume_frame([gan, real], num_channels=None).spacing_mm is None


def test_the_longest_side_is_bounded_and_the_extent_kept(tmp_path: Path) -> None:
    for at in range(2):
        write_nifti(tmp_path / f"{at}.nii", np.full((2, 64, 320), at, np.uint8), (5.0, 1.0, 1.0))
    frame = choose_volume_frame([scan(tmp_path)], num_channels=None)
    assert frame.shape == (1, 26, LARGEST_SIDE)
    assert frame.spacing_mm == pytest.approx((10.0, 64 / 26, 2.5))


def test_large_volumes_are_decoded_one_at_a_time(tmp_path: Path) -> None:
    items = scan(write(tmp_path, draw(0, 2))).items
    assert choose_workers(items, 8) == 8 and choose_workers(items, 0) == 0
    huge = [_enlarge(item, 1024) for item in items]
    assert choose_workers(huge, 8) == 1


def _enlarge(item: Item, side: int) -> Item:
    return replace(item, facts=replace(item.facts, width=side, height=side, slices=side))


@pytest.mark.parametrize("workers", [0, 2])
def test_few_volumes_are_alive_at_a_time(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    alive, most, loads = 0, 0, 0

    def count(item: Item, frame: VolumeFrame, given: Settings) -> FramedVolume:
        nonlocal alive, most, loads
        framed = load_framed(item, frame, given)
        alive, loads = alive + 1, loads + 1
        most = max(most, alive)

        def leave() -> None:
            nonlocal alive
            alive -= 1

        weakref.finalize(framed.levels, leave)
        return framed

    monkeypatch.setattr(mean_volumes, "load_framed", count)
    sets = [scan(write(tmp_path, draw(0, 24), "abc"))]
    gc.collect()
    average(sets, settings, workers=workers)
    assert loads == 24, "every volume is read once, whatever number of classes"
    assert most <= workers + 3


def test_a_volume_that_changed_ends_it_in_one_sentence(tmp_path: Path, settings: Settings) -> None:
    sets = [scan(write(tmp_path, draw(0, 3)))]
    write_nifti(tmp_path / "01.nii", draw(9, 1)[0], SPACING)
    with pytest.raises(ImageSetError, match="run it again"):
        average(sets, settings)


class Cancelling(SilentProgress):
    """Says so after two items."""

    def __init__(self) -> None:
        self.n = 0

    def advance(self, count: int = 1) -> None:
        self.n += count
        if self.n > 1:
            raise CancelledError("stopped")


def test_it_can_be_cancelled(tmp_path: Path, settings: Settings) -> None:
    sets = [scan(write(tmp_path, draw(0, 6)))]
    with pytest.raises(CancelledError):
        average_sets(sets, protocol=Protocol(), workers=2, settings=settings, progress=Cancelling())


def test_the_measured_file_holds_every_axial_slice(tmp_path: Path, settings: Settings) -> None:
    sets = [
        scan(write(tmp_path / "real", draw(0, 4))),
        scan(write(tmp_path / "gan", draw(1, 3)), Role.SYNTHETIC, "gan"),
    ]
    means = average_sets(sets, protocol=Protocol(), workers=0, settings=settings, progress=SilentProgress())
    assert not means.images and isinstance(means.frame, VolumeFrame)
    rows = {row.metric: row for row in compute_variety_rows(sets, means.volumes)}
    gan = means.volumes["gan", None]
    png = rows["mean_image_png_bytes"]
    assert png.value == compute_mean_image_png_bytes(picture_mean(gan))
    assert png.floor == compute_mean_image_png_bytes(picture_mean(means.volumes["real", None]))
    assert (png.n_real, png.n_synthetic) == (4, 3)
    assert "all 4 axial slices of the mean volume (4 x 6 x 5 voxels)" in png.note
    assert picture_mean(gan).shape == (2 * 6, 2 * 5, 1)
    assert rows["variety"].value is None and "two or more" in rows["variety"].note


def test_a_set_that_repeats_itself_has_the_larger_file_and_less_variety(
    tmp_path: Path, settings: Settings
) -> None:
    shape = (8, 16, 16)
    rng = np.random.default_rng(5)
    one = draw(3, 1, shape)[0]
    alike = [np.clip(one + rng.normal(0, 2, shape), 0, 255).astype(np.uint8) for _ in range(12)]
    sets = [
        scan(write(tmp_path / "real", draw(0, 12, shape))),
        scan(write(tmp_path / "varied", draw(1, 12, shape)), Role.SYNTHETIC, "varied"),
        scan(write(tmp_path / "alike", alike), Role.SYNTHETIC, "alike"),
    ]
    rows = compute_variety_rows(sets, average(sets, settings))
    value = {(row.synthetic, row.metric): row.value for row in rows}
    for metric in ("mean_image_png_bytes", "mean_image_ljpeg_bytes"):
        small, large = value["varied", metric], value["alike", metric]
        assert small is not None and large is not None and small < large
    assert value["varied", "variety"] == 1.0 and value["alike", "variety"] == 0.0


def test_padding_and_policy_reach_the_mean(tmp_path: Path, settings: Settings) -> None:
    for at in range(2):
        write_array(tmp_path / f"{at}.npy", (np.arange(8 * 3 * 4).reshape(8, 3, 4) + at).astype(np.int16))
    window = Intensity(mode=IntensityMode.WINDOW, center=36, width=20)
    means = [
        compute_mean_volumes(
            [scan_image_set(tmp_path, role=Role.REAL, name="real", intensity=policy)],
            frame=VolumeFrame((8, 3, 4), 1, None),
            workers=0,
            settings=settings,
            progress=SilentProgress(),
        )["real", None]
        for policy in (Intensity(mode=IntensityMode.MINMAX), window)
    ]
    assert np.ptp(means[0].mean) == 255 and (means[0].mean == 255).sum() == 1
    assert (means[1].mean == 255).sum() > 20, "all above the window is white"
