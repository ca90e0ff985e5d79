"""Oriented wavelet subbands of one image: a steerable pyramid, built in the Fourier domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.features._spectrum import frequency_grid

__all__ = ["ORIENTATIONS", "iterate_subbands"]

ORIENTATIONS = ("vertical", "rising", "horizontal", "falling")
"""Lines and edges that a subband answers to; its frequencies lie at 0, 45, 90 and 135 degrees."""


@dataclass(frozen=True, slots=True)
class _Level:
    """Filters of one scale, cut to the part of the spectrum that they pass.

    Attributes:
        side: side of this level's subbands in samples.
        rows: rows of the full half spectrum that the level keeps.
        filters: (orientations, side, side // 2 + 1) complex64.
    """

    side: int
    rows: NDArray[np.intp]
    filters: NDArray[np.complex64]


@lru_cache(maxsize=8)
def _levels(side: int, n_scales: int) -> tuple[_Level, ...]:
    """Raised cosines in log radius times powers of a cosine in angle (Portilla and Simoncelli 2000).

    Each filter is scaled so that white noise of variance v gives a subband of variance v.
    """
    grid = frequency_grid(side)
    order = len(ORIENTATIONS) - 1
    levels = []
    for scale in range(n_scales):
        centre = 0.25 / 2**scale
        octaves = np.log2(np.where(grid.radius > 0, grid.radius, centre) / centre)
        radial = np.where(grid.radius > 0, np.cos(np.pi / 2 * np.clip(octaves, -1.0, 1.0)), 0.0)
        # Nothing of this scale lies above 2 * centre, so a shorter inverse transform loses nothing.
        short = side if scale == 0 else 2 * -(-side // 2 ** (scale + 1))
        rows = np.r_[0 : (short + 1) // 2, side - short // 2 : side]
        filters = []
        for k in range(order + 1):
            response = radial * np.cos(grid.angle - np.pi * k / (order + 1)) ** order
            gain = np.sqrt((grid.weight * response**2).sum() / side**2)
            # An odd power of the cosine is antisymmetric: the factor i makes the subband real.
            cut = 1j * (response / gain)[rows, : short // 2 + 1] * (short / side) ** 2
            if short % 2 == 0:  # a lone Nyquist frequency has no mirror image to be antisymmetric with
                cut[short // 2] = 0.0
                cut[:, -1] = 0.0
            filters.append(cut)
        levels.append(_Level(short, rows, np.asarray(filters, dtype=np.complex64)))
    return tuple(levels)


def iterate_subbands(
    spectrum: NDArray[np.complex64], *, n_scales: int
) -> Iterator[tuple[int, str, NDArray[np.float32]]]:
    """Yield the oriented subbands of an image, one at a time.

    Args:
        spectrum: (side, side // 2 + 1) unnormalised half spectrum of the image.
        n_scales: number of octaves, the finest centred at a quarter cycle per pixel.

    Yields:
        Scale (0 is the finest), orientation (one of `ORIENTATIONS`) and the float32 subband, about
        (side / 2**scale, side / 2**scale).

    References:
        Simoncelli and Freeman, The steerable pyramid, ICIP 1995; Portilla and Simoncelli, A parametric
        texture model based on joint statistics of complex wavelet coefficients, IJCV 40, 2000, appendix.
    """
    for scale, level in enumerate(_levels(spectrum.shape[0], n_scales)):
        part = spectrum[level.rows, : level.side // 2 + 1]
        for orientation, filtering in zip(ORIENTATIONS, level.filters, strict=True):
            subband: NDArray[Any] = scipy.fft.irfft2(part * filtering, s=(level.side, level.side))
            yield scale, orientation, subband
