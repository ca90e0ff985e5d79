"""A study of small volumes, with a copy planted among them."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from core.config import get_settings
from core.copies.transforms import Transform, apply_transform
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study

__all__ = ["SHAPE", "SPACING_MM", "keep_heads", "write_head"]

SHAPE = (12, 20, 24)
"""Slices from the feet, rows from the front, columns from the patient's right."""

SPACING_MM = (3.0, 1.0, 1.5)


def keep_heads(*, n_real: int = 10, n_heldout: int = 6, n_synthetic: int = 4) -> StudyRecord:
    """Save a study of volumes in the workspace's own folders.

    The first synthetic volume is the first real one, turned over head to foot and by a quarter: it matches
    when it is turned 90° clockwise and turned over.
    """
    settings = get_settings()
    data, rng = settings.home / "data", np.random.default_rng(3)
    made = {
        name: [_make_head(rng) for _ in range(n)]
        for name, n in (("real", n_real), ("heldout", n_heldout), ("gan", n_synthetic - 1))
    }
    for name, heads in made.items():
        for at, values in enumerate(heads, start=1):
            write_head(data / name / f"{at:02d}.nii", values)
    turned = apply_transform(made["real"][0][::-1], Transform.TURNED_ANTICLOCKWISE, axes=(1, 2))
    write_head(data / "gan" / "00.nii", turned, (SPACING_MM[0], SPACING_MM[2], SPACING_MM[1]))
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        heldout=FolderRef(root="data", path="heldout"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )
    return save_study(open_database(settings), name="Heads", folders=folders)


def write_head(path: Path, values: np.ndarray, spacing_mm: tuple[float, float, float] = SPACING_MM) -> Path:
    """Write slices from the feet, rows from the front, columns from the right as NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # NIfTI's axes are columns, rows and slices, to the left of which, and behind which, values are negative.
    affine = np.diag([-spacing_mm[2], -spacing_mm[1], spacing_mm[0], 1.0])
    nibabel.save(nibabel.Nifti1Image(values.transpose(2, 1, 0), affine), path)
    return path


def _make_head(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of 12 bits."""
    values = rng.uniform(0, 1, (4, 5, 6))
    for axis, n in enumerate(SHAPE):
        places = np.linspace(0, values.shape[axis] - 1, n)
        low = np.minimum(places.astype(int), values.shape[axis] - 2)
        share = (places - low).reshape([-1 if other == axis else 1 for other in range(3)])
        values = values.take(low, axis) * (1 - share) + values.take(low + 1, axis) * share
    return np.rint(3000 * values + rng.uniform(0, 200, SHAPE)).astype(np.int16)
