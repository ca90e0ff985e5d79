"""MS-SSIM against a transcription of the papers' formulas with plain loops; pairs, classes, interval."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputError, TooFewImagesError
from core.metrics.ms_ssim import (
    _draw_ring,
    compute_ms_ssim,
    compute_ms_ssim_by_class,
    compute_pair_ms_ssim,
    decide_n_scales,
    draw_rings,
)

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def naive_ms_ssim(x: np.ndarray, y: np.ndarray, data_range: float, n_scales: int) -> float:
    """Wang et al. 2003, eq. 7, window by window."""
    grid = np.arange(-5, 6)
    window = np.exp(-(grid[:, None] ** 2 + grid**2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    weights = np.array(WEIGHTS[:n_scales]) / sum(WEIGHTS[:n_scales])
    product = 1.0
    for scale in range(n_scales):
        luminance, structure = [], []
        for i in range(x.shape[0] - 10):
            for j in range(x.shape[1] - 10):
                a, b = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
                ma, mb = (window * a).sum(), (window * b).sum()
                va, vb = (window * (a - ma) ** 2).sum(), (window * (b - mb) ** 2).sum()
                cov = (window * (a - ma) * (b - mb)).sum()
                luminance.append((2 * ma * mb + c1) / (ma**2 + mb**2 + c1))
                structure.append((2 * cov + c2) / (va + vb + c2))
        factor = np.array(structure)
        if scale == n_scales - 1:
            factor = factor * np.array(luminance)
        product *= max(factor.mean(), 0) ** weights[scale]
        halved = []
        for image in (x, y):
            rows, columns = (image.shape[0] + 1) // 2, (image.shape[1] + 1) // 2
            half = np.empty((rows, columns))
            for i in range(rows):
                for j in range(columns):
                    down = min(2 * i + 1, image.shape[0] - 1)
                    right = min(2 * j + 1, image.shape[1] - 1)
                    half[i, j] = np.mean(
                        [image[2 * i, 2 * j], image[down, 2 * j], image[2 * i, right], image[down, right]]
                    )
            halved.append(half)
        x, y = halved
    return float(product)


def pictures(n: int, height: int = 32, width: int = 32, seed: int = 0) -> np.ndarray:
    """Smooth random pictures from 0 to 255 with a common shape."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((n, height // 8 + 1, width // 8 + 1))
    fine = np.kron(coarse, np.ones((8, 8)))[:, :height, :width]
    return np.clip(160 * fine + 60 * rng.random((n, height, width)), 0, 255)


@pytest.mark.parametrize(
    ("height", "width", "n_scales"), [(11, 14, 1), (23, 22, 2), (45, 51, 3), (89, 90, 4)]
)
def test_equals_the_papers_formula(height: int, width: int, n_scales: int) -> None:
    first, second = pictures(2, height, width), pictures(2, height, width, seed=1)
    second = (first + second) / 2
    assert decide_n_scales(height, width) == n_scales
    found = compute_pair_ms_ssim(first=first, second=second, data_range=255)
    expected = [naive_ms_ssim(x, y, 255, n_scales) for x, y in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.slow
def test_equals_the_papers_formula_at_five_scales() -> None:
    first, second = pictures(1, 177, 176), pictures(1, 177, 176, seed=1)
    found = compute_pair_ms_ssim(first=first, second=(first + second) / 2, data_range=255)
    assert found[0] == pytest.approx(naive_ms_ssim(first[0], (first[0] + second[0]) / 2, 255, 5), rel=1e-9)


def test_equal_opposed_and_flat_images() -> None:
    images = pictures(3)
    np.testing.assert_allclose(compute_pair_ms_ssim(first=images, second=images, data_range=255), 1.0)
    opposed = compute_pair_ms_ssim(first=images, second=255 - images, data_range=255)
    np.testing.assert_array_equal(opposed, 0.0)
    # Flat images have no structure to differ in; one scale leaves luminance (2ab + c1) / (a^2 + b^2 + c1).
    flat = compute_pair_ms_ssim(
        first=np.full((1, 12, 12), 100.0), second=np.full((1, 12, 12), 50.0), data_range=255
    )
    c1 = (0.01 * 255) ** 2
    assert flat[0] == pytest.approx((2 * 100 * 50 + c1) / (100**2 + 50**2 + c1))


def test_symmetric_and_scales_with_the_range() -> None:
    first, second = pictures(4), pictures(4, seed=1)
    one = compute_pair_ms_ssim(first=first, second=second, data_range=255)
    np.testing.assert_allclose(compute_pair_ms_ssim(first=second, second=first, data_range=255), one)
    np.testing.assert_allclose(
        compute_pair_ms_ssim(first=first / 255, second=second / 255, data_range=1), one
    )
    byte = compute_pair_ms_ssim(first=first.astype(np.uint8), second=second.astype(np.uint8), data_range=255)
    np.testing.assert_allclose(byte, one, atol=0.02)


@pytest.mark.parametrize("n", [2, 3, 4, 7, 10])
def test_all_pairs_where_they_are_asked_for(n: int) -> None:
    pairs = {tuple(sorted(pair)) for pair in _draw_ring(n, 1000)}
    assert len(_draw_ring(n, 1000)) == len(pairs) == n * (n - 1) // 2
    images = pictures(n)
    i, j = np.triu_indices(n, 1)
    everything = compute_pair_ms_ssim(first=images[i], second=images[j], data_range=255).mean()
    assert compute_ms_ssim(synthetic=images, data_range=255).value == pytest.approx(everything)


@pytest.mark.parametrize(("n", "n_pairs"), [(50, 10), (50, 120), (51, 100), (6, 14), (9, 1)])
def test_few_pairs_are_different_and_even_over_the_images(n: int, n_pairs: int) -> None:
    pairs = _draw_ring(n, n_pairs)
    assert len({tuple(sorted(pair)) for pair in pairs}) == len(pairs) <= max(n_pairs, 4)
    assert all(i != j for i, j in pairs)
    assert len(set(np.bincount(pairs.ravel()))) == 1


def test_only_pairs_within_a_class_count() -> None:
    dark, light = pictures(6), 255 - pictures(6)
    together = np.concatenate([dark, light[:3]])
    labels = ["dark"] * 6 + ["light"] * 3
    mixed = compute_ms_ssim(synthetic=together, labels=labels, data_range=255)
    parts = [compute_ms_ssim(synthetic=part, data_range=255).value for part in (dark, light[:3])]
    assert mixed.value == pytest.approx((6 * parts[0] + 3 * parts[1]) / 9)
    order = np.random.default_rng(0).permutation(9)
    shuffled = compute_ms_ssim(synthetic=together[order], labels=[labels[i] for i in order], data_range=255)
    assert shuffled.value == pytest.approx(mixed.value)
    assert mixed.low is None and "fewer than 4 images" in mixed.note
    # A class of one image has no pair and does not count.
    alone = compute_ms_ssim(synthetic=together[:7], labels=labels[:7], data_range=255)
    assert alone.value == pytest.approx(parts[0])


def test_classes_are_measured_with_the_whole_and_each_image_is_loaded_once() -> None:
    images, labels = pictures(40), ["a"] * 25 + ["b"] * 15
    rings = draw_rings(labels, n_pairs=60, seed=3)
    loaded, steps = [], []

    def load(place: int) -> np.ndarray:
        loaded.append(place)
        return images[place]

    found = compute_ms_ssim_by_class(rings, n=40, load=load, data_range=255, workers=2, advance=steps.append)
    assert len(loaded) == len(set(loaded)) == sum(steps) == sum(len(ring.images) for ring in rings)
    assert found[None] == compute_ms_ssim(synthetic=images, labels=labels, data_range=255, n_pairs=60, seed=3)
    for ring in rings:
        first, second = images[ring.images[ring.pairs]].swapaxes(0, 1)
        values = compute_pair_ms_ssim(first=first, second=second, data_range=255)
        assert found[ring.label].value == pytest.approx(values.mean())
    assert [found[label].n_synthetic for label in (None, "a", "b")] == [40, 25, 15]


def test_a_collapsed_set_is_more_alike() -> None:
    varied = pictures(20)
    collapsed = varied[:1] + np.random.default_rng(0).normal(0, 3, varied.shape)
    one = compute_ms_ssim(synthetic=varied, data_range=255)
    other = compute_ms_ssim(synthetic=collapsed, data_range=255)
    assert one.high < other.low and other.value > 0.9
    assert (one.n_real, one.n_synthetic) == (0, 20)


@pytest.mark.slow
@pytest.mark.parametrize("n_pairs", [30, 60, 1000])
def test_interval_is_about_the_spread_over_fresh_draws(n_pairs: int) -> None:
    rng = np.random.default_rng(1)
    pattern = pictures(1, 16, 16)[0]

    def draw() -> np.ndarray:
        # Images that share a pattern to different degrees: pairs with a common image are alike.
        strength = rng.uniform(0, 1, (30, 1, 1))
        return strength * pattern + (1 - strength) * rng.uniform(0, 255, (30, 16, 16))

    found = [
        compute_ms_ssim(synthetic=draw(), data_range=255, n_pairs=n_pairs, seed=seed) for seed in range(60)
    ]
    spread = np.std([estimate.value for estimate in found])
    half = np.mean([(estimate.high - estimate.low) / 2 for estimate in found])
    assert 0.75 < half / (1.96 * spread) < 1.35


def test_small_images_say_that_they_have_fewer_scales() -> None:
    small = compute_ms_ssim(synthetic=pictures(5), data_range=255)
    assert small.note.startswith("Images of 32 x 32 pixels are large enough for 2 of the 5 scales")
    large = compute_ms_ssim(synthetic=pictures(4, 176, 180), data_range=255)
    assert large.note == ""
    assert [decide_n_scales(side, 500) for side in (11, 21, 22, 44, 88, 175, 176, 9000)] == [
        1,
        1,
        2,
        3,
        4,
        4,
        5,
        5,
    ]


def test_seeds_repeat() -> None:
    images = pictures(30)
    one = compute_ms_ssim(synthetic=images, data_range=255, n_pairs=40, seed=5)
    assert compute_ms_ssim(synthetic=images, data_range=255, n_pairs=40, seed=5) == one
    assert compute_ms_ssim(synthetic=images, data_range=255, n_pairs=40, seed=6) != one


def test_errors() -> None:
    images = pictures(4)
    with pytest.raises(InputError, match="11 pixels a side, not 32 x 10"):
        compute_ms_ssim(synthetic=images[:, :10], data_range=255)
    with pytest.raises(TooFewImagesError, match="none of 4 has another"):
        compute_ms_ssim(synthetic=images, labels=list("abcd"), data_range=255)
    with pytest.raises(TooFewImagesError, match="none of 1"):
        compute_ms_ssim(synthetic=images[:1], data_range=255)
    for bad in ({"labels": ["a"]}, {"n_pairs": 0}):
        with pytest.raises(ValueError, match="at least 1 pair"):
            compute_ms_ssim(synthetic=images, data_range=255, **bad)
    with pytest.raises(ValueError, match="m, h, w"):
        compute_ms_ssim(synthetic=images[0], data_range=255)
    with pytest.raises(ValueError, match="positive"):
        compute_ms_ssim(synthetic=images, data_range=0)
    with pytest.raises(ValueError, match="pairs are two arrays"):
        compute_pair_ms_ssim(first=images, second=images[:2], data_range=255)
    with pytest.raises(InputError, match="finite"):
        compute_ms_ssim(synthetic=images * np.nan, data_range=255)
