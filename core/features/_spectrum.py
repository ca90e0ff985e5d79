"""Spectrum of one image, free of the cross that unequal borders leave, and its power in radial bands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = ["N_BANDS", "compute_band_power", "compute_periodic_spectrum", "frequency_grid"]

N_BANDS = 8
_LOWEST_CYCLES = 2.0  # cycles per image: below, the coarse layout says more with fewer assumptions


@dataclass(frozen=True, slots=True)
class FrequencyGrid:
    """Polar coordinates of the half spectrum that a real (side, side) image has.

    Attributes:
        radius: (side, side // 2 + 1) cycles per pixel, 0 to 0.71.
        angle: same shape; direction of the frequency in radians, rows running downwards.
        weight: (side // 2 + 1,) 2 for columns whose mirror image the half spectrum leaves out, else 1.
    """

    radius: NDArray[np.float64]
    angle: NDArray[np.float64]
    weight: NDArray[np.float64]


@lru_cache(maxsize=8)
def frequency_grid(side: int) -> FrequencyGrid:
    """Return the grid of `scipy.fft.rfft2` for a square image of that side."""
    down = scipy.fft.fftfreq(side)[:, None]
    across = scipy.fft.rfftfreq(side)[None, :]
    weight = np.full(side // 2 + 1, 2.0)
    weight[0] = 1.0
    if side % 2 == 0:
        weight[-1] = 1.0
    return FrequencyGrid(np.hypot(down, across), np.arctan2(down, across), weight)


def compute_periodic_spectrum(image: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Half spectrum of the periodic component of an image.

    The Fourier transform takes the image for one tile of a tiling. Where opposite borders differ, as in
    every radiograph, the jump between tiles fills the horizontal and vertical frequencies and hides the
    image's own fine detail. Subtracting the smooth component that carries the jump keeps the image's interior
    unchanged up to a slowly varying term, and needs no window that would discard the periphery.

    Args:
        image: (side, side) float32.

    Returns:
        (side, side // 2 + 1) complex64, the unnormalised `rfft2` of the periodic component.

    References:
        Moisan, Periodic plus smooth image decomposition, J. Math. Imaging Vis. 39, 2011, eq. 8 and 11.
    """
    jump = np.zeros_like(image)
    rows = image[0] - image[-1]
    jump[0] += rows
    jump[-1] -= rows
    columns = image[:, 0] - image[:, -1]
    jump[:, 0] += columns
    jump[:, -1] -= columns
    spectrum: NDArray[Any] = scipy.fft.rfft2(image)
    spectrum += scipy.fft.rfft2(jump) * _inverse_laplacian(image.shape[0])
    return spectrum


@lru_cache(maxsize=8)
def _inverse_laplacian(side: int) -> NDArray[np.float32]:
    """Minus the smooth component's transfer function; the mean (frequency zero) stays with the image."""
    turn = 2.0 * np.pi / side
    down = np.cos(turn * np.arange(side))[:, None]
    across = np.cos(turn * np.arange(side // 2 + 1))[None, :]
    laplacian = 2.0 * down + 2.0 * across - 4.0
    laplacian[0, 0] = 1.0
    inverse: NDArray[np.float32] = (1.0 / laplacian).astype(np.float32)
    inverse[0, 0] = 0.0
    return inverse


def compute_band_power(spectrum: NDArray[np.complex64]) -> NDArray[np.float64]:
    """Mean power per frequency in `N_BANDS` rings, log-spaced from 2 cycles per image to the Nyquist limit.

    Args:
        spectrum: (side, side // 2 + 1) unnormalised half spectrum.

    Returns:
        (N_BANDS,) mean of |F|^2 / side^2, coarse to fine; white noise of variance v gives v in every band.
    """
    side = spectrum.shape[0]
    labels, counts = _bands(side)
    power = spectrum.real**2 + spectrum.imag**2
    power *= frequency_grid(side).weight.astype(np.float32)
    sums = np.bincount(labels, weights=power.ravel(), minlength=N_BANDS + 1)[:N_BANDS]
    return np.asarray(sums / (counts * float(side) ** 2), dtype=np.float64)


@lru_cache(maxsize=8)
def _bands(side: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Band of every frequency (`N_BANDS` for none) and the number of frequencies in each band."""
    grid = frequency_grid(side)
    edges = np.geomspace(_LOWEST_CYCLES / side, 0.5, N_BANDS + 1)
    labels = np.searchsorted(edges, grid.radius.ravel(), side="right") - 1
    labels[(labels < 0) | (labels >= N_BANDS)] = N_BANDS
    weights = np.broadcast_to(grid.weight, grid.radius.shape).ravel()
    counts = np.bincount(labels, weights=weights, minlength=N_BANDS + 1)[:N_BANDS]
    return labels, counts.astype(np.float64)
