"""What is neither bone nor vessel: the body's outline, the air in it, and the heart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.datasets.phantoms.anatomy import Anatomy
from core.datasets.phantoms.fields import Field, Grid, bump, smooth_step

__all__ = ["Lungs", "project_body", "project_heart", "project_lungs"]


@dataclass(frozen=True, slots=True)
class Lungs:
    """Where the lungs are on the film.

    Attributes:
        air: path length through air, 0 to about 1.
        lateral: signed distance from the rib cage's inner side wall, positive inside.
        below: signed distance below the diaphragm's domes, positive in the abdomen.
        outer: half width of the rib cage at each height.
    """

    air: Field
    lateral: Field
    below: Field
    outer: Field


def project_body(anatomy: Anatomy, grid: Grid) -> Field:
    """Path length through the body's soft tissue, lungs taken as filled; 0 in the air around it."""
    across = np.abs(grid.x)
    soft = 3.0 * grid.pixel
    # The outline from above: the neck falls along the trapezius to a shoulder that rounds off into the arm.
    beyond = np.maximum(across - anatomy.neck, 0.0)
    roundness = np.maximum(across - (anatomy.lung_width + anatomy.wall - 0.02), 0.0)
    top = anatomy.shoulder - 0.42 * np.exp(-beyond * 5.5) + 2.2 * roundness**2
    below_top = np.where(across < anatomy.neck, 1.0, grid.y - top)
    inside_neck = anatomy.neck + 0.02 - across

    side = anatomy.lung_width + anatomy.wall + 0.03 * bump(grid.y - 0.5, 0.9)
    torso = np.minimum(side - across, below_top)
    shoulder_side = anatomy.lung_width + anatomy.wall + 0.16
    # The arm hangs from the shoulder, turned a little outwards.
    arm_axis = shoulder_side - 0.06 + 0.17 * (grid.y - anatomy.shoulder)
    arm = np.minimum(0.15 - np.abs(across - arm_axis), below_top)
    girdle = np.minimum(np.minimum(shoulder_side - across, below_top), anatomy.shoulder + 0.42 - grid.y)
    neck = np.where(grid.y < anatomy.shoulder, inside_neck, -1.0)

    def thickness(depth: Field, full: float, scale: float) -> Field:
        return smooth_step(depth, soft) * ((0.35 + 0.65 * _saturate(depth, scale)) * full)

    body = np.maximum(thickness(torso, 0.94, 0.07), thickness(girdle, 0.76, 0.06))
    body = np.maximum(body, thickness(arm, 0.58, 0.04))
    body = np.maximum(body, thickness(neck, 0.84, 0.06))
    if anatomy.breast > 0.0:
        # Two soft crescents whose lower edge stands out.
        centre_x, radius = 0.7 * anatomy.lung_width, 0.3 + anatomy.breast
        centre_y = anatomy.diaphragm + 0.14 - radius + 0.5 * anatomy.breast
        reach = np.hypot((across - centre_x) / 1.15, grid.y - centre_y) / radius
        crescent = smooth_step(1.0 - reach, 0.22) * np.clip(
            0.25 + 0.75 * (grid.y - centre_y) / radius, 0.0, 1.0
        )
        body = body + anatomy.breast * crescent * smooth_step(torso, 0.1)
    return body


def project_lungs(anatomy: Anatomy, grid: Grid, breath: float) -> Lungs:
    """Place both lungs.

    Args:
        anatomy: the patient.
        grid: the film.
        breath: how much deeper than average the patient inhaled.
    """
    across = np.abs(grid.x)
    left = smooth_step(grid.x, 0.02)  # the patient's left, right in the image
    dome_height = anatomy.diaphragm + breath + anatomy.diaphragm_step * left
    centre = 0.42 * anatomy.lung_width
    arc = (across - centre) / (anatomy.lung_width - centre)
    fall = np.where(arc > 0, np.abs(arc) ** 2.3, 0.28 * arc * arc)
    below = grid.y - (dome_height + anatomy.dome * (fall - 0.4))

    # The side walls run from the tips, a third of the way out, along a superellipse to the widest level.
    widest = anatomy.diaphragm + breath + 0.08
    up = np.clip((widest - grid.y) / (widest - anatomy.lung_apex), 0.0, 1.0)
    arch = np.sqrt(1.0 - up**anatomy.lung_taper)
    tip = 0.36 * anatomy.lung_width
    outer = tip + (anatomy.lung_width - tip) * arch
    lateral = outer - across
    inner = tip - (tip - anatomy.mediastinum) * np.sqrt(1.0 - up**6)
    # The cardiac notch of the left lung and the right atrium's bulge are the heart's part; see project_heart.
    medial = across - inner

    crisp = 2.5 * grid.pixel
    air = smooth_step(lateral, crisp) * (0.4 + 0.64 * _saturate(lateral, 0.05))
    air *= smooth_step(medial, crisp) * (0.55 + 0.5 * _saturate(medial, 0.03))
    # Lung also reaches down behind the domes, where it darkens the abdomen's upper rim a little.
    air *= smooth_step(-below, crisp) * 0.93 + 0.07 * smooth_step(0.1 - below, 0.2)
    air *= 1.0 - 0.25 * smooth_step(anatomy.lung_apex + 0.12 - grid.y, 0.3)
    return Lungs(air=air, lateral=lateral, below=below, outer=outer)


def project_heart(anatomy: Anatomy, grid: Grid, breath: float) -> Field:
    """Path length through heart, great vessels and hila, 0 to about 1; it takes the place of lung."""
    base = anatomy.diaphragm + 0.6 * breath
    centre_y = base - 0.62 * anatomy.heart_height
    # A deep breath stretches the heart downwards and narrows it.
    width = anatomy.heart_width * (1.0 - 0.6 * breath)
    x, y = grid.x - anatomy.heart_x, grid.y - centre_y
    cos, sin = np.cos(anatomy.heart_tilt), np.sin(anatomy.heart_tilt)
    along, across = cos * x + sin * y, -sin * x + cos * y
    heart = _dome(1.0 - (along / (width * 1.02)) ** 2 - (across / (anatomy.heart_height * 0.82)) ** 2)
    atrium = _dome(1.0 - ((grid.x + 0.06) / 0.17) ** 2 - ((grid.y - centre_y - 0.02) / 0.25) ** 2)
    # The pedicle: vena cava on the right, aortic arch and pulmonary trunk on the left.
    knob_y = -0.33
    knob = _dome(
        1.0 - ((grid.x - 0.1) / anatomy.aorta) ** 2 - ((grid.y - knob_y) / (anatomy.aorta * 1.2)) ** 2
    )
    # Slanting from the arch to the heart's apex, so that the left border is one line.
    slant = grid.x - 0.1 - 0.5 * anatomy.heart_width * (grid.y - knob_y)
    half_way, reach = (knob_y + centre_y) / 2, (centre_y - knob_y) / 2 + 0.06
    trunk = _dome(1.0 - (slant / 0.11) ** 2 - ((grid.y - half_way) / reach) ** 2)
    cava = _dome(1.0 - ((grid.x + 0.1) / 0.06) ** 2 - ((grid.y + 0.15) / 0.4) ** 2)
    mass = np.maximum(
        np.maximum(heart, 0.85 * atrium), np.maximum(0.85 * knob, np.maximum(0.85 * trunk, 0.7 * cava))
    )
    hila = bump(np.hypot((np.abs(grid.x) - 0.19) / 0.8, grid.y + 0.08), 0.17)
    return np.minimum(mass + 0.3 * hila, 1.0)


def _dome(inside: Field) -> Field:
    """Thickness of an ellipsoid from 1 - r^2, with a rim steep enough to show as a border."""
    return smooth_step(inside + 0.02, 0.2) * (0.68 + 0.32 * np.sqrt(np.maximum(inside, 0.0)))


def _saturate(depth: Field, scale: float) -> Field:
    """Rise from 0 at depth 0 towards 1, half way at `scale`."""
    inside = np.maximum(depth, 0.0)
    return inside / (inside + scale)
