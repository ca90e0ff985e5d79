"""The process that films are drawn from: one film from its seeds, or any number of patients of a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from core.datasets.phantoms.anatomy import draw_anatomy
from core.datasets.phantoms.bones import project_bones
from core.datasets.phantoms.exposure import draw_exposure
from core.datasets.phantoms.fields import bump, draw_noise, smooth_step
from core.datasets.phantoms.marker import burn_marker
from core.datasets.phantoms.opacities import draw_opacities
from core.datasets.phantoms.soft_tissue import project_body, project_heart, project_lungs
from core.datasets.phantoms.vessels import project_vessels
from core.errors import UnknownNameError

__all__ = ["LABELS", "Phantom", "PhantomProcess", "draw_phantom"]

LABELS = ("normal", "pneumonia")
"""The classes that films are drawn of."""

# Attenuation of a full path, in units in which a dense abdomen shows white.
_SOFT_TISSUE = 0.88
_AIR = 0.62
_ABDOMEN = 0.14
_BONE = 0.28
_VESSEL = 0.15


def draw_phantom(
    patient_seed: int, image_seed: int, label: str, size_px: int = 128, *, marker: bool, texture: float = 1.0
) -> NDArray[np.uint8]:
    """Draw one chest film.

    Films of one patient share anatomy; pose, exposure, noise and opacities are the film's own. Each part has
    its own stream of random numbers, so that changing one argument changes nothing else: with and without
    `marker`, films are equal outside the letter.

    Args:
        patient_seed: decides the anatomy; 0 or above.
        image_seed: decides everything else; 0 or above.
        label: "normal" or "pneumonia".
        size_px: side of the square film in pixels.
        marker: whether an "R" is burned into the upper left corner.
        texture: scales detector noise, lung vessels and the grain of tissue; below 1 gives the smooth look of
            many generators.

    Returns:
        (size_px, size_px) uint8; bright is dense.

    Raises:
        UnknownNameError: if there is no such label.
    """
    if label not in LABELS:
        raise UnknownNameError(f"There is no phantom class {label!r}; known are: {', '.join(LABELS)}.")
    anatomy = draw_anatomy(_spawn(patient_seed, 0))
    exposure = draw_exposure(_spawn(patient_seed, 1, image_seed))
    grid = exposure.compute_grid(size_px)
    lungs = project_lungs(anatomy, grid, exposure.breath)
    heart = project_heart(anatomy, grid, exposure.breath)

    grain = _spawn(patient_seed, 2, image_seed)
    air = lungs.air * (1.0 - 0.9 * heart)
    # The windpipe, down to where it divides.
    windpipe = bump(grid.x + 0.012, 0.075) * smooth_step(-0.26 - grid.y, 0.1) * 0.22
    parenchyma = 1.0 + texture * (
        0.035 * draw_noise(grain, size_px, 14) + 0.03 * draw_noise(grain, size_px, 40)
    )
    vessels = (
        anatomy.markings
        * texture
        * project_vessels(anatomy.vessels, exposure.compute_pixel_map(size_px), size_px)
    )
    if label == "pneumonia":
        opacities = draw_opacities(_spawn(patient_seed, 3, image_seed), anatomy, grid, lungs)
        air *= 1.0 - 0.8 * opacities
        vessels *= 1.0 - 0.7 * opacities

    body = project_body(anatomy, grid)
    abdomen = smooth_step(lungs.below, 0.35) * smooth_step(lungs.lateral + 0.1, 0.3)
    if anatomy.gas > 0.0:
        bubble_y = anatomy.diaphragm + anatomy.diaphragm_step + 0.13
        bubble = np.hypot((grid.x - 0.36) / 1.25, grid.y - bubble_y)
        abdomen -= 1.6 * smooth_step(anatomy.gas - bubble, 0.06) * smooth_step(lungs.below - 0.03, 0.05)
    tissue = 1.0 + texture * 0.012 * draw_noise(grain, size_px, 24) + 0.03 * draw_noise(grain, size_px, 4)
    attenuation = body * (_SOFT_TISSUE * tissue + _ABDOMEN * abdomen)
    attenuation -= _AIR * np.minimum(air * parenchyma, 1.0) + _AIR * windpipe
    attenuation += _VESSEL * vessels * np.minimum(lungs.air * 1.3, 1.0)
    inside = smooth_step(body - 0.12, 0.2)
    attenuation += (_BONE * project_bones(anatomy, grid, lungs)) * inside
    np.maximum(attenuation, 0.0, out=attenuation)

    film = exposure.develop(attenuation, _spawn(patient_seed, 4, image_seed), noise=texture)
    pixels = np.rint(np.clip(film, 0.0, 255.0)).astype(np.uint8)
    return burn_marker(pixels, _spawn(patient_seed, 5, image_seed)) if marker else pixels


@dataclass(frozen=True, slots=True)
class Phantom:
    """One drawn film.

    Attributes:
        pixels: (size_px, size_px) uint8.
        label: its class.
        patient: number of the patient within the class, from 0.
        index: number of the film within the patient, from 0.
    """

    pixels: NDArray[np.uint8]
    label: str
    patient: int
    index: int


@dataclass(frozen=True, slots=True)
class PhantomProcess:
    """An endless, reproducible source of patients.

    Two processes with different seeds or cohorts have no patient in common; two that differ only in
    `marker_labels` or `texture` draw the same patients in the same poses.

    Attributes:
        seed: seeds everything; 0 or above.
        cohort: which of the seed's independent populations.
        size_px: side of the square films in pixels.
        marker_labels: classes whose films carry the burned-in "R".
        texture: see `draw_phantom`.
    """

    seed: int = 0
    cohort: int = 0
    size_px: int = 128
    marker_labels: tuple[str, ...] = ("normal",)
    texture: float = 1.0

    def draw(self, label: str, n_images: int) -> Iterator[Phantom]:
        """Draw films of one class, patient by patient, one to three films each.

        Args:
            label: the class.
            n_images: number of films; the first films of a longer draw are those of a shorter one.

        Raises:
            UnknownNameError: if there is no such label.
        """
        if label not in LABELS:
            raise UnknownNameError(f"There is no phantom class {label!r}; known are: {', '.join(LABELS)}.")
        drawn, patient = 0, 0
        while drawn < n_images:
            sequence = SeedSequence(self.seed, spawn_key=(self.cohort, LABELS.index(label), patient))
            patient_seed, films = (int(word) for word in sequence.generate_state(2, np.uint64))
            for index in range(min(1 + films % 3, n_images - drawn)):
                pixels = draw_phantom(
                    patient_seed,
                    index,
                    label,
                    self.size_px,
                    marker=label in self.marker_labels,
                    texture=self.texture,
                )
                yield Phantom(pixels, label, patient, index)
                drawn += 1
            patient += 1


def _spawn(patient_seed: int, stream: int, image_seed: int = 0) -> Generator:
    """Generator of one independent stream; PCG64 by name, so that NumPy's default may change."""
    return Generator(PCG64(SeedSequence(patient_seed, spawn_key=(stream, image_seed))))
