"""Ribs, spine, clavicles and shoulder blades, as path length through mineral."""

from __future__ import annotations

import numpy as np

from core.datasets.phantoms.anatomy import Anatomy
from core.datasets.phantoms.fields import Field, Grid, bump, smooth_step, tube
from core.datasets.phantoms.soft_tissue import Lungs

__all__ = ["project_bones"]


def project_bones(anatomy: Anatomy, grid: Grid, lungs: Lungs) -> Field:
    """Path length through all bones, 0 to about 1."""
    bones = _project_ribs(anatomy, grid, lungs)
    bones += _project_spine(anatomy, grid)
    bones += _project_shoulders(anatomy, grid)
    return anatomy.bone * bones


def _project_ribs(anatomy: Anatomy, grid: Grid, lungs: Lungs) -> Field:
    """Posterior ribs fall from the spine to the side; fainter anterior ribs fall on towards the middle."""
    across = np.abs(grid.x)
    outward = across / lungs.outer
    edge = 2.0 * grid.pixel / anatomy.rib_spacing
    half_width = anatomy.rib_width / 2

    # Which rib a pixel lies on is a phase that grows by one from rib to rib, so all ribs are drawn at once.
    spacing = anatomy.rib_spacing * (1.0 + 0.1 * grid.y)
    sway = 0.012 * np.sin(9.0 * grid.x + 6.0 * anatomy.rib_phase) * grid.x
    start = anatomy.lung_apex - 0.04 + anatomy.rib_phase * 0.06
    rise = 0.1 * outward * (1.0 - outward)
    drop = anatomy.rib_drop * (outward * outward) * (0.75 + 0.35 * grid.y)
    posterior = (grid.y + sway - start - drop + rise) / spacing
    fall = (0.62 + 0.25 * grid.y) * (1.0 - np.minimum(outward, 1.0))
    anterior = (grid.y - sway - start - anatomy.rib_drop * 0.9 - 0.28 * fall) / (spacing * 1.12) + 0.4

    cage = smooth_step(lungs.lateral + 0.045, 0.02) * smooth_step(across - 0.045, 0.03)
    cage *= smooth_step(posterior + 0.45, 0.1)
    # Towards the cage's side wall the beam runs along the ribs: they add up to a bright line.
    tangential = 1.0 + 0.8 * bump(lungs.lateral - 0.01, 0.1)
    back = tube(_to_nearest(posterior), half_width, edge) * cage * tangential
    front = tube(_to_nearest(anterior), half_width * 1.05, edge) * cage
    front *= smooth_step(outward - 0.42, 0.35) * smooth_step(anterior + 0.2, 0.3)
    return (0.52 * back + 0.3 * front) * (1.0 - 0.55 * smooth_step(lungs.below - 0.05, 0.3))


def _project_spine(anatomy: Anatomy, grid: Grid) -> Field:
    """Vertebral bodies with darker discs between them, their pedicles and spinous processes."""
    offset = grid.x - anatomy.scoliosis * np.sin(2.4 * grid.y + 1.0)
    along = _to_nearest(grid.y / (anatomy.vertebra * (1.0 + 0.12 * grid.y)))
    waist = 0.078 + 0.022 * along * along * 4.0
    column = smooth_step(waist - np.abs(offset), 2.5 * grid.pixel)
    disc = bump(np.abs(along) - 0.5, 0.16)
    pedicles = bump(np.hypot((np.abs(offset) - 0.05) / 0.022, (along + 0.12) / 0.24), 1.0)
    process = bump(np.hypot(offset / 0.02, (along - 0.25) / 0.3), 1.0)
    return 0.42 * column * (1.0 - 0.5 * disc) + 0.2 * pedicles + 0.15 * process


def _project_shoulders(anatomy: Anatomy, grid: Grid) -> Field:
    """Clavicles, shoulder blades and the heads of the humeri."""
    across = np.abs(grid.x)
    shoulder_x = anatomy.lung_width + anatomy.wall + 0.02
    # A clavicle is an S from beside the sternum to the shoulder.
    t = np.clip((across - 0.07) / (shoulder_x - 0.07), 0.0, 1.0)
    curve = anatomy.clavicle_height - anatomy.clavicle_rise * t - 0.035 * np.sin(6.28 * t)
    thickness = 0.034 + 0.014 * np.abs(2.0 * t - 1.0) ** 2
    ends = smooth_step(across - 0.07, 0.03) * smooth_step(shoulder_x - across, 0.03)
    clavicle = tube((grid.y - curve) / thickness, 1.0, 2.0 * grid.pixel / 0.04) * ends

    # The blade's inner border is its brightest part.
    inner = anatomy.lung_width * 0.93 - 0.12 * (grid.y - anatomy.shoulder)
    span = smooth_step(grid.y - anatomy.shoulder - 0.06, 0.06) * smooth_step(
        anatomy.shoulder + 0.6 - grid.y - 0.8 * np.maximum(across - inner, 0.0), 0.12
    )
    blade = smooth_step(across - inner, 0.03) * smooth_step(shoulder_x + 0.02 - across, 0.05) * span
    border = bump(across - inner - 0.012, 0.022) * span

    head_y = anatomy.shoulder + 0.12
    radius = np.hypot(across - shoulder_x - 0.07, grid.y - head_y)
    head = tube(radius, 0.105, 2.0 * grid.pixel)
    shaft_axis = shoulder_x + 0.09 + 0.17 * (grid.y - head_y)
    shaft = tube(across - shaft_axis, 0.05, 2.0 * grid.pixel) * smooth_step(grid.y - head_y, 0.08)
    return 0.8 * clavicle + 0.16 * blade + 0.25 * border + 0.6 * np.maximum(head, shaft)


def _to_nearest(phase: Field) -> Field:
    """Signed distance to the nearest whole number, -0.5 to 0.5."""
    return phase - np.rint(phase)
