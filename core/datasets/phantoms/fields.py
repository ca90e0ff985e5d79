"""Smooth fields on the film that anatomy is drawn with.

Everything is float64: differences in the last bits between machines then stay some twelve digits away from
the 8-bit pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

__all__ = ["Field", "Grid", "bump", "draw_noise", "smooth_step", "tube"]

Field = NDArray[np.float64]
"""(size_px, size_px) float64, one value a pixel."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where each pixel lies in the patient's own coordinates.

    The film spans about -1 to 1 on both axes, x towards the right edge of the image (the patient's left) and
    y downwards; the patient's midline is x = 0.

    Attributes:
        x: across the patient.
        y: along the patient.
        size_px: side of the square film in pixels.
    """

    x: Field
    y: Field
    size_px: int

    @property
    def pixel(self) -> float:
        """Side of one pixel in film units, about."""
        return 2.0 / self.size_px


def smooth_step(distance: Field, width: float) -> Field:
    """Step from 0 to 1 as a signed distance passes 0, over `width` in all (a cubic)."""
    t = distance * (1.0 / width)
    t += 0.5
    np.maximum(t, 0.0, out=t)
    np.minimum(t, 1.0, out=t)
    cubic = t * -2.0
    cubic += 3.0
    cubic *= t
    cubic *= t
    return cubic


def bump(offset: Field, radius: float) -> Field:
    """Bell of height 1 around offset 0 that reaches 0 at `radius`."""
    t = offset * (1.0 / radius)
    t *= t
    np.minimum(t, 1.0, out=t)
    np.subtract(1.0, t, out=t)
    t *= t
    return t


def tube(offset: Field, radius: float, edge: float) -> Field:
    """Projection of a hollow bone: brighter at its two walls than in its marrow, 0 outside `radius`."""
    t = np.abs(offset) * (1.0 / radius)
    wall = bump(t - 0.78, 0.4)
    return smooth_step(1.0 - t, edge / radius) * (0.6 + 0.4 * wall)


def draw_noise(rng: Generator, size_px: int, cells: int) -> Field:
    """Smooth random field with about `cells` independent bumps along each side, mean 0 and variance about 1.

    Random heights on a coarse lattice, joined by cubic B-splines: the same field at every film size.
    """
    basis = _compute_spline_basis(size_px, cells)
    heights = rng.standard_normal((cells + 3, cells + 3))
    # A B-spline's squared weights add up to 0.48 a side on average.
    return (basis @ heights @ basis.T) / 0.48


@lru_cache(maxsize=64)
def _compute_spline_basis(size_px: int, cells: int) -> Field:
    """(size_px, cells + 3) weights of uniform cubic B-splines at the pixel centres."""
    position = (np.arange(size_px) + 0.5) / size_px * cells
    knot = np.minimum(position.astype(np.int64), cells - 1)
    t = position - knot
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    basis = np.zeros((size_px, cells + 3))
    for offset, weight in enumerate(weights):
        basis[np.arange(size_px), knot + offset] = weight
    return basis
