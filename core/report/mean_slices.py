"""Mean volumes to look at, slice by slice: mean, spread and difference from the real one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audit.mean_volume import MeanVolume
from core.audit.result import MeanPicture
from core.images.slices import Plane, PlaneFacts, list_planes, take_slice, to_square
from core.images.volume import Volume
from core.plots.difference import choose_difference_limit, colour_difference
from core.report.embedded_png import embed_png

__all__ = [
    "MeanSlice",
    "SliceScales",
    "choose_slice_scales",
    "describe_mean_volume",
    "draw_mean_slices",
    "list_mean_planes",
    "picture_means",
    "picture_middles",
]

# Empty pixels between the three slices of a picture.
_GAP_PX = 2


@dataclass(frozen=True, slots=True)
class SliceScales:
    """One scale for every slice of every set, so that brightness means the same wherever one looks.

    Attributes:
        black: grey level shown as black.
        white: grey level shown as white.
        std_white: standard deviation in grey levels that is shown as white.
        limit: grey levels of difference at the ends of the colour scale.
        largest: largest magnitude of a difference.
    """

    black: int
    white: int
    std_white: int
    limit: float
    largest: float


@dataclass(frozen=True, slots=True)
class MeanSlice:
    """One slice of one set's mean volume, with square pixels.

    Attributes:
        name: the set.
        n: volumes averaged.
        width: columns.
        height: rows.
        mean: data URI of the mean on the grey scale.
        std: data URI of the standard deviation from black at 0; empty where it was not asked for.
        difference: data URI of the signed difference from the real mean; empty for the real set.
    """

    name: str
    n: int
    width: int
    height: int
    mean: str
    std: str
    difference: str


def describe_mean_volume(volume: MeanVolume) -> str:
    """Say how large a mean volume is, such as `36 × 50 × 35 voxels of 1 × 1 × 1 mm`."""
    voxels = " × ".join(str(side) for side in volume.mean.shape[:3])
    if volume.spacing_mm is None:
        return f"{voxels} voxels"
    return f"{voxels} voxels of {' × '.join(f'{mm:.3g}' for mm in volume.spacing_mm)} mm"


def list_mean_planes(volume: MeanVolume) -> tuple[PlaneFacts, ...]:
    """Tell what a mean volume offers along each plane: axial, coronal, sagittal."""
    return list_planes(_take_channel(volume.mean, volume, 0))


def choose_slice_scales(volumes: Mapping[str, MeanVolume], *, largest_shown: float = 1.0) -> SliceScales:
    """Choose the scales of mean volumes that are shown together.

    Args:
        volumes: set name to mean volume, `real` among them.
        largest_shown: share of the differences' voxels that the colour scale holds; the rest has its ends.
    """
    real = _mix(volumes["real"].mean)
    shares, largest = [], 0.0
    for name, one in volumes.items():
        if name != "real":
            away = np.abs(_mix(one.mean) - real)
            shares.append(np.quantile(away, [largest_shown]))
            largest = max(largest, float(away.max()))
    black = int(np.floor(min(float(one.mean.min()) for one in volumes.values())))
    white = int(np.ceil(max(float(one.mean.max()) for one in volumes.values())))
    return SliceScales(
        black,
        max(white, black + 1),
        max(1, int(np.ceil(max(float(one.std.max()) for one in volumes.values())))),
        choose_difference_limit(shares),
        largest,
    )


def draw_mean_slices(
    volumes: Mapping[str, MeanVolume],
    scales: SliceScales,
    *,
    plane: Plane,
    index: int,
    with_std: bool = False,
) -> tuple[MeanSlice, ...]:
    """Draw the same slice of every mean volume.

    Args:
        volumes: set name to mean volume, `real` among them, in the order of show.
        scales: from `choose_slice_scales`.
        plane: the plane that the slice lies in.
        index: its number, from 0.
        with_std: whether standard deviations are drawn, too.

    Raises:
        InputError: if the volumes have no such slice.
    """
    real = volumes["real"]
    real_mean = _cut(real.mean, real, plane, index)
    drawn = []
    for name, one in volumes.items():
        mean = real_mean if name == "real" else _cut(one.mean, one, plane, index)
        difference = ""
        if name != "real":
            away = (mean - real_mean).mean(axis=2)
            difference = embed_png(colour_difference(away, limit=scales.limit), palette=True)
        std = ""
        if with_std:
            std = embed_png(_cut(one.std, one, plane, index) * (255 / scales.std_white))
        height, width = mean.shape[:2]
        grey = embed_png((mean - scales.black) * (255 / (scales.white - scales.black)))
        drawn.append(MeanSlice(name, one.n, width, height, grey, std, difference))
    return tuple(drawn)


def picture_middles(volumes: Mapping[str, MeanVolume]) -> dict[str, MeanPicture]:
    """Lay the middle slices of mean volumes side by side: axial, coronal, sagittal, with square pixels.

    Args:
        volumes: set name to mean volume.

    Returns:
        Set name to a picture; what is beside the slices has the smallest value of all of them.
    """
    cut = {
        name: [
            (_cut(one.mean, one, facts.plane, middle), _cut(one.std, one, facts.plane, middle))
            for facts in list_mean_planes(one)
            for middle in (facts.n_slices // 2,)
        ]
        for name, one in volumes.items()
    }
    least = min((float(mean.min()) for slices in cut.values() for mean, _ in slices), default=0.0)
    return {
        name: MeanPicture(
            _lay_out([mean for mean, _ in slices], least),
            _lay_out([std for _, std in slices], 0.0),
            volumes[name].n,
        )
        for name, slices in cut.items()
    }


def picture_means(
    means: Mapping[str, MeanPicture | MeanVolume],
) -> dict[str, MeanPicture]:
    """Picture every mean: an image as it is, a volume by its middle slices.

    Args:
        means: set name to mean image, or to mean volume.
    """
    volumes = {name: one for name, one in means.items() if isinstance(one, MeanVolume)}
    pictures = {name: one for name, one in means.items() if isinstance(one, MeanPicture)}
    return pictures | picture_middles(volumes)


def _lay_out(slices: list[NDArray[np.float64]], fill: float) -> NDArray[np.float64]:
    """Put (h, w, channels) slices side by side, each in the middle of the height."""
    height = max(one.shape[0] for one in slices)
    width = sum(one.shape[1] for one in slices) + _GAP_PX * (len(slices) - 1)
    canvas = np.full((height, width, slices[0].shape[2]), fill)
    left = 0
    for one in slices:
        top = (height - one.shape[0]) // 2
        canvas[top : top + one.shape[0], left : left + one.shape[1]] = one
        left += one.shape[1] + _GAP_PX
    return canvas


def _mix(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mean over the channels: differences are shown without hue."""
    return np.asarray(values.mean(axis=3, dtype=np.float32))


def _cut(values: NDArray[np.floating], volume: MeanVolume, plane: Plane, index: int) -> NDArray[np.float64]:
    """One upright slice of (slices, rows, columns, channels) values as (h, w, channels)."""
    channels = [
        to_square(take_slice(_take_channel(values, volume, at), plane, index))
        for at in range(values.shape[3])
    ]
    return np.stack(channels, axis=2).astype(np.float64)


def _take_channel(values: NDArray[np.floating], volume: MeanVolume, channel: int) -> Volume:
    grey = values[..., channel].astype(np.float32, copy=False)
    return Volume(grey, volume.spacing_mm, unit="", bits=8, is_oriented=volume.is_oriented)
