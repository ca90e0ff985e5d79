"""The batching engine and the feature store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.scan import scan_image_set
from core.errors import CancelledError, ImageSetError, InputError
from core.features.base import ExtractorInfo, FeatureBatch
from core.features.extraction import extract_features
from core.features.store import FeatureStore
from core.progress import SilentProgress
from tests.images import write_images, write_png

pytestmark = pytest.mark.usefixtures("workspace")


@dataclass
class Corners:
    """Four corner pixels and the mean: features that a test can compute by hand."""

    version: str = "1"
    extracted: list[int] = field(default_factory=list)
    info = ExtractorInfo("corners", "Corners", "Corners of the image.", "none", 1, has_logits=True)
    name = "corners"
    dimension = 5
    weights_sha256 = None

    @property
    def identity(self) -> str:
        return f"corners v{self.version}"

    def prepare(self, pixels: np.ndarray) -> np.ndarray:
        corners = [pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]]
        return np.array([*(corner.mean() for corner in corners), pixels.mean()], np.float32)

    def extract(self, batch: np.ndarray) -> FeatureBatch:
        self.extracted.append(len(batch))
        return FeatureBatch(batch, batch[:, :2] * 2)


def scan(folder: Path) -> ImageSet:
    return scan_image_set(folder, role=Role.REAL, name="real")


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    return scan(write_images(tmp_path / "set", 23))


def by_hand(image_set: ImageSet) -> np.ndarray:
    from PIL import Image

    return np.stack(
        [Corners().prepare(np.asarray(Image.open(i.path), np.float32)[..., None]) for i in image_set.items]
    )


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 4, 23, 100])
def test_no_image_is_dropped_whatever_the_batch_and_workers(
    images: ImageSet, workers: int, batch_size: int
) -> None:
    batch = extract_features(
        images.items, extractor=Corners(), store=False, workers=workers, batch_size=batch_size
    )
    np.testing.assert_array_equal(batch.features, by_hand(images))
    assert batch.logits is not None
    np.testing.assert_array_equal(batch.logits, batch.features[:, :2] * 2)


def test_order_is_the_items_order(images: ImageSet) -> None:
    backwards = extract_features(images.items[::-1], extractor=Corners(), store=False)
    np.testing.assert_array_equal(backwards.features[::-1], by_hand(images))


def test_equal_files_are_computed_once(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 5)
    for copy in range(4):
        shutil.copy(folder / "0002.png", folder / f"copy{copy}.png")
    image_set, extractor = scan(folder), Corners()
    batch = extract_features(image_set.items, extractor=extractor)
    assert sum(extractor.extracted) == 5
    np.testing.assert_array_equal(batch.features, by_hand(image_set))


def test_only_new_images_are_computed(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 20)
    extract_features(scan(folder).items, extractor=Corners())
    renamed = folder.rename(tmp_path / "renamed")
    write_png(renamed / "new.png", np.full((8, 8), 7, np.uint8))
    image_set, extractor = scan(renamed), Corners()
    batch = extract_features(image_set.items, extractor=extractor)
    assert extractor.extracted == [1]
    np.testing.assert_array_equal(batch.features, by_hand(image_set))


def test_other_content_under_the_same_name_is_computed(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 5, seed=1)
    extract_features(scan(folder).items, extractor=Corners())
    shutil.rmtree(folder)
    image_set = scan(write_images(folder, 5, seed=2))
    np.testing.assert_array_equal(
        extract_features(image_set.items, extractor=Corners()).features, by_hand(image_set)
    )


@pytest.mark.parametrize(
    "other",
    [
        lambda items: extract_features(items, extractor=(e := Corners(version="2"))) and e,
        lambda items: extract_features(items, extractor=(e := Corners()), num_channels=3) and e,
    ],
    ids=["identity", "channels"],
)
def test_what_decides_a_feature_is_part_of_its_key(
    images: ImageSet, other: Callable[[object], Corners]
) -> None:
    extract_features(images.items, extractor=Corners())
    assert sum(other(images.items).extracted) == len(images)


def test_a_damaged_shard_is_computed_again(images: ImageSet) -> None:
    extract_features(images.items, extractor=Corners())
    folder = FeatureStore(get_settings().home, extractor=Corners()).folder
    (shard,) = folder.glob("*.npz")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 0xFF
    shard.write_bytes(content)
    extractor = Corners()
    batch = extract_features(images.items, extractor=extractor)
    assert sum(extractor.extracted) == len(images)
    np.testing.assert_array_equal(batch.features, by_hand(images))


def test_a_cancel_keeps_what_was_finished(images: ImageSet) -> None:
    class CancelAfter(SilentProgress):
        seen = 0

        def advance(self, steps: int = 1) -> None:
            self.seen += steps
            if self.seen >= 8:
                raise CancelledError("stop")

    with pytest.raises(CancelledError):
        extract_features(images.items, extractor=Corners(), batch_size=4, progress=CancelAfter())
    extractor = Corners()
    batch = extract_features(images.items, extractor=extractor, batch_size=4)
    assert sum(extractor.extracted) == len(images) - 8
    np.testing.assert_array_equal(batch.features, by_hand(images))


def test_a_file_that_changed_since_the_scan_is_named(images: ImageSet) -> None:
    write_png(images.items[3].path, np.zeros((4, 4), np.uint8))
    with pytest.raises(ImageSetError, match=r"0003\.png is no longer what it was"):
        extract_features(images.items, extractor=Corners())
    images.items[3].path.unlink()
    with pytest.raises(ImageSetError, match=r"0003\.png is no longer what it was"):
        extract_features(images.items, extractor=Corners(), workers=0)


def test_out_of_memory_says_what_to_change(images: ImageSet) -> None:
    class Greedy(Corners):
        def extract(self, batch: np.ndarray) -> FeatureBatch:
            raise RuntimeError("CUDA out of memory. Tried to allocate")

    with pytest.raises(InputError, match="--batch-size"):
        extract_features(images.items, extractor=Greedy())


def test_grey_and_deep_images_reach_the_extractor_on_one_scale(tmp_path: Path) -> None:
    ramp = np.arange(64, dtype=np.uint16).reshape(8, 8)
    write_png(tmp_path / "set" / "deep.png", ramp * 1000)
    np.save(tmp_path / "set" / "real.npy", ramp / 7.0)
    batch = extract_features(scan(tmp_path / "set").items, extractor=Corners())
    np.testing.assert_allclose(batch.features[0], batch.features[1], rtol=1e-5)
    assert batch.features[0][[0, 3]].tolist() == [0, 255]
