"""Small deep images and volumes for tests: values that a policy must choose black and white of."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from core.images.intensity import Intensity, IntensityMode
from tests.core.images.dicom.files import make_file

__all__ = ["NARROW", "write_deep", "write_series", "write_volumes"]

NARROW = Intensity(mode=IntensityMode.WINDOW, center=1000, width=400)
"""Takes the middle tenth of the values below: far from what their own range gives."""


def write_deep(folder: Path, n: int, *, seed: int = 0, size: int = 32, classes: tuple[str, ...] = ()) -> Path:
    """Write n 16-bit grey arrays of values from 0 to 4,000, spread over classes in turn."""
    rng = np.random.default_rng(seed)
    for index in range(n):
        below = folder / classes[index % len(classes)] if classes else folder
        below.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 4001, (8, 8)).astype(np.uint16)
        coarse[0, :2] = 0, 4000
        np.save(below / f"{index:04d}.npy", np.kron(coarse, np.ones((size // 8, size // 8), np.uint16)))
    return folder


def write_volumes(folder: Path, n: int, *, seed: int = 0, shape: tuple[int, int, int] = (5, 8, 10)) -> Path:
    """Write n NIfTI volumes of these slices, rows and columns, 2 x 1 x 1 mm apart, of values from 0 to 4,000."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for index in range(n):
        values = rng.integers(0, 4001, shape[::-1]).astype(np.int16)
        values[0, 0, :2] = 0, 4000
        image = nibabel.Nifti1Image(values, np.diag([1.0, 1.0, 2.0, 1.0]))
        nibabel.save(image, folder / f"{index:04d}.nii")
    return folder


def write_series(folder: Path, n: int, *, seed: int = 0, n_slices: int = 3, size: int = 16) -> Path:
    """Write n DICOM series, a folder each, one file a slice."""
    rng = np.random.default_rng(seed)
    for index in range(n):
        below = folder / f"case{index:02d}"
        below.mkdir(parents=True, exist_ok=True)
        for place in range(n_slices):
            data = make_file(
                rng.integers(0, 4001, (size, size)).astype(np.int16),
                Modality="CT",
                PatientID=f"P{seed}{index}",
                SeriesInstanceUID=f"1.2.{seed + 1}.{index + 1}",
                ImagePositionPatient=[0, 0, 2.0 * place],
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                PixelSpacing=[1, 1],
            )
            (below / f"{place}.dcm").write_bytes(data)
    return folder
