"""A study with planted copies in 16-bit films: turned in every way, beside innocent ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.config import get_settings
from core.copies.transforms import TRANSFORMS, apply_transform
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study
from tests.images import write_png

__all__ = ["COPIES", "SETS", "keep_films"]

SETS = ("copying", "fresh")
COPIES = len(TRANSFORMS)
"""The first so many images of the first set repeat the real images of the same number, one a transform."""


def keep_films(*, n_real: int = 24, n_heldout: int = 12, n_synthetic: int = 12) -> StudyRecord:
    """Save a study of noise films of 56 x 64 samples in the workspace's own folders.

    The second synthetic set and the held-out set copy nothing.
    """
    settings = get_settings()
    data, rng = settings.home / "data", np.random.default_rng(7)
    real = [_film(rng) for _ in range(n_real)]
    turned = [apply_transform(film, name) for film, name in zip(real, TRANSFORMS, strict=False)]
    fresh = [_film(rng) for _ in range(n_heldout + 2 * n_synthetic - COPIES)]
    heldout, others = fresh[:n_heldout], fresh[n_heldout:]
    copying = [*turned, *others[: n_synthetic - COPIES]]
    for name, films in (
        ("real", real),
        ("heldout", heldout),
        (SETS[0], copying),
        (SETS[1], others[n_synthetic - COPIES :]),
    ):
        for at, film in enumerate(films):
            _write(data / name / f"class {'ab'[at % 2]}" / f"{at:04d}.png", film)
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        heldout=FolderRef(root="data", path="heldout"),
        synthetic=tuple(
            SyntheticFolder(name=name, folder=FolderRef(root="data", path=name)) for name in SETS
        ),
    )
    return save_study(open_database(settings), name="Films", folders=folders)


def _film(rng: np.random.Generator) -> np.ndarray:
    coarse = Image.fromarray(rng.uniform(2_000, 60_000, (9, 8)).astype(np.float32))
    smooth = np.asarray(coarse.resize((56, 64), Image.Resampling.BICUBIC))
    return np.clip(smooth + rng.normal(0, 700, smooth.shape), 0, 65_535).astype(np.uint16)


def _write(path: Path, film: np.ndarray) -> None:
    write_png(path, np.ascontiguousarray(film))
