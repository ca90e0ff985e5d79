from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from core.copies.registration import register
from core.copies.warping import identity_warps, make_positions, sample_planes

SIDE = 32
POSITIONS = make_positions(SIDE)


def smooth_planes(n: int, seed: int = 0) -> NDArray[np.float32]:
    raw = np.random.default_rng(seed).normal(size=(n, 3 * SIDE, 3 * SIDE))
    planes = ndimage.gaussian_filter(raw, (0, 3, 3))[:, SIDE:-SIDE, SIDE:-SIDE]
    planes -= planes.mean(axis=(1, 2), keepdims=True)
    return (planes / planes.std(axis=(1, 2), keepdims=True)).astype(np.float32)


def warp(
    right: float = 0.0, down: float = 0.0, scale: float = 1.0, degrees: float = 0.0
) -> NDArray[np.float64]:
    c, s = scale * np.cos(np.deg2rad(degrees)), scale * np.sin(np.deg2rad(degrees))
    return np.array([[c, -s, right], [s, c, down]])


def look(real: NDArray[np.float32], warps: NDArray[np.float64]) -> NDArray[np.float32]:
    """The queries that show what the warps make of the real planes."""
    seen, _ = sample_planes(real, warps, POSITIONS)
    return seen.reshape(real.shape)


@pytest.mark.parametrize(
    "moved", [warp(), warp(0.06, -0.05), warp(scale=0.95), warp(degrees=3.0), warp(-0.03, 0.04, 1.03, -2.0)]
)
@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (0.6, 0.5), (1.5, -2.0)])
def test_a_known_warp_comes_back_whatever_the_brightness(moved, gain: float, offset: float) -> None:
    real = smooth_planes(6)
    warps = np.repeat(moved[None], 6, axis=0)
    queries = (look(real, warps) * gain + offset).astype(np.float32)
    fit = register(queries=queries, real=real, start=identity_warps(6), max_steps=20)
    assert fit.converged.all()
    # A fifth of a pixel anywhere: the corners are at 1, a pixel is 1/16; lookups blur by bilinear weights.
    np.testing.assert_allclose(fit.warps, warps, atol=0.0125)


def test_each_fit_is_its_own_bit_by_bit() -> None:
    real = smooth_planes(9)
    queries = look(real, np.repeat(warp(0.05, 0.03)[None], 9, axis=0))
    together = register(queries=queries, real=real, start=identity_warps(9), max_steps=10)
    order = np.random.default_rng(0).permutation(9)
    shuffled = register(queries=queries[order], real=real[order], start=identity_warps(9), max_steps=10)
    np.testing.assert_array_equal(shuffled.warps, together.warps[order])
    for row in range(9):
        one = slice(row, row + 1)
        alone = register(queries=queries[one], real=real[one], start=identity_warps(1), max_steps=10)
        np.testing.assert_array_equal(alone.warps, together.warps[one])
        np.testing.assert_array_equal(alone.converged, together.converged[one])


def test_a_fit_that_loses_its_way_returns_to_its_start_and_says_so() -> None:
    queries, real = smooth_planes(40, seed=1), smooth_planes(40, seed=2)
    start = np.repeat(warp(0.2, 0.2)[None], 40, axis=0)
    fit = register(queries=queries, real=real, start=start, max_steps=30)
    back = (fit.warps == start).all(axis=(1, 2))
    assert back.any() and not fit.converged[back].any()
    assert np.abs(fit.warps[:, :, 2]).max() <= 0.24


def test_too_few_steps_do_not_pass_for_convergence() -> None:
    real = smooth_planes(3)
    queries = look(real, np.repeat(warp(0.08, -0.08)[None], 3, axis=0))
    assert not register(queries=queries, real=real, start=identity_warps(3), max_steps=1).converged.any()


def test_constant_planes_do_no_harm() -> None:
    flat, real = np.zeros((2, SIDE, SIDE), dtype=np.float32), smooth_planes(2)
    for queries, others in ((flat, real), (real, flat), (flat, flat)):
        fit = register(queries=queries, real=others, start=identity_warps(2), max_steps=5)
        assert np.isfinite(fit.warps).all()
