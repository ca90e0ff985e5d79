"""Pneumonia on a film: lung whose air has been replaced, in one of three patterns."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from core.datasets.phantoms.anatomy import Anatomy
from core.datasets.phantoms.fields import Field, Grid, draw_noise, smooth_step
from core.datasets.phantoms.soft_tissue import Lungs

__all__ = ["draw_opacities"]


def draw_opacities(rng: Generator, anatomy: Anatomy, grid: Grid, lungs: Lungs) -> Field:
    """Draw how much of the lung's air is replaced at each pixel, 0 to 1.

    Lobar consolidation (one or two dense areas), bronchopneumonia (several smaller ones) or diffuse disease
    of both lungs; a quarter of the films also has an effusion in one costophrenic angle.
    """
    pattern = rng.random()
    if pattern < 0.4:
        n_areas, size, density = int(rng.integers(1, 3)), (0.2, 0.34), (0.65, 0.95)
    elif pattern < 0.75:
        n_areas, size, density = int(rng.integers(4, 9)), (0.09, 0.2), (0.45, 0.85)
    else:
        n_areas, size, density = int(rng.integers(6, 10)), (0.2, 0.34), (0.3, 0.55)
    is_bilateral = pattern >= 0.4 or rng.random() < 0.3
    first_side = rng.choice([-1.0, 1.0])

    size_px = grid.size_px
    # Ragged, cloudy edges: distances are measured on a crumpled film.
    crumple_x, crumple_y = 0.055 * draw_noise(rng, size_px, 9), 0.055 * draw_noise(rng, size_px, 9)
    cloud = draw_noise(rng, size_px, 16) + 0.7 * draw_noise(rng, size_px, 32)
    clear = np.ones((size_px, size_px))
    for index in range(n_areas):
        side = first_side * (-1.0 if is_bilateral and index % 2 else 1.0)
        centre_x = side * rng.uniform(0.3, 0.9) * anatomy.lung_width
        # Lower zones are hit more often than upper ones.
        centre_y = (
            anatomy.diaphragm - 0.05 - (anatomy.diaphragm - anatomy.lung_apex - 0.25) * rng.beta(1.1, 1.7)
        )
        radius_x, radius_y = rng.uniform(*size), rng.uniform(*size)
        distance = np.hypot(
            (grid.x + crumple_x - centre_x) / radius_x, (grid.y + crumple_y - centre_y) / radius_y
        )
        strength = rng.uniform(*density)
        clear *= 1.0 - strength * smooth_step(1.0 - distance, 0.9) * np.clip(0.85 + 0.18 * cloud, 0.0, 1.0)
    if rng.random() < 0.25:
        side = first_side if rng.random() < 0.7 else -first_side
        level = anatomy.diaphragm - rng.uniform(0.0, 0.16)
        # Fluid stands highest along the side wall.
        meniscus = grid.y - level + 0.55 * np.maximum(lungs.lateral, 0.0) - 0.12
        clear *= 1.0 - 0.92 * smooth_step(meniscus, 0.08) * smooth_step(side * grid.x, 0.05)
    return 1.0 - clear
