"""Loads a stack of DICOM slices as one volume, in the axes of the patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.dicom.frames import Frame
from core.images.dicom.image import DicomImage, decode_dicom
from core.images.dicom.series import DicomStack
from core.images.intensity import Rendering
from core.images.loaded_volume import LoadedVolume
from core.images.volume import Volume, check_voxel_count

__all__ = ["load_stack"]


def load_stack(
    stack: DicomStack, read: Callable[[str], bytes], *, max_pixels: int, key: bytes
) -> LoadedVolume:
    """Decode the slices of a stack, one file at a time.

    Args:
        stack: from `group_stacks`.
        read: gives a file's bytes by its name, or raises ImageReadError.
        max_pixels: larger volumes are refused before anything is decoded.
        key: secret that identifiers are hashed with.

    Raises:
        ImageReadError: if the volume is too large, or a slice cannot be read or is not what it was when the
            stack was put together.
    """
    n = len(stack.slices)
    check_voxel_count(n, stack.rows, stack.columns, max_pixels=max_pixels)
    values: NDArray[Any] | None = None
    padding: NDArray[np.bool_] | None = None
    rendering, bits, notes = Rendering(), 1, dict.fromkeys(stack.warnings)
    name, image = "", None
    for index, one in enumerate(stack.slices):
        if image is None or one.name != name:
            name, image = one.name, _decode(one.name, read, max_pixels, key)
        if one.frame >= len(image.values) or image.values.shape[1:3] != (stack.rows, stack.columns):
            raise ImageReadError(f"its slice {name} changed since it was listed")
        plane = image.values[one.frame]
        values = _make_room(values, plane, n)
        if values.ndim != plane.ndim + 1:
            raise ImageReadError(f"its slice {name} changed since it was listed")
        values[index] = plane
        if image.padding is not None:
            padding = np.zeros(values.shape[:3], np.bool_) if padding is None else padding
            padding[index] = image.padding[one.frame]
        if index == n // 2:
            rendering = image.renderings[one.frame if len(image.renderings) > 1 else 0]
        bits = max(bits, image.header.layout.bits)
        notes |= dict.fromkeys(image.warnings)
    assert values is not None
    spacing = stack.spacing_mm
    if stack.place is not None:
        values, padding, spacing = _orient(values, padding, spacing, stack.place)
    is_oriented = stack.place is not None
    volume = Volume(values, spacing, stack.unit, bits, tuple(notes), is_oriented)
    return LoadedVolume(volume, padding, rendering, (stack.identity.patient or "") if key else "")


def _decode(name: str, read: Callable[[str], bytes], max_pixels: int, key: bytes) -> DicomImage:
    try:
        return decode_dicom(read(name), max_pixels=max_pixels, key=key)
    except ImageReadError as error:
        if not name:  # the only file
            raise
        raise ImageReadError(f"its slice {name} cannot be read: {error}") from None


def _make_room(values: NDArray[Any] | None, plane: NDArray[Any], n: int) -> NDArray[Any]:
    """Room for all slices, of a type that holds those so far and this one."""
    if values is None:
        return np.empty((n, *plane.shape), plane.dtype)
    common = np.result_type(values.dtype, plane.dtype)
    if common == np.float64:  # 32-bit whole numbers beside real ones
        common = np.dtype(np.float32)
    return values.astype(common, copy=False)


def _orient(
    values: NDArray[Any],
    padding: NDArray[np.bool_] | None,
    spacing: tuple[float, float, float] | None,
    place: Frame,
) -> tuple[NDArray[Any], NDArray[np.bool_] | None, tuple[float, float, float] | None]:
    """Swap and turn axes, so that they run to the head, to the back and to the left as nearly as they can."""
    assert place.normal is not None
    assert place.column is not None
    assert place.row is not None
    # Where each axis of the array leads, in DICOM's patient axes: left, back, head (PS3.3, C.7.6.2.1.1).
    ways = np.array([place.normal, place.column, place.row])
    taken: list[int] = []
    for patient_axis in (2, 1, 0):
        strength = np.abs(ways[:, patient_axis])
        strength[taken] = -1
        taken.append(int(strength.argmax()))
    turned = [ways[axis, patient_axis] < 0 for axis, patient_axis in zip(taken, (2, 1, 0), strict=True)]
    flip = tuple(slice(None, None, -1 if back else 1) for back in turned)

    def arrange(array: NDArray[Any]) -> NDArray[Any]:
        order = (*taken, 3) if array.ndim == 4 else taken
        return np.ascontiguousarray(array.transpose(order)[flip])

    spaced = None if spacing is None else (spacing[taken[0]], spacing[taken[1]], spacing[taken[2]])
    return arrange(values), None if padding is None else arrange(padding), spaced
