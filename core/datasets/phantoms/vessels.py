"""Lung vessels: a tree that leaves each hilum, branches twice and thins out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from core.datasets.phantoms.fields import Field

__all__ = ["draw_vessels", "project_vessels"]

_HILUM = (0.2, -0.1)
"""Where the vessels leave the mediastinum: distance from the midline, and height."""

_N_TRUNKS = 8
_N_CHILDREN = 3
_N_GENERATIONS = 3
_THINNEST = 0.005


def draw_vessels(rng: Generator, *, reach: float, apex: float, base: float) -> NDArray[np.float64]:
    """Draw the branches of both lungs.

    Args:
        rng: the patient's generator.
        reach: half width of the rib cage.
        apex: height of the lung tips.
        base: height of the diaphragm.

    Returns:
        (n, 6) branches: start x and y, angle in radians, turn over the whole length in radians, length,
        radius.
    """
    branches = []
    for side in (-1.0, 1.0):
        # Trunks fan out from straight up over sideways to straight down.
        angle = np.linspace(-1.35, 1.3, _N_TRUNKS) + 0.12 * rng.standard_normal(_N_TRUNKS)
        x = np.full(_N_TRUNKS, _HILUM[0]) + 0.02 * rng.standard_normal(_N_TRUNKS)
        y = _HILUM[1] + 0.05 * np.sin(angle) + 0.02 * rng.standard_normal(_N_TRUNKS)
        vertical = np.where(angle < 0, _HILUM[1] - apex, base - _HILUM[1]) * 0.75
        length = np.hypot(np.cos(angle) * (reach - _HILUM[0]), np.sin(angle) * vertical)
        length *= rng.uniform(0.55, 0.85, _N_TRUNKS)
        radius = rng.uniform(0.012, 0.02, _N_TRUNKS)
        for generation in range(_N_GENERATIONS):
            turn = rng.uniform(-0.35, 0.35, angle.size)
            branches.append(np.stack([side * x, y, angle, turn, length, radius], axis=1))
            if side < 0:  # the right lung, left in the image: mirrored
                branches[-1][:, 2] = np.pi - angle
                branches[-1][:, 3] = -turn
            if generation == _N_GENERATIONS - 1:
                break
            along = rng.uniform(0.25, 0.95, (angle.size, _N_CHILDREN))
            start_x, start_y = _walk(x, y, angle, turn, length, along)
            sign = rng.choice([-1.0, 1.0], along.shape)
            angle = (
                angle[:, None] + turn[:, None] * along + sign * rng.uniform(0.35, 0.9, along.shape)
            ).ravel()
            length = (length[:, None] * rng.uniform(0.35, 0.65, along.shape)).ravel()
            radius = (radius[:, None] * rng.uniform(0.45, 0.7, along.shape)).ravel()
            x, y = start_x.ravel(), start_y.ravel()
    return np.concatenate(branches)


def project_vessels(vessels: NDArray[np.float64], to_pixels: NDArray[np.float64], size_px: int) -> Field:
    """Draw the branches onto the film, as path length through the vessels relative to the thickest trunk's.

    Args:
        vessels: (n, 6) branches.
        to_pixels: (2, 3) affine map from the patient's (x, y, 1) to fractional (column, row).
        size_px: side of the film in pixels.
    """
    n_points = max(16, size_px // 4)
    along = np.broadcast_to(np.linspace(0.0, 1.0, n_points), (len(vessels), n_points))
    start_x, start_y, angle, turn, length, radius = vessels.T
    x, y = _walk(start_x, start_y, angle, turn, length, along)
    column = to_pixels[0, 0] * x + to_pixels[0, 1] * y + to_pixels[0, 2]
    row = to_pixels[1, 0] * x + to_pixels[1, 1] * y + to_pixels[1, 2]
    tapered = np.maximum(radius[:, None] * (1.0 - 0.55 * along), _THINNEST * 0.6)
    spacing = (length / (n_points - 1))[:, None] * size_px / 2

    field = np.zeros((size_px, size_px))
    edges = (0.0, _THINNEST, 2 * _THINNEST, np.inf)
    for thinner, thicker in pairwise(edges):
        chosen = (tapered >= thinner) & (tapered < thicker)
        if not chosen.any():
            continue
        mean_radius = float(tapered[chosen].mean())
        sigma = max(mean_radius * size_px / 2, 0.55)
        # A line of unit weight a pixel, blurred by sigma, peaks at 1 / (sigma sqrt(2 pi)).
        weight = (tapered * np.broadcast_to(spacing, tapered.shape))[chosen] / 0.02
        weight = weight * (sigma * np.sqrt(2 * np.pi)) * min(1.0, mean_radius * size_px / 2 / sigma)
        field += gaussian_filter(_splat(column[chosen], row[chosen], weight, size_px), sigma, truncate=3.0)
    return field


def _walk(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    angle: NDArray[np.float64],
    turn: NDArray[np.float64],
    length: NDArray[np.float64],
    along: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points at the shares `along` (n, points) of n gently bent branches (a parabola's worth of turn)."""
    mean_angle = angle[:, None] + 0.5 * turn[:, None] * along
    step = length[:, None] * along
    return x[:, None] + step * np.cos(mean_angle), y[:, None] + step * np.sin(mean_angle)


def _splat(
    column: NDArray[np.float64], row: NDArray[np.float64], weight: NDArray[np.float64], size_px: int
) -> Field:
    """Spread weighted points over their four neighbouring pixels; what falls off the film is dropped."""
    left, top = np.floor(column), np.floor(row)
    inside = (left >= 0) & (top >= 0) & (left < size_px - 1) & (top < size_px - 1)
    column, row, weight, left, top = column[inside], row[inside], weight[inside], left[inside], top[inside]
    right_share, lower_share = column - left, row - top
    index = (top * size_px + left).astype(np.int64)
    field = np.zeros(size_px * size_px)
    for offset, share in (
        (0, (1 - right_share) * (1 - lower_share)),
        (1, right_share * (1 - lower_share)),
        (size_px, (1 - right_share) * lower_share),
        (size_px + 1, right_share * lower_share),
    ):
        field += np.bincount(index + offset, weights=weight * share, minlength=size_px * size_px)
    return field.reshape(size_px, size_px)
