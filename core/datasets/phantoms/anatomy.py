"""One patient's chest as numbers: what all films of that patient share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from core.datasets.phantoms.vessels import draw_vessels

__all__ = ["Anatomy", "draw_anatomy"]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Shape and build of one patient; lengths are in film units, where the film spans -1 to 1.

    Attributes:
        lung_width: half the inner width of the rib cage at its widest.
        lung_apex: height of the lung tips.
        lung_taper: how quickly the cage widens below the tips; higher is more barrel-shaped.
        diaphragm: height of the right dome.
        diaphragm_step: how much lower the left dome stands.
        dome: height of the domes over their lateral ends.
        mediastinum: half width of the mediastinum.
        heart_x: how far the heart's centre lies to the patient's left.
        heart_width: half width of the heart.
        heart_height: half height of the heart.
        heart_tilt: slope of the heart's axis in radians.
        aorta: radius of the aortic knob.
        wall: thickness of the chest wall, fat included.
        shoulder: height of the shoulders.
        neck: half width of the neck.
        breast: thickness of breast tissue, 0 for none.
        rib_spacing: distance between neighbouring ribs at the spine.
        rib_width: share of that distance that a rib fills.
        rib_drop: how far a posterior rib falls towards the side.
        rib_phase: position of the first rib within one spacing.
        bone: mineral density, relative to 1.
        clavicle_rise: how far the clavicles rise towards the shoulders.
        clavicle_height: height of their inner ends.
        scoliosis: sideways bend of the spine.
        vertebra: height of one vertebra.
        gas: radius of the stomach's gas bubble, 0 for none.
        markings: strength of the lung vessels, relative to 1.
        vessels: (n, 6) branches of the lung vessels, see `vessels.draw_vessels`.
    """

    lung_width: float
    lung_apex: float
    lung_taper: float
    diaphragm: float
    diaphragm_step: float
    dome: float
    mediastinum: float
    heart_x: float
    heart_width: float
    heart_height: float
    heart_tilt: float
    aorta: float
    wall: float
    shoulder: float
    neck: float
    breast: float
    rib_spacing: float
    rib_width: float
    rib_drop: float
    rib_phase: float
    bone: float
    clavicle_rise: float
    clavicle_height: float
    scoliosis: float
    vertebra: float
    gas: float
    markings: float
    vessels: NDArray[np.float64]


def draw_anatomy(rng: Generator) -> Anatomy:
    """Draw one patient."""

    def around(centre: float, spread: float) -> float:
        """Normal around the centre, cut at two standard deviations: nobody is impossible."""
        return centre + spread * float(np.clip(rng.standard_normal(), -2.0, 2.0))

    lung_width = around(0.68, 0.05)
    lung_apex = around(-0.68, 0.05)
    diaphragm = around(0.42, 0.09)
    mediastinum = around(0.115, 0.012)
    build = around(0.0, 1.0)  # slim to heavy
    wall = 0.2 + 0.06 * build + 0.02 * around(0.0, 1.0)
    is_female = rng.random() < 0.5
    # Cardiothoracic ratio: half width of the heart over that of the cage, 0.40 to 0.56.
    heart_width = lung_width * around(0.48, 0.04) * (1.0 + 0.03 * build)
    return Anatomy(
        lung_width=lung_width,
        lung_apex=lung_apex,
        lung_taper=around(2.3, 0.25),
        diaphragm=diaphragm,
        diaphragm_step=around(0.045, 0.025),
        dome=around(0.29, 0.04),
        mediastinum=mediastinum,
        heart_x=around(0.11, 0.02),
        heart_width=heart_width,
        heart_height=around(0.3, 0.025),
        heart_tilt=around(0.55, 0.12),
        aorta=around(0.075, 0.015),
        wall=wall,
        shoulder=around(-0.7, 0.05),
        neck=around(0.23, 0.025),
        breast=around(0.09, 0.03) if is_female else 0.0,
        rib_spacing=around(0.152, 0.012),
        rib_width=around(0.4, 0.035),
        rib_drop=around(0.3, 0.07),
        rib_phase=rng.random(),
        bone=around(1.0, 0.15),
        clavicle_rise=around(0.13, 0.05),
        clavicle_height=around(-0.48, 0.03),
        scoliosis=around(0.0, 0.014),
        vertebra=around(0.125, 0.008),
        gas=around(0.13, 0.03) if rng.random() < 0.5 else 0.0,
        markings=around(1.0, 0.2),
        vessels=draw_vessels(rng, reach=lung_width, apex=lung_apex, base=diaphragm),
    )
