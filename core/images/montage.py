"""Montages of volumes: which slices, on which scale, side by side in one picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.intensity import apply_intensity
from core.images.loaded_volume import LoadedVolume
from core.images.montage_options import MontageOptions
from core.images.otsu import compute_otsu_threshold
from core.images.resizing import resize_pixels
from core.images.slices import Plane, PlaneSlice, list_planes, take_slice

__all__ = ["Montage", "choose_slices", "compose_montage", "find_body", "make_montages"]

# Of a slice's pixels, so many are tissue: less is the tip of the head or the table under the feet.
_LEAST_TISSUE: Final = 0.05
# Pixels a slice that are looked at for tissue.
_LOOKED_AT: Final = 65_536
_AXES: Final = {Plane.AXIAL: 0, Plane.CORONAL: 1, Plane.SAGITTAL: 2}


@dataclass(frozen=True, slots=True, eq=False)
class Montage:
    """One montage.

    Attributes:
        slices: numbers of its slices in their plane, from 0, row by row.
        pixels: (size, size) or (size, size, 3) uint8.
    """

    slices: tuple[int, ...]
    pixels: NDArray[np.uint8] = field(repr=False)


def choose_slices(first: int, last: int, *, slices: int, per_volume: int) -> list[tuple[int, ...]]:
    """Spread the slices of a body over montages, so that every montage shows the whole body.

    Of the n slices from `first` to `last`, m = min(per_volume, n // slices) montages are made. Montage i of
    them (from 0) holds in its place s the slice `first` + floor((s m + i + 1/2) n / (m `slices`)): the places
    of a montage are evenly spread, those of neighbouring montages lie next to each other, and no slice is in
    two montages.

    Args:
        first: first slice of the body.
        last: last slice of it.
        slices: slices a montage.
        per_volume: most montages.

    Returns:
        Slices of each montage, ascending; empty where the body has fewer than `slices`.
    """
    n = last - first + 1
    m = min(per_volume, n // slices)
    # In whole numbers, since halves would be rounded differently by different machines.
    return [
        tuple(first + (2 * (s * m + i) + 1) * n // (2 * m * slices) for s in range(slices)) for i in range(m)
    ]


def find_body(picture: NDArray[np.uint8], plane: Plane) -> tuple[int, int] | None:
    """Find the slices that hold tissue.

    A pixel is tissue if it is brighter than Otsu's threshold over the volume; the body reaches from the first
    to the last slice of which more than 5 % of the pixels are.

    Args:
        picture: (slices, rows, columns) or (slices, rows, columns, 3) uint8.
        plane: plane of the slices.

    Returns:
        First and last slice as `core.images.slices.take_slice` counts them, or None where there is none.
    """
    grey = picture if picture.ndim == 3 else picture.max(axis=3)
    stacked = np.moveaxis(grey, _AXES[plane], 0)
    step = max(1, round((stacked[0].size / _LOOKED_AT) ** 0.5))
    looked_at = stacked[:, step // 2 :: step, step // 2 :: step]
    if looked_at.size == 0:
        looked_at = stacked
    tissue = looked_at > compute_otsu_threshold(looked_at)
    holding = np.flatnonzero(tissue.mean(axis=(1, 2)) > _LEAST_TISSUE)
    return (int(holding[0]), int(holding[-1])) if holding.size else None


def make_montages(loaded: LoadedVolume, options: MontageOptions) -> list[Montage]:
    """Make the montages of one volume.

    The policy decides black and white once for the whole volume. Slices keep their physical shape: pixels
    that are not square are made so, and each slice is brought to fit its place, in the middle, on black.
    The order is by slice number, left to right and top to bottom: axial slices from the feet to the head.

    Args:
        loaded: the volume.
        options: how many slices and montages, their size, plane and intensity. Colour stays as it is.

    Raises:
        ImageReadError: if the volume is too thin, holds no tissue, or `asis` was asked of deeper values.
    """
    volume = loaded.volume
    if volume.is_colour:
        picture = volume.values
    else:
        picture = apply_intensity(
            volume.values, options.intensity, rendering=loaded.rendering, padding=loaded.padding
        )
        if picture.dtype != np.uint8:
            raise ImageReadError("its values have more than 8 bits; choose an --intensity other than asis")
    body = find_body(picture, options.plane)
    if body is None:
        raise ImageReadError("no slice of it holds tissue at this intensity")
    chosen = choose_slices(*body, slices=options.slices, per_volume=options.per_volume)
    if not chosen:
        n, n_slices = body[1] - body[0] + 1, list_planes(volume)[_AXES[options.plane]].n_slices
        raise ImageReadError(
            f"{n} of its {n_slices} {options.plane} slices hold tissue, and a montage takes {options.slices}"
        )
    shown = replace(volume, values=picture)
    return [compose_montage([take_slice(shown, options.plane, at) for at in one], options) for one in chosen]


def compose_montage(taken: list[PlaneSlice], options: MontageOptions) -> Montage:
    """Put 8-bit slices side by side, each in the middle of its place, on black.

    Args:
        taken: as many slices as the options say, 8-bit grey or colour.
        options: size and number of places.
    """
    cell, side = options.cell_px, options.side
    canvas = np.zeros((options.size, options.size, *taken[0].pixels.shape[2:]), np.uint8)
    for place, one in enumerate(taken):
        fitted = _fit(one, cell)
        top = place // side * cell + (cell - fitted.shape[0]) // 2
        left = place % side * cell + (cell - fitted.shape[1]) // 2
        canvas[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return Montage(tuple(one.index for one in taken), canvas)


def _fit(one: PlaneSlice, cell: int) -> NDArray[np.uint8]:
    """Bring a slice to fit a square of `cell` pixels, its physical shape kept."""
    height, width = one.pixels.shape[0] * one.aspect, float(one.pixels.shape[1])
    scale = cell / max(height, width)
    size = {"height": max(1, round(height * scale)), "width": max(1, round(width * scale))}
    pixels: NDArray[Any] = one.pixels if one.pixels.ndim == 3 else one.pixels[..., np.newaxis]
    resized = resize_pixels(pixels.astype(np.float32), **size)
    rounded = np.rint(np.clip(resized, 0, 255)).astype(np.uint8)
    return rounded if one.pixels.ndim == 3 else rounded[..., 0]
