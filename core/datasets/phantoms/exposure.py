"""One film's exposure, other for every film of a patient: pose, tone, scatter, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from core.datasets.phantoms.fields import Field, Grid, smooth_step

__all__ = ["Exposure", "draw_exposure"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Pose and detector of one film; lengths are in film units, where the film spans -1 to 1.

    Attributes:
        tilt: rotation of the patient on the film in radians.
        zoom: magnification.
        shift_x: displacement to the right.
        shift_y: displacement downwards.
        breath: how much deeper than average the patient inhaled; moves the diaphragm down.
        dark: attenuation that is shown black.
        light: attenuation that is shown white.
        gamma: exponent of the tone curve.
        slope_x: brightness gradient across the film.
        slope_y: brightness gradient along the film.
        scatter: share of scattered radiation.
        blur: detector blur, standard deviation.
        noise: quantum noise on the 8-bit scale, where the film is mid-grey.
        collimator: unexposed border at the left, right, top and bottom.
    """

    tilt: float
    zoom: float
    shift_x: float
    shift_y: float
    breath: float
    dark: float
    light: float
    gamma: float
    slope_x: float
    slope_y: float
    scatter: float
    blur: float
    noise: float
    collimator: tuple[float, float, float, float]

    def compute_grid(self, size_px: int) -> Grid:
        """Place each pixel in the patient's coordinates."""
        axis = _compute_axis(size_px)
        x, y = (axis - self.shift_x)[None, :], (axis - self.shift_y)[:, None]
        cos, sin = np.cos(self.tilt) / self.zoom, np.sin(self.tilt) / self.zoom
        return Grid(x=cos * x + sin * y, y=-sin * x + cos * y, size_px=size_px)

    def compute_pixel_map(self, size_px: int) -> NDArray[np.float64]:
        """(2, 3) affine map from the patient's (x, y, 1) to fractional (column, row): the grid's inverse."""
        half = size_px / 2
        cos, sin = np.cos(self.tilt) * self.zoom * half, np.sin(self.tilt) * self.zoom * half
        return np.array(
            [
                [cos, -sin, (self.shift_x + 1.0) * half - 0.5],
                [sin, cos, (self.shift_y + 1.0) * half - 0.5],
            ]
        )

    def develop(self, attenuation: Field, rng: Generator, *, noise: float) -> Field:
        """Turn attenuation into grey values on the scale 0 to 255.

        Args:
            attenuation: line integrals through the patient, 0 in air.
            rng: the film's generator, for its noise.
            noise: scales the noise, 0 for a film without.
        """
        size_px = len(attenuation)
        pixel = 2.0 / size_px
        axis = _compute_axis(size_px)
        veil = _compute_veil_weights(size_px)
        seen = (1.0 - self.scatter) * attenuation + self.scatter * (veil @ attenuation @ veil.T)
        seen += (self.slope_x * axis)[None, :] + (self.slope_y * axis)[:, None]
        seen = gaussian_filter(seen, self.blur / pixel, truncate=3.0)
        shown = np.clip((seen - self.dark) / (self.light - self.dark), 0.0, None)
        # A shoulder instead of a hard white, as film has; then the tone curve.
        cube = shown * shown * shown
        shown = (shown * (1.0 + cube * cube) ** (-1.0 / 6.0)) ** self.gamma
        grey = 12.0 + 238.0 * shown
        # Fewer photons arrive behind dense tissue, so quantum noise grows with attenuation.
        grain = rng.standard_normal((size_px, size_px))
        # Neighbouring pixels share light in the scintillator: part of the noise is correlated.
        grain = 0.6 * grain + 1.8 * gaussian_filter(grain, 0.8, truncate=2.5)
        grey += noise * self.noise * grain * (0.5 + shown)
        left, right, top, bottom = self.collimator
        shutter_x = smooth_step(1.0 - left + axis, 1.5 * pixel) * smooth_step(1.0 - right - axis, 1.5 * pixel)
        shutter_y = smooth_step(1.0 - top + axis, 1.5 * pixel) * smooth_step(1.0 - bottom - axis, 1.5 * pixel)
        return 4.0 + (grey - 4.0) * shutter_y[:, None] * shutter_x[None, :]


def draw_exposure(rng: Generator) -> Exposure:
    """Draw one film's exposure."""
    collimator = np.where(rng.random(4) < 0.12, rng.uniform(0.02, 0.08, 4), -0.1)
    dark = rng.normal(0.06, 0.025)
    return Exposure(
        tilt=rng.normal(0.0, 0.035),
        zoom=rng.normal(1.1, 0.06),
        shift_x=rng.normal(0.0, 0.04),
        shift_y=rng.normal(-0.01, 0.05),
        breath=float(np.clip(rng.normal(0.0, 0.035), -0.08, 0.08)),
        dark=dark,
        light=dark + rng.normal(0.95, 0.09),
        gamma=float(np.exp(rng.normal(0.0, 0.2))),
        slope_x=rng.normal(0.0, 0.02),
        slope_y=rng.normal(0.0, 0.03),
        scatter=rng.uniform(0.12, 0.32),
        blur=rng.uniform(0.008, 0.012),
        noise=float(np.exp(rng.normal(0.45, 0.3))),
        collimator=(float(collimator[0]), float(collimator[1]), float(collimator[2]), float(collimator[3])),
    )


@lru_cache(maxsize=8)
def _compute_veil_weights(size_px: int) -> Field:
    """(size_px, size_px) rows of a wide normalised Gaussian: scattered radiation, which has no detail."""
    axis = _compute_axis(size_px)
    weights: Field = np.exp(-0.5 * ((axis[:, None] - axis[None, :]) / 0.18) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _compute_axis(size_px: int) -> Field:
    """(size_px,) film coordinates of the pixel centres."""
    axis: Field = (np.arange(size_px, dtype=np.float64) + 0.5) * (2.0 / size_px) - 1.0
    return axis
