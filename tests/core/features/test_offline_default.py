"""The offline default tells real from generated: measured on real images and three generators' samples."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.features.base import ExtractorOptions, Pixels
from core.features.standardise import standardise_by_real
from core.features.texture import load
from core.metrics.frechet import compute_frechet_distance

Features = NDArray[np.float32]
pytestmark = pytest.mark.slow


def as_it_is(image: Image.Image) -> Image.Image:
    return image


def same_format(image: Image.Image) -> Image.Image:
    """One size and one compression for all, so that neither can be what tells two sets apart."""
    buffer = io.BytesIO()
    image.convert("L").resize((224, 224), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=75)
    return Image.open(buffer)


def read(folder: Path, change: Callable[[Image.Image], Image.Image]) -> Features:
    extractor = load("texture", ExtractorOptions())

    def prepare(path: Path) -> NDArray[np.float32]:
        image = change(Image.open(path))
        pixels: Pixels = np.asarray(image.convert("RGB" if image.mode != "L" else "L"), dtype=np.float32)
        return extractor.prepare(pixels if pixels.ndim == 3 else pixels[..., None])

    files = sorted(path for path in folder.rglob("*") if path.suffix in {".png", ".jpg", ".jpeg"})
    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(prepare, files)))


def half_sampling_interval(real: Features, other: Features, rng: np.random.Generator) -> tuple[float, float]:
    """95 % spread of the distance between halves of both sides, around the distance of the whole.

    Drawing half of a sample without replacement varies as drawing the whole sample from the population does.
    """

    def distance(a: Features, b: Features) -> float:
        a_centred, b_centred = a - a.mean(axis=0), b - b.mean(axis=0)
        cross = np.linalg.svd(a_centred @ b_centred.T, compute_uv=False).sum()
        spread = (a_centred**2).sum() / (len(a) - 1) + (b_centred**2).sum() / (len(b) - 1)
        shift = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
        return float(shift + spread - 2 * cross / np.sqrt((len(a) - 1) * (len(b) - 1)))

    def half(rows: Features) -> Features:
        return rows[rng.permutation(len(rows))[: len(rows) // 2]]

    values = np.array([distance(half(real), half(other)) for _ in range(100)])
    low, high = np.percentile(values - values.mean(), [2.5, 97.5])
    value = distance(real, other)
    return float(value + low), float(value + high)


def assert_apart(real: Features, fresh: Features, generated: Sequence[Features], seed: int) -> None:
    """Fresh real images lie nearer than each generated set, by half-sampling and by the audit's interval."""
    scored_real, scored_fresh, *scored = standardise_by_real(real, fresh, *generated)
    _, fresh_high = half_sampling_interval(scored_real, scored_fresh, np.random.default_rng(seed))
    fresh_estimate = compute_frechet_distance(real=scored_real, synthetic=scored_fresh)
    for features in scored:
        low, _ = half_sampling_interval(scored_real, features, np.random.default_rng(seed))
        assert fresh_high < low
        estimate = compute_frechet_distance(real=scored_real, synthetic=features)
        assert fresh_estimate.high is not None and estimate.low is not None
        assert fresh_estimate.high < estimate.low


@pytest.mark.parametrize("change", [as_it_is, same_format])
def test_fresh_chest_x_rays_lie_nearer_than_two_stylegans(
    shared_data: Path, change: Callable[[Image.Image], Image.Image]
) -> None:
    real = read(shared_data / "cxr_covid" / "real", change)
    generated = [
        read(shared_data / "synthetic" / f"cxr_covid_stylegan2_{snapshot}", change)
        for snapshot in ("late", "early")
    ]
    n = len(real) // 2
    for seed in range(5):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(real))
        drawn = [features[rng.permutation(len(features))[:n]] for features in generated]
        assert_apart(real[order[:n]], real[order[n : 2 * n]], drawn, seed)


@pytest.mark.parametrize("change", [as_it_is, same_format])
def test_held_out_brain_slices_lie_nearer_than_a_diffusion_model(
    shared_data: Path, change: Callable[[Image.Image], Image.Image]
) -> None:
    real = read(shared_data / "mri2d" / "real", change)
    heldout = read(shared_data / "mri2d" / "heldout_real", change)
    generated = read(shared_data / "synthetic" / "mri2d_ddpm", change)
    n = len(generated)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        fresh = heldout[rng.permutation(len(heldout))[:n]]
        assert_apart(real, fresh, [generated], seed)
        assert_apart(real[rng.permutation(len(real))[:n]], fresh, [generated], seed)
