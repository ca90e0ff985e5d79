"""Mean images of every set, class and group, and the variety numbers read from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audit.mean_volume import MeanVolume
from core.audit.result import Floor, MeanPicture, MetricRow
from core.config import Settings
from core.datasets.groups import list_groups
from core.datasets.image_set import ImageSet, Item, Role
from core.features.base import Pixels
from core.features.decode_ahead import decode_ahead, default_workers, open_pool
from core.features.extraction import load_pixels
from core.images.resizing import resize_pixels
from core.images.slice_sheet import lay_out_slices
from core.metrics.mean_image import (
    MeanImage,
    compute_mean_image_ljpeg_bytes,
    compute_mean_image_png_bytes,
)
from core.metrics.variety import compute_variety
from core.progress import Progress

__all__ = [
    "DEFAULT_SIDE_PX",
    "MeanFrame",
    "choose_frame",
    "compute_mean_images",
    "compute_variety_rows",
    "picture_mean",
]

DEFAULT_SIDE_PX = 256
"""Side of mean images when the sets' own sizes differ and the protocol names no resolution."""

_ONE_FILE = "One file size of one mean image; it has no sampling interval of its own."
_RELATIVE = "A rank among the compared sets; it has no sampling interval of its own."
_UNDEFINED = "Variety ranks sets against each other: it needs two or more of different mean-image sizes."

MeanImages = dict[tuple[str, str | None], MeanPicture]


@dataclass(frozen=True, slots=True)
class MeanFrame:
    """The common frame that makes mean images of a study comparable.

    Attributes:
        width: columns in pixels.
        height: rows in pixels.
        num_channels: 1 when every image of every set is grey, else 3.
    """

    width: int
    height: int
    num_channels: int


def choose_frame(sets: Sequence[ImageSet], *, resolution: int | None, num_channels: int | None) -> MeanFrame:
    """Take the images' own size where all have one, else the protocol's resolution.

    Args:
        sets: every set of the study.
        resolution: the protocol's resolution in pixels, or None.
        num_channels: the protocol's channels, or None.
    """
    facts = [item.facts for image_set in sets for item in image_set.items]
    sizes = {(fact.width, fact.height) for fact in facts}
    side = resolution or DEFAULT_SIDE_PX
    width, height = next(iter(sizes)) if len(sizes) == 1 else (side, side)
    return MeanFrame(width, height, num_channels or max(fact.channels for fact in facts))


def compute_mean_images(
    sets: Sequence[ImageSet],
    *,
    frame: MeanFrame,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> MeanImages:
    """Average every set, whole, per class and per group, in one pass over its images.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    pictures: MeanImages = {}
    workers = default_workers() if workers is None else workers
    progress.start("Averaging images", sum(len(image_set) for image_set in sets))
    for image_set in sets:
        means: dict[str | None, MeanImage] = {None: MeanImage()}
        means |= {label: MeanImage() for label in (*image_set.classes, *list_groups(image_set))}

        def load(item: Item) -> Pixels:
            pixels = load_pixels(item, num_channels=frame.num_channels, settings=settings)
            return resize_pixels(pixels, width=frame.width, height=frame.height)

        with open_pool(workers) as pool:
            for item, pixels in decode_ahead(image_set.items, load, pool=pool, most=4 * workers):
                means[None].add(pixels)
                if item.label is not None:
                    means[item.label].add(pixels)
                for group in means.keys() & set(item.group_names):
                    means[group].add(pixels)
                progress.advance()
        for label, mean in means.items():
            pictures[image_set.name, label] = MeanPicture(mean.mean, mean.standard_deviation, mean.n)
    return pictures


def picture_mean(mean: MeanPicture | MeanVolume) -> NDArray[np.float64]:
    """Return the picture whose file is measured: the mean image, or all axial slices of a mean volume.

    Returns:
        (h, w, channels) on the scale 0 to 255; see `core.images.slice_sheet` for that of a volume.
    """
    if isinstance(mean, MeanVolume):
        return lay_out_slices(mean.mean).astype(np.float64)
    return mean.mean


def compute_variety_rows(
    sets: Sequence[ImageSet], means: Mapping[tuple[str, str | None], MeanPicture | MeanVolume]
) -> list[MetricRow]:
    """Mean-image sizes of every synthetic set, with the real set's beside them, and variety over the sets.

    Args:
        sets: the study's sets, the real one first.
        means: (set name, class, group or None) to mean image or mean volume.
    """
    synthetic = [image_set for image_set in sets if image_set.role is Role.SYNTHETIC]
    rows = []
    for label in (None, *sets[0].classes, *list_groups(sets[0])):
        shown = [image_set for image_set in synthetic if (image_set.name, label) in means]
        real = means.get((sets[0].name, label))
        if not shown or real is None:
            continue
        pictures = {s.name: picture_mean(means[s.name, label]) for s in (sets[0], *shown)}
        png = {name: compute_mean_image_png_bytes(picture) for name, picture in pictures.items()}
        ljpeg = {name: compute_mean_image_ljpeg_bytes(picture) for name, picture in pictures.items()}
        variety = compute_variety({s.name: ljpeg[s.name] for s in shown})
        one_file = _describe_sheet(real) if isinstance(real, MeanVolume) else _ONE_FILE
        for image_set in shown:
            n_synthetic = means[image_set.name, label].n
            for metric, sizes in (("mean_image_png_bytes", png), ("mean_image_ljpeg_bytes", ljpeg)):
                floor = Floor(kind="real", value=sizes[sets[0].name], n=real.n)
                rows.append(
                    MetricRow(
                        synthetic=image_set.name,
                        extractor=None,
                        class_name=label,
                        metric=metric,
                        value=sizes[image_set.name],
                        low=None,
                        high=None,
                        n_real=real.n,
                        n_synthetic=n_synthetic,
                        floor=floor.value,
                        floor_detail=floor,
                        note=one_file,
                    )
                )
            score = variety[image_set.name]
            rows.append(
                MetricRow(
                    synthetic=image_set.name,
                    extractor=None,
                    class_name=label,
                    metric="variety",
                    value=score,
                    low=None,
                    high=None,
                    n_real=real.n,
                    n_synthetic=n_synthetic,
                    note=_UNDEFINED if score is None else _RELATIVE,
                )
            )
    return rows


def _describe_sheet(mean: MeanVolume) -> str:
    slices, rows, columns = mean.mean.shape[:3]
    return (
        f"The file holds all {slices} axial slices of the mean volume ({slices} x {rows} x {columns} voxels) "
        "side by side. It is one file size of one mean volume, and has no sampling interval of its own."
    )
