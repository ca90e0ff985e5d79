"""Mean images of every set, class and group, and the variety numbers read from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from core.audit.result import Floor, MeanPicture, MetricRow
from core.config import Settings
from core.datasets.groups import list_groups
from core.datasets.image_set import ImageSet, Item, Role
from core.features.base import Pixels
from core.features.extraction import default_workers, load_pixels
from core.images.resizing import resize_pixels
from core.metrics.mean_image import (
    MeanImage,
    compute_mean_image_ljpeg_bytes,
    compute_mean_image_png_bytes,
)
from core.metrics.variety import compute_variety
from core.progress import Progress

__all__ = ["DEFAULT_SIDE_PX", "MeanFrame", "choose_frame", "compute_mean_images", "compute_variety_rows"]

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
        for item, pixels in _stream(image_set.items, frame, workers, settings):
            means[None].add(pixels)
            if item.label is not None:
                means[item.label].add(pixels)
            for group in means.keys() & set(item.group_names):
                means[group].add(pixels)
            progress.advance()
        for label, mean in means.items():
            pictures[image_set.name, label] = MeanPicture(mean.mean, mean.standard_deviation, mean.n)
    return pictures


def _stream(
    items: Sequence[Item], frame: MeanFrame, workers: int, settings: Settings
) -> Iterator[tuple[Item, Pixels]]:
    """Items with their framed pixels, in order, decoded a little ahead."""

    def load(item: Item) -> Pixels:
        pixels = load_pixels(item, num_channels=frame.num_channels, settings=settings)
        return resize_pixels(pixels, width=frame.width, height=frame.height)

    if workers < 1:
        yield from ((item, load(item)) for item in items)
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        coming = iter(items)
        ahead: deque[Future[Pixels]] = deque()
        try:
            for item in items:
                ahead.extend(pool.submit(load, later) for later in islice(coming, 4 * workers - len(ahead)))
                yield item, ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def compute_variety_rows(sets: Sequence[ImageSet], means: MeanImages) -> list[MetricRow]:
    """Mean-image sizes of every synthetic set, with the real set's beside them, and variety over the sets."""
    synthetic = [image_set for image_set in sets if image_set.role is Role.SYNTHETIC]
    rows = []
    for label in (None, *sets[0].classes, *list_groups(sets[0])):
        shown = [image_set for image_set in synthetic if (image_set.name, label) in means]
        if not shown or (sets[0].name, label) not in means:
            continue
        png = {s.name: compute_mean_image_png_bytes(means[s.name, label].mean) for s in (sets[0], *shown)}
        ljpeg = {s.name: compute_mean_image_ljpeg_bytes(means[s.name, label].mean) for s in (sets[0], *shown)}
        variety = compute_variety({s.name: ljpeg[s.name] for s in shown})
        n_real = means[sets[0].name, label].n
        for image_set in shown:
            n_synthetic = means[image_set.name, label].n
            for metric, sizes in (("mean_image_png_bytes", png), ("mean_image_ljpeg_bytes", ljpeg)):
                floor = Floor(kind="real", value=sizes[sets[0].name], n=n_real)
                rows.append(
                    MetricRow(
                        synthetic=image_set.name,
                        extractor=None,
                        class_name=label,
                        metric=metric,
                        value=sizes[image_set.name],
                        low=None,
                        high=None,
                        n_real=n_real,
                        n_synthetic=n_synthetic,
                        floor=floor.value,
                        floor_detail=floor,
                        note=_ONE_FILE,
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
                    n_real=n_real,
                    n_synthetic=n_synthetic,
                    note=_UNDEFINED if score is None else _RELATIVE,
                )
            )
    return rows
