"""Small films of two classes, one of which may carry a bright mark in the upper left corner."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.bias.options import BiasChoices
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study
from tests.images import write_png

__all__ = ["QUICK", "keep_marked_study", "write_marked"]

QUICK = BiasChoices(frame_px=32, patch_px=8, stride_px=8, n_permutations=39)
"""Sixteen places and few permutations."""


def write_marked(folder: Path, n: int = 24, *, seed: int, marked: bool = True, side: int = 48) -> Path:
    """Write films of noise in the classes `sick` and `well`, alternately; the mark is on `well`."""
    rng = np.random.default_rng(seed)
    for number in range(n):
        pixels = rng.normal(90, 20, (side, side))
        if marked and number % 2:
            top, left = rng.integers(1, 4, 2)
            pixels[top : top + side // 6, left : left + side // 6] = 230
        label = ("sick", "well")[number % 2]
        write_png(folder / label / f"{number:03d}.png", np.clip(pixels, 0, 255).astype(np.uint8))
    return folder


def keep_marked_study(name: str = "Films") -> StudyRecord:
    """Save a study below the root `data` whose set `gan` carries the mark of its real set."""
    settings = get_settings()
    for seed, folder in enumerate(("real", "gan")):
        write_marked(settings.home / "data" / folder, seed=seed)
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )
    return save_study(open_database(settings), name=name, folders=folders)
