"""README's table of volumes: MR volumes of other patients, altered copies, and blurred ones, against a real set."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.audit.protocol import Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.config import Settings
from core.copies.transforms import TRANSFORMS, apply_transform
from core.datasets.study import Study
from core.images.intensity import find_preset

__all__ = ["audit_volumes"]

_N_REAL, _N_OTHER = 24, 12
# With 12 held-out volumes, no rate below one in 13 can be held.
_FALSE_FLAGS = 0.1

Values = NDArray[Any]


def audit_volumes(settings: Settings, data: Path) -> tuple[AuditResult, str]:
    """Audit the hippocampus volumes: 24 real, 12 held out, and three sets of 12 in a generator's place.

    Returns:
        The audit, and of how many copies the right volume was found.
    """
    files = sorted((data / "volumes" / "mr_hippocampus").glob("*.nii*"))
    order = np.random.default_rng(0).permutation(len(files))
    picked = [files[place] for place in order]
    real, heldout = picked[:_N_REAL], picked[_N_REAL : _N_REAL + _N_OTHER]
    others = picked[_N_REAL + _N_OTHER : _N_REAL + 2 * _N_OTHER]
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        planted: dict[str, str] = {}

        def copy(values: Values, name: str, source: Path) -> Values:
            number, over = int(rng.integers(len(TRANSFORMS))), bool(rng.integers(2))
            planted[name] = source.name
            turned = apply_transform(values[::-1] if over else values, TRANSFORMS[number], axes=(1, 2))
            moved = np.roll(turned, rng.integers(-2, 3, 3), axis=(0, 1, 2)).astype(np.float32)
            noise = rng.normal(0, 0.02 * float(np.ptp(moved)), moved.shape)
            return (moved * rng.uniform(0.7, 1.3) + noise).astype(np.float32)

        def blur(values: Values, name: str, source: Path) -> Values:
            return np.asarray(ndimage.gaussian_filter(values.astype(np.float32), 1.5))

        def keep(values: Values, name: str, source: Path) -> Values:
            return values.astype(np.float32)

        folders = {
            "real": _write(root / "real", real, keep),
            "heldout": _write(root / "heldout", heldout, keep),
            "other patients": _write(root / "other", others, keep),
            "altered copies": _write(root / "copies", real[:_N_OTHER], copy),
            "blurred": _write(root / "blurred", others, blur),
        }
        study = Study.from_folders(
            real=folders.pop("real"), heldout=folders.pop("heldout"), synthetic=folders
        )
        protocol = Protocol(intensity=find_preset("mr"), false_flag_rate=_FALSE_FLAGS)
        result = run_audit(study, protocol, settings=settings)
    found = result.copies[
        (result.copies.synthetic == "altered copies") & (result.copies.extractor == "pixels")
    ]
    hits = sum(planted[row.synthetic_item] == row.nearest_real for row in found.itertuples())
    return result, f"{hits} of {len(found)}"


def _write(folder: Path, files: list[Path], change: Callable[[Values, str, Path], Values]) -> Path:
    folder.mkdir()
    for number, source in enumerate(files):
        image = nibabel.load(source)
        values = np.asarray(image.dataobj)
        # Axes of the file lead to the right, to the front and to the head.
        name = source.name if folder.name == "real" else f"{number:02d}.nii.gz"
        changed = change(values.transpose(2, 1, 0), name, source).transpose(2, 1, 0)
        nibabel.save(nibabel.Nifti1Image(changed, image.affine), folder / name)
    return folder
