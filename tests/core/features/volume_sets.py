"""Small volumes for tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel
import numpy as np

from core.datasets.image_set import ImageSet, Item, Role
from core.datasets.scan import scan_image_set

__all__ = ["make_volume", "scan_one", "scan_volumes", "write_array", "write_nifti", "write_volumes"]


def make_volume(rng: np.random.Generator, shape: tuple[int, int, int] = (12, 16, 16)) -> np.ndarray:
    """A smooth random blob on black, uint8."""
    z, y, x = (np.linspace(-1, 1, n) for n in shape)
    centre, width = rng.uniform(-0.2, 0.2, 3), rng.uniform(0.4, 0.6, 3)
    away = (
        ((z[:, None, None] - centre[0]) / width[0]) ** 2
        + ((y[:, None] - centre[1]) / width[1]) ** 2
        + ((x - centre[2]) / width[2]) ** 2
    )
    body = np.exp(-(away**2)) * 200 + rng.normal(0, 3, shape) * (away < 1.5)
    return np.clip(body, 0, 255).astype(np.uint8)


def write_array(path: Path, values: np.ndarray) -> Path:
    """Write a volume as `.npy`, making folders as needed; its axes are slices, rows and columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    return path


def write_nifti(path: Path, values: np.ndarray, spacing_mm: tuple[float, float, float]) -> Path:
    """Write (slices, rows, columns) as NIfTI with a spacing of slices, rows and columns.

    In the file the first axis runs to the left and the second to the front, so that they are read as they are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    along_z, along_y, along_x = spacing_mm
    affine = np.diag([-along_x, -along_y, along_z, 1.0])
    nibabel.save(nibabel.Nifti1Image(values.transpose(2, 1, 0), affine), path)
    return path


def write_volumes(folder: Path, n: int, *, seed: int = 0) -> Path:
    """Write n blobs."""
    rng = np.random.default_rng(seed)
    for index in range(n):
        write_array(folder / f"{index:02d}.npy", make_volume(rng))
    return folder


def scan_one(path: Path) -> Item:
    """Read one volume; a set needs two."""
    twin = path.with_name(f"twin-{path.name}")
    shutil.copy(path, twin)
    (item,) = (one for one in scan_volumes(path.parent).items if one.path == path)
    twin.unlink()
    return item


def scan_volumes(folder: Path) -> ImageSet:
    """Read a folder of volumes as the real set."""
    return scan_image_set(folder, role=Role.REAL, name="real")
