"""Films and what may be done to them before they are passed off as new, for the tests of this folder."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.copies.thumbnails import Thumbnails, compute_thumbnail, stack_thumbnails
from core.datasets.phantoms import LABELS, PhantomProcess

__all__ = ["EXACT", "FAINT", "MANIPULATIONS", "MOVED", "draw_films", "make_thumbnails"]

Film = NDArray[np.uint8]
Manipulation = Callable[[Film, Generator], Film]


@lru_cache(maxsize=64)
def draw_films(cohort: int, n: int, seed: int = 0) -> tuple[tuple[Film, ...], NDArray[np.intp]]:
    """Phantom films of both classes, and a number for the patient of each."""
    process = PhantomProcess(seed, cohort)
    drawn = [film for label in LABELS for film in process.draw(label, n // len(LABELS))]
    patients: dict[tuple[str, int], int] = {}
    groups = [patients.setdefault((film.label, film.patient), len(patients)) for film in drawn]
    return tuple(film.pixels for film in drawn), np.array(groups, dtype=np.intp)


def make_thumbnails(films: Iterable[NDArray[np.generic]]) -> Thumbnails:
    return stack_thumbnails(compute_thumbnail(film.astype(np.float32)[..., None]) for film in films)


def _bytes(grey: NDArray[np.float64]) -> Film:
    return np.rint(np.clip(grey, 0.0, 255.0)).astype(np.uint8)


def _jpeg(film: Film) -> Film:
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "JPEG", quality=50)
    return np.asarray(Image.open(buffer))


def _shift(film: Film, rng: Generator, mode: str) -> Film:
    offset = rng.uniform(-0.05, 0.05, 2) * film.shape
    return _bytes(ndimage.shift(film.astype(np.float64), offset, order=1, mode=mode))


def _rotate(film: Film, degrees: float) -> Film:
    return _bytes(ndimage.rotate(film.astype(np.float64), degrees, reshape=False, order=1))


def _crop(film: Film) -> Film:
    height, width = film.shape
    rows, columns = round(0.05 * height), round(0.05 * width)
    return film[rows : height - rows, columns : width - columns]


def _resize(film: Film, like: Film) -> Film:
    return np.asarray(Image.fromarray(film).resize(like.shape[::-1], Image.Resampling.BICUBIC))


EXACT: dict[str, Manipulation] = {
    "exact": lambda film, rng: film,
    "mirrored left-right": lambda film, rng: film[:, ::-1],
    "mirrored top-bottom": lambda film, rng: film[::-1],
    "quarter turns": lambda film, rng: np.rot90(film, rng.integers(1, 4)),
}
FAINT: dict[str, Manipulation] = {
    "20 % brighter": lambda film, rng: _bytes(1.2 * film),
    "JPEG quality 50": lambda film, rng: _jpeg(film),
    "slightly blurred": lambda film, rng: _bytes(
        ndimage.gaussian_filter(film.astype(np.float64), len(film) / 128)
    ),
}
MOVED: dict[str, Manipulation] = {
    "shifted, filled black": lambda film, rng: _shift(film, rng, "constant"),
    "shifted, edge repeated": lambda film, rng: _shift(film, rng, "nearest"),
    "cropped": lambda film, rng: _crop(film),
    "cropped, size restored": lambda film, rng: _resize(_crop(film), film),
    "rotated by up to 5°": lambda film, rng: _rotate(film, rng.uniform(-5.0, 5.0)),
    "rotated by 5°": lambda film, rng: _rotate(film, rng.choice([-5.0, 5.0])),
    "shifted and mirrored": lambda film, rng: _shift(film, rng, "constant")[:, ::-1],
    "rotated, turned, JPEG": lambda film, rng: _jpeg(np.rot90(_rotate(film, rng.uniform(-5.0, 5.0))).copy()),
    "cropped, brighter, mirrored": lambda film, rng: _bytes(1.2 * _crop(film)[::-1]),
}
MANIPULATIONS = {**EXACT, **FAINT, **MOVED}
