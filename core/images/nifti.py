"""NIfTI-1 and NIfTI-2 files, plain or gzip, as volumes that lie as radiologists look at them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.nifti_header import NiftiLayout, is_nifti, read_header, read_layout
from core.images.orientation import find_orientation, orient_array
from core.images.unpacking import ByteSource
from core.images.volume import Volume, check_voxel_count, fit_values

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

__all__ = ["decode_nifti", "is_nifti"]

# nifti1.h, "xyzt_units": metres, millimetres, micrometres.
_MM_PER_UNIT: Final = {1: 1000.0, 2: 1.0, 3: 0.001}
_MAX_TILT_DEG: Final = 3.0


def decode_nifti(
    data: bytes, *, max_pixels: int, volume: int | None = None, image: bytes | None = None
) -> Volume:
    """Decode one NIfTI file held in memory.

    Slices are axial where the header says how the scan lies in the body: from the feet to the head, rows from
    front to back, columns from the patient's right to the left, each by the nearest of the scan's own axes;
    nothing is resampled. Values are rescaled by the header's slope and intercept. NaN, which tools write
    outside of a mask, becomes the smallest value. Distances without a unit are millimetres, as most tools
    leave them. Header extensions and texts are never looked at.

    Args:
        data: the file's bytes (`.nii`, `.nii.gz`, or the `.hdr` of a pair).
        max_pixels: a volume of more voxels is refused before anything is unpacked or allocated; of a file
            with several, those before the chosen one count too.
        volume: which volume of a 4-D file, from 0.
        image: bytes of the `.img` that belongs to a `.hdr`.

    Returns:
        The volume; `bits` are those of the stored type, the unit is not known to the format.

    Raises:
        ImageReadError: with the reason, if it is not NIfTI, is damaged or too large, holds several volumes
            and none was chosen, or holds what is no picture.
    """
    try:
        return _decode(data, max_pixels, volume, image)
    except ImageReadError:
        raise
    except MemoryError:
        raise ImageReadError("it does not fit into memory") from None
    # A damaged header may send nibabel and numpy into nearly any error; what they quote is not repeated.
    except Exception:
        raise ImageReadError("its NIfTI header is damaged") from None


def _decode(data: bytes, max_pixels: int, volume: int | None, image: bytes | None) -> Volume:
    source = ByteSource(data)
    header, is_single = read_header(source)
    if not is_single and image is None:
        raise ImageReadError("its voxels are in a separate .img file; save both as one .nii file")
    layout = read_layout(header, is_single=is_single)
    index = _choose_volume(layout, volume)
    check_voxel_count(*layout.shape[::-1], max_pixels=max_pixels)
    if (index + 1) * math.prod(layout.shape) > max_pixels:
        raise ImageReadError(
            f"its volumes up to {index} hold more than {max_pixels:,} voxels (MEDSYN_MAX_PIXELS); save the "
            "volume as a file of its own"
        )
    if is_single:
        start = layout.offset - int(header.sizeof_hdr)
    else:
        assert image is not None
        source, start = ByteSource(image), layout.offset
    values = _read_values(source, start + index * layout.volume_bytes, layout)

    warnings: list[str] = []
    if layout.samples > 1:
        values = values[..., :3]
        if layout.samples == 4:
            warnings.append("Transparency is ignored.")
    else:
        values, notes = _rescale(values, header)
        warnings += notes
    values, spacing, is_oriented, notes = _orient(values, header)
    warnings += notes
    return Volume(
        np.ascontiguousarray(values),
        spacing,
        unit="",
        bits=8 * layout.dtype.itemsize,
        warnings=tuple(warnings),
        is_oriented=is_oriented,
    )


def _choose_volume(layout: NiftiLayout, volume: int | None) -> int:
    if volume is None and layout.n_volumes > 1:
        raise ImageReadError(
            f"it holds {layout.n_volumes} volumes (4-D); choose one, or save one volume a file"
        )
    index = volume or 0
    if not 0 <= index < layout.n_volumes:
        raise ImageReadError(f"it holds {layout.n_volumes} volumes, counted from 0; there is no {index}")
    return index


def _read_values(source: ByteSource, start: int, layout: NiftiLayout) -> NDArray[Any]:
    """Read one volume as (i, j, k) or (i, j, k, samples), in the order of the file's axes."""
    left = source.count_left()
    if left is not None and left < start + layout.volume_bytes:
        raise ImageReadError("it is cut off: its header announces more voxels than the file holds")
    packed = source.read(layout.volume_bytes) if source.skip(start) else b""
    if len(packed) < layout.volume_bytes:
        raise ImageReadError("it is cut off: its header announces more voxels than the file holds")
    if source.is_packed:
        # What follows is not needed, but where the stream ends here, its checksum is.
        source.skip(1)
    values = np.frombuffer(packed, layout.dtype)
    # The first index runs fastest; the samples of a voxel lie beside each other.
    return values.reshape((*layout.shape[::-1], layout.samples)).transpose(2, 1, 0, 3)[
        ..., slice(None) if layout.samples > 1 else 0
    ]


def _rescale(values: NDArray[Any], header: Nifti1Header) -> tuple[NDArray[Any], list[str]]:
    """Apply slope and intercept (nifti1.h: a slope of 0 means none), and bring values to a volume's types."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not math.isfinite(slope) or (slope, intercept) == (1.0, 0.0):
        slope, intercept = 1.0, 0.0
    elif not math.isfinite(intercept):
        raise ImageReadError("its NIfTI header is damaged (intercept of its values)")
    elif (
        values.dtype.kind in "iu"
        and values.dtype.itemsize <= 4
        and slope.is_integer()
        and intercept.is_integer()
    ):
        # Whole numbers stay whole, as Hounsfield units stored with an intercept of -1024.
        ends = [int(end) * int(slope) + int(intercept) for end in (values.min(), values.max())]
        for kind in (np.int16, np.int32):
            if np.iinfo(kind).min <= min(ends) and max(ends) <= np.iinfo(kind).max:
                whole = np.empty(values.shape, kind)
                for k in range(values.shape[2]):  # by slices: the wide numbers in between take much memory
                    whole[..., k] = values[..., k].astype(np.int64) * int(slope) + int(intercept)
                return whole, []
    if (slope, intercept) == (1.0, 0.0) and values.dtype.kind in "iu":
        fitted, notes = fit_values(values)
        return fitted, list(notes)
    return _rescale_real(values, slope, intercept)


def _rescale_real(values: NDArray[Any], slope: float, intercept: float) -> tuple[NDArray[Any], list[str]]:
    scaled = np.empty(values.shape, np.float32)
    with np.errstate(all="ignore"):
        for k in range(values.shape[2]):
            scaled[..., k] = values[..., k].astype(np.float64) * slope + intercept
    if np.isinf(scaled).any():
        raise ImageReadError("it holds infinite numbers, or numbers too large for 32 bits")
    missing = np.isnan(scaled)
    n_missing = int(missing.sum())
    if n_missing == 0:
        return scaled, []
    if n_missing == scaled.size:
        raise ImageReadError("none of its voxels is a number (NaN)")
    scaled[missing] = scaled[~missing].min()
    return scaled, [
        f"{n_missing:,} of {scaled.size:,} voxels are not numbers (NaN) and take the smallest value."
    ]


def _orient(
    values: NDArray[Any], header: Nifti1Header
) -> tuple[NDArray[Any], tuple[float, float, float] | None, bool, list[str]]:
    """Turn the array, and tell spacing, whether its planes are known, and warnings."""
    is_known = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    orientation = None
    # The second is made of the voxels' sides alone, in Analyze's order.
    for place in (header.get_best_affine, header.get_base_affine):
        # nibabel refuses quaternions and sizes that no scan has, by various errors.
        with suppress(Exception):
            orientation = find_orientation(place())  # type: ignore[no-untyped-call]
        if orientation:
            break
        is_known = False
    warnings = []
    if not is_known:
        warnings.append("Its header does not tell how the scan lies in the body: left and right are a guess.")
    elif orientation and orientation.tilt_deg > _MAX_TILT_DEG:
        warnings.append(
            f"The scan is oblique by {orientation.tilt_deg:.0f}°; slices are the scan's own, not the body's."
        )
    if orientation is None:
        warnings.append("Its header tells no usable distances between voxels.")
        # Analyze's order, which files without orientation mostly follow.
        return values.swapaxes(0, 2)[:, ::-1], None, False, warnings
    scale = _MM_PER_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)
    slices, rows, columns = (mm * scale for mm in orientation.spacing_mm)
    return orient_array(values, orientation), (slices, rows, columns), is_known, warnings
