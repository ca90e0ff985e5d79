"""Mean volumes to take along, as NIfTI files that every viewer of volumes opens."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.audit.mean_volume import MeanVolume
from core.metrics.mean_image import quantise_mean_image

__all__ = ["encode_nifti", "pack_mean_volumes"]

_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def pack_mean_volumes(volumes: Mapping[str, MeanVolume], *, class_name: str | None) -> bytes:
    """Pack the mean volumes of one class, or of the whole sets.

    Args:
        volumes: set name to mean volume, `real` among them.
        class_name: the class they are of, or None.

    Returns:
        A zip: for each set `NN-mean.nii.gz`, `NN-standard-deviation.nii.gz` and, but for the real set,
        `NN-difference.nii.gz`, and `index.json`, which says which number is which set. Grey levels from 0
        to 255, as 32-bit numbers; means of colour as 8-bit RGB, their spread and difference as means over
        the channels.
    """
    index = {
        "class": class_name,
        "unit": "grey levels of 255",
        "difference": "mean volume minus real mean volume",
        "sets": [
            {
                "number": place,
                "name": name,
                "n": one.n,
                "voxels": list(one.mean.shape[:3]),
                "spacing_mm": one.spacing_mm,
                "axes": "from the feet, from the front, from the patient's right"
                if one.is_oriented
                else "as in the files",
            }
            for place, (name, one) in enumerate(volumes.items())
        ],
    }
    packed = io.BytesIO()
    real = volumes["real"]
    # Stored, not deflated: the files are packed already.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.json", json.dumps(index, indent=2))
        for place, (name, one) in enumerate(volumes.items()):
            parts = {"mean": one.mean, "standard-deviation": _mix(one.std)}
            if name != "real":
                parts["difference"] = _mix(one.mean) - _mix(real.mean)
            for what, values in parts.items():
                archive.writestr(f"{place:02}-{what}.nii.gz", encode_nifti(values, one))
    return packed.getvalue()


def encode_nifti(values: NDArray[Any], volume: MeanVolume) -> bytes:
    """Write values of a mean volume's shape as `.nii.gz`.

    Args:
        values: (slices, rows, columns, channels), of 1 or 3 channels.
        volume: says spacing and orientation; without spacing, voxels are written as 1 mm.
    """
    import nibabel

    if values.shape[3] == 3:
        voxels = quantise_mean_image(values).view(_RGB)[..., 0]
    else:
        voxels = values[..., 0].astype(np.float32)
    across_first = voxels.T
    between, down, across = volume.spacing_mm or (1.0, 1.0, 1.0)
    # NIfTI's axes run to the patient's right, front and head; columns, rows and slices of a volume to the
    # left, the back and the head.
    affine = np.diag([-across, -down, between, 1.0])
    if not volume.is_oriented:
        # What programs take for granted where a file does not tell has its rows the other way round.
        across_first, affine = across_first[:, ::-1], np.diag([-across, down, between, 1.0])
    image = nibabel.Nifti1Image(across_first, affine)  # type: ignore[no-untyped-call]
    units = "mm" if volume.spacing_mm else "unknown"
    image.header.set_xyzt_units(units)  # type: ignore[no-untyped-call]
    if not volume.is_oriented:
        image.set_sform(None, code=0)  # type: ignore[no-untyped-call]
        image.set_qform(None, code=0)  # type: ignore[no-untyped-call]
    return gzip.compress(image.to_bytes(), compresslevel=1, mtime=0)


def _mix(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(values.mean(axis=3, keepdims=True, dtype=np.float32))
