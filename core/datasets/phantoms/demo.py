"""Writes the demo study: real, held-out and synthetic phantom films, their labels and the truth."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets.phantoms.faults import (
    BYTE_COPY,
    REENCODED_COPY,
    SyntheticItem,
    plant_blur,
    plant_collapse,
    plant_copies,
    plant_none,
)
from core.datasets.phantoms.placement import place_folder
from core.datasets.phantoms.process import LABELS, Phantom, PhantomProcess
from core.errors import InputError, StoreError
from core.progress import Progress, SilentProgress

__all__ = ["SYNTHETIC_SETS", "DemoStudy", "write_demo"]

SYNTHETIC_SETS = ("fresh", "copies", "collapsed", "blurred", "marker-inherited", "marker-free")
"""Names of the demo's synthetic sets, in the order in which they are written."""

# Raise when any film, file or table of the demo changes.
_VERSION = 1
_REAL, _HELDOUT, _FRESH = 0, 1, 2  # cohorts: no patient in common
_SMOOTH, _SMOOTH_TEXTURE = "low-texture", 0.35
_SILENT = SilentProgress()


@dataclass(frozen=True, slots=True)
class DemoStudy:
    """Where a written demo lies.

    Attributes:
        folder: its root.
        real: the real train set, classes as sub-folders.
        heldout: the held-out set of other patients.
        synthetic: name of each synthetic set to its folder.
        labels: CSV of `file` (relative to `folder`), `label` and `patient` (empty for synthetic films).
        truth: CSV of `set`, `item` (relative to the set's folder), `fault`, `source` (relative to `real`,
            empty but for copies) and `transform`, one row a synthetic film.
    """

    folder: Path
    real: Path
    heldout: Path
    synthetic: Mapping[str, Path]
    labels: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What decides the demo's content; stands in its stamp."""

    seed: int
    size_px: int
    n_real: int
    n_heldout: int
    n_synthetic: int
    version: int = _VERSION


def write_demo(
    folder: Path,
    *,
    seed: int = 0,
    size_px: int = 128,
    n_real: int = 240,
    n_heldout: int = 240,
    n_synthetic: int = 120,
    progress: Progress = _SILENT,
) -> DemoStudy:
    """Write the demo study into a folder, or find it there.

    The study is built beside the folder and moved into place when it is complete; a demo of the same
    parameters is left as it is, one of other parameters or of an older version is replaced.

    Args:
        folder: where the demo lies afterwards; missing, empty, or holding a demo.
        seed: decides every film; 0 or above.
        size_px: side of the square films in pixels, at least 32.
        n_real: films of the real set, half of each class.
        n_heldout: films of the held-out set, half of each class.
        n_synthetic: films of each of the six synthetic sets, half of each class.
        progress: told of every film written; may cancel, which leaves the folder as it was.

    Returns:
        Where everything lies.

    Raises:
        InputError: if a number is out of range, or the folder holds something else than a demo.
        StoreError: if the folder cannot be written.
        CancelledError: if `progress` cancels.
    """
    parameters = _Parameters(seed, size_px, n_real, n_heldout, n_synthetic)
    _check(parameters)
    folder = folder.absolute()
    try:
        place_folder(
            folder,
            stamp=asdict(parameters),
            entries=("real", "heldout", "synthetic", "labels.csv", "truth.csv"),
            build=lambda root: _write_study(root, parameters, progress),
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"The demo cannot be written to {folder}: {reason}.") from error
    return _locate(folder)


def _check(parameters: _Parameters) -> None:
    if parameters.seed < 0:
        raise InputError(f"The demo's seed must be 0 or above, not {parameters.seed}.")
    if parameters.size_px < 32:
        raise InputError(f"The demo's films must have at least 32 pixels a side, not {parameters.size_px}.")
    for name in ("n_real", "n_heldout", "n_synthetic"):
        number = getattr(parameters, name)
        if number < 8 or number % len(LABELS):
            raise InputError(f"The demo's {name} must be an even number of at least 8, not {number}.")


def _locate(folder: Path) -> DemoStudy:
    return DemoStudy(
        folder=folder,
        real=folder / "real",
        heldout=folder / "heldout",
        synthetic={name: folder / "synthetic" / name for name in SYNTHETIC_SETS},
        labels=folder / "labels.csv",
        truth=folder / "truth.csv",
    )


def _write_study(root: Path, parameters: _Parameters, progress: Progress) -> None:
    """Draw every set and write it under `root`."""
    study = _locate(root)
    n_films = parameters.n_real + parameters.n_heldout + len(SYNTHETIC_SETS) * parameters.n_synthetic
    progress.start("Drawing the demo", n_films)
    labels: list[tuple[str, str, str]] = []
    truth: list[tuple[str, str, str, str, str]] = []

    def write_cohort(folder: Path, cohort: int, n_films: int) -> dict[str, list[Phantom]]:
        process = PhantomProcess(parameters.seed, cohort, parameters.size_px)
        written: dict[str, list[Phantom]] = {}
        for label in LABELS:
            for film in process.draw(label, n_films // len(LABELS)):
                path = folder / _name_film(film, cohort)
                _write_png(path, film.pixels)
                labels.append((path.relative_to(root).as_posix(), label, _name_patient(film, cohort)))
                written.setdefault(label, []).append(film)
                progress.advance()
        return written

    real = write_cohort(study.real, _REAL, parameters.n_real)
    write_cohort(study.heldout, _HELDOUT, parameters.n_heldout)
    for name, items in _plan_synthetic_sets(parameters, real):
        numbers = dict.fromkeys(LABELS, 0)
        for item in items:
            relative = f"{item.label}/{numbers[item.label]:04d}.png"
            numbers[item.label] += 1
            path = study.synthetic[name] / relative
            source = _name_film(item.source, _REAL) if item.source else ""
            if item.transform == BYTE_COPY:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(study.real / source, path)
            else:
                # Another compression level: other bytes, the same pixels.
                _write_png(path, item.pixels, compress_level=1 if item.transform == REENCODED_COPY else 6)
            labels.append((path.relative_to(root).as_posix(), item.label, ""))
            truth.append((name, relative, item.fault, source, item.transform))
            progress.advance()

    _write_csv(study.labels, ("file", "label", "patient"), labels)
    _write_csv(study.truth, ("set", "item", "fault", "source", "transform"), truth)


def _plan_synthetic_sets(
    parameters: _Parameters, real: Mapping[str, list[Phantom]]
) -> Iterator[tuple[str, Iterable[SyntheticItem]]]:
    """Pair every faulty set with one fresh draw; films are drawn when they are asked for."""
    seed, size_px, n_films = parameters.seed, parameters.size_px, parameters.n_synthetic
    fresh = _draw_classes(PhantomProcess(seed, _FRESH, size_px), n_films)
    yield "fresh", plant_none(fresh)
    yield "copies", plant_copies(fresh, real=real, seed=seed)
    yield "collapsed", plant_collapse(fresh, seed=seed)
    yield "blurred", plant_blur(fresh)
    inheriting = PhantomProcess(seed, _FRESH, size_px, texture=_SMOOTH_TEXTURE)
    marked = _draw_classes(inheriting, n_films)
    yield "marker-inherited", plant_none(marked, fault={"normal": "marker"}, transform=_SMOOTH)
    unmarked = _draw_classes(replace(inheriting, marker_labels=()), n_films)
    yield "marker-free", plant_none(unmarked, transform=_SMOOTH)


def _draw_classes(process: PhantomProcess, n_films: int) -> dict[str, list[Phantom]]:
    return {label: list(process.draw(label, n_films // len(LABELS))) for label in LABELS}


def _name_patient(film: Phantom, cohort: int) -> str:
    """A patient id that no other class or cohort has."""
    return f"P{(cohort * len(LABELS) + LABELS.index(film.label)) * 10_000 + film.patient + 1:05d}"


def _name_film(film: Phantom, cohort: int) -> str:
    return f"{film.label}/{_name_patient(film, cohort)}_{film.index}.png"


def _write_png(path: Path, pixels: NDArray[np.uint8], *, compress_level: int = 6) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, format="PNG", compress_level=compress_level)


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
