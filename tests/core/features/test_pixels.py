from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from core.errors import InputError
from core.features.base import ExtractorOptions
from core.features.pixels import INFO, PixelsExtractor, load

EXTRACTOR = PixelsExtractor(32)


def jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=50)
    return Image.open(buffer)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half size": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
    "odd size": lambda image: image.resize((image.width * 7 // 10, image.height * 7 // 10)),
    "larger": lambda image: image.resize((image.width * 3 // 2, image.height * 3 // 2)),
    "JPEG quality 50": jpeg,
    "20 % brighter": lambda image: image.point(lambda value: min(255, round(1.2 * value))),
}


def family(seed: int, side: int = 128) -> Image.Image:
    """Images alike as radiographs are: one body, its own shape, and detail of its own."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    image = 60 + 60 * np.exp(-(x**2) * 3)
    for sign in (-1, 1):
        centre, width = sign * rng.normal(0.45, 0.04), rng.normal(0.28, 0.03)
        image -= 70 * np.exp(-(((x - centre) / width) ** 4) - (y / rng.normal(0.7, 0.05)) ** 4)
    for _ in range(12):
        px, py, size = rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), rng.uniform(0.05, 0.2)
        image += rng.normal(0, 14) * np.exp(-((x - px) ** 2 + (y - py) ** 2) / size**2)
    return Image.fromarray(np.clip(image + 40, 0, 210).astype(np.uint8))


def vectors(images: list[Image.Image]) -> NDArray[np.float64]:
    arrays = [np.asarray(image.convert("L"), dtype=np.float32)[..., None] for image in images]
    return np.stack([EXTRACTOR.prepare(array) for array in arrays]).astype(np.float64)


def distances(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(one[:, None, :] - two[None, :, :], axis=2)


def test_vectors_have_no_mean_and_unit_variance() -> None:
    made = vectors([family(seed) for seed in range(5)])
    assert made.shape == (5, EXTRACTOR.dimension) == (5, 1024)
    np.testing.assert_allclose(made.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(made.std(axis=1), 1, rtol=1e-6)


def test_squared_distance_follows_from_the_correlation() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.uniform(0, 255, (2, 32, 32, 1)).astype(np.float32)
    correlation = np.corrcoef(one.ravel(), two.ravel())[0, 1]
    squared = float(((EXTRACTOR.prepare(one) - EXTRACTOR.prepare(two)) ** 2).sum())
    assert squared == pytest.approx(2 * 1024 * (1 - correlation), rel=1e-5)


def test_identical_pictures_are_at_distance_zero_exactly() -> None:
    pixels = np.asarray(family(0), dtype=np.float32)[..., None]
    first = EXTRACTOR.prepare(pixels)
    np.testing.assert_array_equal(first, EXTRACTOR.prepare(pixels.copy()))
    np.testing.assert_array_equal(first, EXTRACTOR.prepare(np.repeat(pixels, 3, axis=2)))


@settings(max_examples=30, deadline=None)
@given(st.floats(0.2, 1.0), st.floats(0, 50), st.integers(1, 70), st.integers(1, 70))
def test_contrast_and_brightness_do_not_matter(gain: float, shift: float, height: int, width: int) -> None:
    pixels = np.random.default_rng(height * 71 + width).uniform(0, 200, (height, width, 1)).astype(np.float32)
    changed = EXTRACTOR.prepare((gain * pixels + shift).astype(np.float32))
    np.testing.assert_allclose(changed, EXTRACTOR.prepare(pixels), atol=2e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 512), (512, 1), (40, 30)])
@pytest.mark.parametrize("value", [0.0, 77.7, 255.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_constant_images_give_the_zero_vector(shape: tuple[int, int], value: float, channels: int) -> None:
    got = EXTRACTOR.prepare(np.full((*shape, channels), value, dtype=np.float32))
    np.testing.assert_array_equal(got, np.zeros(1024, dtype=np.float32))


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_nearest_to_its_original(change: str) -> None:
    originals = [family(seed) for seed in range(60)]
    real = vectors(originals)
    found = distances(vectors([CHANGES[change](image) for image in originals]), real)
    assert (found.argmin(axis=1) == np.arange(60)).all()
    strangers = distances(real, real)
    np.fill_diagonal(strangers, np.inf)
    assert np.diag(found).max() < 0.5 * strangers.min()


@pytest.mark.parametrize(
    "folder", ["cxr_covid/real", "mri2d/real/glioma", "cxr_paediatric/heldout_real/normal"]
)
def test_changed_copies_of_real_images_are_nearest_to_their_originals(shared_data: Path, folder: str) -> None:
    files = sorted(
        path for path in (shared_data / folder).iterdir() if path.suffix in {".png", ".jpg", ".jpeg"}
    )
    originals = [Image.open(path).convert("L") for path in files[:100]]
    real = vectors(originals)
    for name, change in CHANGES.items():
        found = distances(vectors([change(image) for image in originals]), real)
        assert (found.argmin(axis=1) == np.arange(len(originals))).all(), name
        if name != "20 % brighter":  # bright images lose detail to saturation
            assert np.diag(found).max() < 0.1 * EXTRACTOR.side, name


def test_the_duplicates_of_pathology_tiles_are_told_from_other_tiles(shared_data: Path) -> None:
    files = sorted((shared_data / "pathology" / "real" / "lung_n").iterdir())[:60]
    originals = [Image.open(path) for path in files]
    found = distances(vectors([jpeg(image) for image in originals]), vectors(originals))
    assert (found.argmin(axis=1) == np.arange(60)).all()


def test_batch_order_and_threads_change_no_feature() -> None:
    images = [np.asarray(family(seed, 50 + seed), dtype=np.float32)[..., None] for seed in range(12)]
    expected = np.stack([EXTRACTOR.prepare(image) for image in images])
    with ThreadPoolExecutor(4) as pool:
        threaded = np.stack(list(pool.map(EXTRACTOR.prepare, images[::-1])))[::-1]
    np.testing.assert_array_equal(threaded, expected)
    np.testing.assert_array_equal(EXTRACTOR.extract(expected).features, expected)


def test_a_resolution_above_the_default_is_not_used() -> None:
    assert (
        load("pixels", ExtractorOptions(resolution=512)).identity
        == load("pixels", ExtractorOptions()).identity
    )
    small = load("pixels", ExtractorOptions(resolution=16))
    assert small.dimension == 256 == len(small.prepare(np.zeros((9, 9, 1), dtype=np.float32)))
    assert "resolution=16" in small.identity and small.weights_sha256 is None
    assert INFO.resolution == 32 and not INFO.standardise


def test_what_cannot_be_asked_for_is_refused() -> None:
    with pytest.raises(InputError, match="at least 4"):
        load("pixels", ExtractorOptions(resolution=3))
    with pytest.raises(InputError, match="nothing after its name"):
        load("pixels:fine", ExtractorOptions())
