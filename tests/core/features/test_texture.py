from __future__ import annotations

import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import stats

from core.errors import InputError
from core.features._spectrum import N_BANDS, compute_band_power, compute_periodic_spectrum
from core.features._wavelets import ORIENTATIONS, iterate_subbands
from core.features.base import ExtractorOptions, Pixels
from core.features.standardise import standardise_by_real
from core.features.texture import FEATURE_NAMES, INFO, TextureExtractor, load
from core.metrics.frechet import compute_frechet_distance

Plane = NDArray[np.float32]


def scene(seed: int, side: int = 64, channels: int = 1) -> Pixels:
    """A smooth random field with noise: the spectrum of a natural image, nothing else of one."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    frequency[0, 0] = np.inf
    planes = []
    for _ in range(channels):
        field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(side, side))) / frequency**1.7).real
        planes.append(110 + rng.normal() * 10 + 40 * field / field.std() + rng.normal(size=(side, side)))
    return np.clip(np.stack(planes, axis=-1), 0, 255).round().astype(np.float32)


def features(pixels: Pixels, resolution: int = 64) -> dict[str, float]:
    values = TextureExtractor(resolution).prepare(pixels)
    return dict(zip(FEATURE_NAMES, map(float, values), strict=True))


def test_every_feature_has_a_name_of_its_own() -> None:
    extractor = load("texture", ExtractorOptions())
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES) == extractor.dimension
    assert extractor.feature_names == FEATURE_NAMES
    assert extractor.prepare(scene(0)).shape == (extractor.dimension,)
    assert INFO.standardise and not INFO.needs_weights


def test_intensity_features_are_those_of_the_histogram() -> None:
    pixels = scene(1)
    got, values = features(pixels), pixels.astype(np.float64).ravel()
    assert got["intensity_mean"] == pytest.approx(values.mean() / 255, rel=1e-6)
    assert got["intensity_std"] == pytest.approx(values.std() / 255, rel=1e-5)
    for percentile in (1, 10, 25, 50, 75, 90, 99):
        expected = np.percentile(values, percentile) / 255
        assert got[f"intensity_percentile_{percentile}"] == pytest.approx(expected, rel=1e-5)
    # One grey level of noise hardly matters beside a spread of forty.
    assert got["intensity_skewness"] == pytest.approx(np.arcsinh(stats.skew(values)), abs=2e-3)
    assert got["intensity_kurtosis"] == pytest.approx(np.log(stats.kurtosis(values, fisher=False)), abs=2e-3)


def test_layout_is_the_mean_of_sixteen_tiles() -> None:
    pixels = scene(2)
    got = features(pixels)
    for row in range(4):
        for column in range(4):
            tile = pixels[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            name = f"layout_row_{row + 1}_column_{column + 1}"
            assert got[name] == pytest.approx(tile.mean() / 255, abs=1e-5)


def test_the_periodic_component_differs_by_a_field_whose_laplacian_is_the_border_jump() -> None:
    image = (scene(3, 32)[:, :, 0] + np.linspace(0, 90, 32, dtype=np.float32)[None, :]).astype(np.float32)
    periodic = np.fft.irfft2(compute_periodic_spectrum(image), s=image.shape)
    smooth = image - periodic
    neighbours = sum(np.roll(smooth, shift, axis) for shift in (1, -1) for axis in (0, 1))
    jump = np.zeros_like(image)
    jump[0] += image[-1] - image[0]
    jump[-1] -= image[-1] - image[0]
    jump[:, 0] += image[:, -1] - image[:, 0]
    jump[:, -1] -= image[:, -1] - image[:, 0]
    # The smooth field's neighbours across the border differ as the image's own do across the jump.
    np.testing.assert_allclose(neighbours - 4 * smooth, jump, atol=1e-2)
    assert periodic.mean() == pytest.approx(image.mean(), rel=1e-5)


def test_a_ramp_has_next_to_no_fine_detail_although_its_borders_differ() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64, dtype=np.float32)[None, :], 64, axis=0)
    naive = compute_band_power(np.fft.rfft2(ramp - ramp.mean()).astype(np.complex64))
    ours = compute_band_power(compute_periodic_spectrum(ramp - ramp.mean()))
    assert ours[-1] < 0.01 * naive[-1]


@pytest.mark.parametrize("side", [64, 65])
def test_band_power_equals_a_sum_over_the_full_spectrum(side: int) -> None:
    image = np.random.default_rng(4).normal(size=(side, side)).astype(np.float32)
    power = np.abs(np.fft.fft2(image)) ** 2 / side**2
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    edges = np.geomspace(2 / side, 0.5, N_BANDS + 1)
    expected = [power[(radius >= a) & (radius < b)].mean() for a, b in itertools.pairwise(edges)]
    got = compute_band_power(np.fft.rfft2(image).astype(np.complex64))
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_white_noise_has_its_variance_in_every_band_and_subband() -> None:
    image = 7 * np.random.default_rng(5).normal(size=(256, 256)).astype(np.float32)
    spectrum = np.fft.rfft2(image).astype(np.complex64)
    np.testing.assert_allclose(compute_band_power(spectrum)[2:], 49, rtol=0.1)
    for scale, _, subband in iterate_subbands(spectrum, n_scales=3):
        assert subband.var() == pytest.approx(49, rel=0.1 * 2**scale)


@pytest.mark.parametrize("side", [64, 72, 65])
def test_shortened_subbands_lose_no_energy(side: int) -> None:
    image = np.random.default_rng(6).normal(size=(side, side))
    full = np.fft.fft2(image)
    down, across = np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :]
    radius, angle = np.hypot(down, across), np.arctan2(down, across)
    with np.errstate(divide="ignore"):
        octaves = np.log2(radius)
    subbands = iterate_subbands(np.fft.rfft2(image).astype(np.complex64), n_scales=4)
    for scale, orientation, subband in subbands:
        distance = np.clip(octaves + 2 + scale, -1, 1)
        response = (
            np.cos(np.pi / 2 * distance) * np.cos(angle - np.pi * ORIENTATIONS.index(orientation) / 4) ** 3
        )
        # Parseval: mean square of the subband from the spectrum alone, for a filter of unit mean square gain.
        energy = (np.abs(full * response) ** 2).sum() / side**4 / (response**2).mean()
        assert np.mean(np.square(subband, dtype=np.float64)) == pytest.approx(energy, rel=1e-4)


@pytest.mark.parametrize(
    ("orientation", "down", "across"),
    [("vertical", 0, 1), ("horizontal", 1, 0), ("rising", 1, 1), ("falling", 1, -1)],
)
def test_lines_answer_to_the_orientation_they_are_named_after(
    orientation: str, down: int, across: int
) -> None:
    y, x = np.mgrid[:64, :64]
    lines = 128 + 60 * np.sin(2 * np.pi * (down * y + across * x) / 8 / np.hypot(down, across))
    got = features(lines[..., None].astype(np.float32))
    energies = {name: got[f"wavelet_energy_scale_2_{name}"] for name in ORIENTATIONS}
    assert max(energies, key=lambda name: energies[name]) == orientation
    if orientation == "rising":  # rows run downwards: these are the lines that look like a slash
        assert lines[0, 4] == pytest.approx(lines[4, 0], abs=1e-6)


def test_mirroring_swaps_the_diagonals_and_leaves_other_energies() -> None:
    pixels = scene(7)
    plain, mirrored = features(pixels), features(np.ascontiguousarray(pixels[:, ::-1]))
    swap = {"rising": "falling", "falling": "rising"}
    for kind in ("energy", "kurtosis"):
        for name in ORIENTATIONS:
            one, two = f"wavelet_{kind}_scale_1_{name}", f"wavelet_{kind}_scale_1_{swap.get(name, name)}"
            assert plain[one] == pytest.approx(mirrored[two], abs=0.03)
    assert plain["spectrum_slope"] == pytest.approx(mirrored["spectrum_slope"], abs=1e-3)


def test_blur_noise_and_sparse_detail_move_the_features_named_after_them() -> None:
    pixels = scene(8, 128)
    plain = features(pixels, 128)
    image = Image.fromarray(pixels[:, :, 0].astype(np.uint8))
    blurred = np.asarray(image.filter(ImageFilter.GaussianBlur(1.5)), dtype=np.float32)[..., None]
    noisy = pixels + np.random.default_rng(0).normal(0, 15, pixels.shape).astype(np.float32)
    dots = pixels.copy()
    dots[::32, ::32] = 255
    assert features(blurred, 128)[f"spectrum_band_{N_BANDS}"] < plain[f"spectrum_band_{N_BANDS}"] - 1
    assert features(blurred, 128)["spectrum_slope"] < plain["spectrum_slope"] - 0.2
    assert features(noisy, 128)["spectrum_slope"] > plain["spectrum_slope"] + 0.2
    for name in ORIENTATIONS:
        kurtosis = f"wavelet_kurtosis_scale_1_{name}"
        assert features(noisy, 128)[kurtosis] == pytest.approx(np.log(3), abs=0.1)
        assert features(dots, 128)[kurtosis] > plain[kurtosis] + 0.5


def test_chroma_has_closed_forms() -> None:
    rng = np.random.default_rng(9)
    grey = rng.uniform(60, 180, (64, 64)).astype(np.float32)
    tint = rng.normal(0, 10, (64, 64)).astype(np.float32)
    # Cr moves by `tint` and luma stays: red up by 1.402 tint, green down by what luma gains from red.
    pixels = np.stack([grey + 1.402 * tint, grey - 0.299 * 1.402 / 0.587 * tint, grey], axis=-1)
    got = features(pixels.astype(np.float32))
    assert got["chroma_cr_mean"] == pytest.approx(tint.mean() / 255, abs=1e-5)
    assert got["chroma_cr_std"] == pytest.approx(tint.std() / 255, rel=1e-3)
    assert got["chroma_cb_std"] == pytest.approx(0, abs=1e-5)
    assert abs(got["chroma_cr_with_luma"]) < 0.1 * got["chroma_cr_std"]
    assert got["intensity_mean"] == pytest.approx(grey.mean() / 255, rel=1e-5)


def test_grey_in_three_channels_is_grey() -> None:
    pixels = scene(10)
    extractor = TextureExtractor(64)
    np.testing.assert_array_equal(extractor.prepare(pixels), extractor.prepare(np.repeat(pixels, 3, axis=2)))
    chroma = [value for name, value in features(pixels).items() if name.startswith("chroma")]
    assert chroma == [0.0] * 7


@pytest.mark.parametrize("shape", [(1, 1), (1, 512), (512, 1), (2, 3), (300, 200)])
@pytest.mark.parametrize("value", [0.0, 255.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_flat_images_of_any_size_have_finite_features(
    shape: tuple[int, int], value: float, channels: int
) -> None:
    got = TextureExtractor(256).prepare(np.full((*shape, channels), value, dtype=np.float32))
    assert np.isfinite(got).all()
    named = dict(zip(FEATURE_NAMES, got, strict=True))
    assert named["intensity_mean"] == pytest.approx(value / 255, abs=1e-6)
    assert named["wavelet_energy_scale_1_vertical"] == pytest.approx(0, abs=1e-3)
    assert named["wavelet_kurtosis_scale_1_vertical"] == pytest.approx(np.log(3), abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1))
def test_hostile_images_of_any_size_have_finite_features(
    height: int, width: int, channels: int, seed: int
) -> None:
    extremes = np.random.default_rng(seed).choice([0.0, 255.0], (height, width, channels))
    assert np.isfinite(TextureExtractor(64).prepare(extremes.astype(np.float32))).all()


def test_batch_order_and_threads_change_no_feature() -> None:
    extractor = TextureExtractor(64)
    images = [scene(seed, 48, channels) for seed in range(6) for channels in (1, 3)]
    expected = np.stack([extractor.prepare(image) for image in images])
    with ThreadPoolExecutor(4) as pool:
        threaded = np.stack(list(pool.map(extractor.prepare, images[::-1])))[::-1]
    np.testing.assert_array_equal(threaded, expected)
    np.testing.assert_array_equal(extractor.extract(expected).features, expected)
    np.testing.assert_array_equal(extractor.extract(expected[3:4]).features, expected[3:4])


def test_every_parameter_is_in_the_identity() -> None:
    default, coarse = load("texture", ExtractorOptions()), load("texture", ExtractorOptions(resolution=128))
    assert default.identity != coarse.identity
    for part in ("texture", "version=", "resolution=256", "scales=4", "bands=8", "grid=4"):
        assert part in default.identity
    assert default.weights_sha256 is None


@pytest.mark.parametrize("resolution", [31, 4097])
def test_a_resolution_out_of_range_is_refused(resolution: int) -> None:
    with pytest.raises(InputError, match="from 32 to 4096"):
        load("texture", ExtractorOptions(resolution=resolution))


def test_a_longer_name_is_refused() -> None:
    with pytest.raises(InputError, match="nothing after its name"):
        load("texture:fine", ExtractorOptions())


def test_neither_texture_nor_pixels_imports_torch() -> None:
    code = (
        "import sys, core.features.texture, core.features.pixels, core.features.standardise; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_each_degradation_raises_the_frechet_distance_above_its_floor() -> None:
    extractor = TextureExtractor(64)

    def degrade(kind: str, pixels: Pixels, seed: int) -> Pixels:
        image = Image.fromarray(pixels[:, :, 0].astype(np.uint8))
        rng = np.random.default_rng(1000 + seed)
        if kind == "blur":
            return np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float32)[..., None]
        if kind == "noise":
            return (pixels + rng.normal(0, 8, pixels.shape)).clip(0, 255).astype(np.float32)
        return (pixels + 30).clip(0, 255)

    real = np.stack([extractor.prepare(scene(seed)) for seed in range(60)])
    fresh_images = [scene(seed) for seed in range(60, 120)]
    sets = {"fresh": np.stack([extractor.prepare(image) for image in fresh_images])}
    for kind in ("blur", "noise", "brightness"):
        degraded = [degrade(kind, image, seed) for seed, image in enumerate(fresh_images)]
        sets[kind] = np.stack([extractor.prepare(image) for image in degraded])
    sets["collapse"] = sets["fresh"][np.arange(60) % 3]
    scored_real, *scored = standardise_by_real(real, *sets.values())
    estimates = {
        name: compute_frechet_distance(real=scored_real, synthetic=features)
        for name, features in zip(sets, scored, strict=True)
    }
    floor = estimates.pop("fresh")
    assert floor.high is not None
    for name, estimate in estimates.items():
        assert estimate.low is not None and estimate.low > floor.high, name
