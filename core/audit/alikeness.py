"""MS-SSIM of every set, class and group: how alike its images are, with the real ones' beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.audit.mean_images import MeanFrame
from core.audit.metric_row import make_metric_row
from core.audit.result import Floor, MetricRow
from core.audit.volume_frame import VolumeFrame, choose_workers, load_framed
from core.config import Settings
from core.datasets.groups import list_groups
from core.datasets.image_set import ImageSet, Item, Role
from core.errors import InputError
from core.features.extraction import default_workers, load_pixels
from core.images.montage import choose_slices
from core.images.resizing import resize_pixels
from core.metrics.estimate import Estimate
from core.metrics.ms_ssim import Ring, compute_ms_ssim_by_class, decide_n_scales, draw_rings
from core.progress import Progress

__all__ = ["LARGEST_SIDE_PX", "choose_pair_count", "compute_alikeness_rows"]

LARGEST_SIDE_PX: Final = 256
"""Images are compared at the size of the mean images, or in its shape with this as the larger side: all five
scales fit, and the time does not grow with the resolution."""

# They cost less than a tenth of an audit; more would hardly narrow the interval, which the images' own spread
# decides.
_PAIRS_A_SET, _PAIRS_A_CLASS, _MOST_PAIRS = 300, 50, 1000

# Evenly spread axial slices that stand for a volume: all of them would say little more and cost much.
_MOST_SLICES: Final = 16

_ACROSS = "Its images have no classes, so that pairs are of any two images, unlike those of the real set."


def choose_pair_count(n_classes: int) -> int:
    """Choose how many pairs of a set to compare."""
    return min(max(_PAIRS_A_SET, _PAIRS_A_CLASS * n_classes), _MOST_PAIRS)


class _PictureView:
    """Images at the size of the mean images, or in its shape with a larger side of `LARGEST_SIDE_PX`."""

    note = ""

    def __init__(self, frame: MeanFrame) -> None:
        scale = min(LARGEST_SIDE_PX / max(frame.width, frame.height), 1.0)
        self.width = max(round(frame.width * scale), 1)
        self.height = max(round(frame.height * scale), 1)

    def load(self, item: Item, settings: Settings) -> NDArray[np.float32]:
        """Read (h, w) pixels."""
        pixels = load_pixels(item, num_channels=1, settings=settings)
        return resize_pixels(pixels, width=self.width, height=self.height)[..., 0]

    def choose_workers(self, items: Sequence[Item], workers: int) -> int:
        """All of them."""
        return workers


class _SliceView:
    """Volumes by axial slices at the same places, at the size of the mean volumes."""

    def __init__(self, frame: VolumeFrame) -> None:
        self._frame = replace(frame, num_channels=1)
        n_slices, self.height, self.width = frame.shape
        (places,) = choose_slices(0, n_slices - 1, slices=min(n_slices, _MOST_SLICES), per_volume=1)
        self._places = list(places)
        of = " x ".join(map(str, frame.shape))
        self.note = (
            f"Each pair is compared slice by slice: {len(self._places)} axial slices, evenly spread over "
            f"volumes brought to {of} voxels."
        )

    def load(self, item: Item, settings: Settings) -> NDArray[np.float32]:
        """Read (slices, h, w) pixels."""
        return load_framed(item, self._frame, settings).levels[self._places, :, :, 0]

    def choose_workers(self, items: Sequence[Item], workers: int) -> int:
        """As many as fit into memory."""
        return choose_workers(items, workers)


@dataclass(frozen=True, slots=True)
class _Part:
    """A whole set, or a group of it: which of its items, and the pairs among them."""

    image_set: ImageSet
    group: str | None
    items: tuple[Item, ...]
    rings: tuple[Ring, ...]


def compute_alikeness_rows(
    sets: Sequence[ImageSet],
    *,
    frame: MeanFrame | VolumeFrame,
    seed: int,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> tuple[list[MetricRow], list[str]]:
    """Compare random pairs of images within each set and class, and of one class within each group.

    Volumes are brought to the frame of the mean volumes, and a pair's value is the mean over axial slices at
    the same places of both, at most 16 that are evenly spread.

    Args:
        sets: the study's sets, the real one first; held-out images are not asked.
        frame: the size at which mean images or mean volumes are taken.
        seed: seeds the pairs.
        workers: threads; None takes one a core.
        settings: limits.
        progress: told about every image.

    Returns:
        Rows `ms_ssim` of each synthetic set and of each class and group of the real set, and one sentence
        for each set that was left out.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    view = _SliceView(frame) if isinstance(frame, VolumeFrame) else _PictureView(frame)
    try:
        decide_n_scales(view.height, view.width)
    except InputError as error:
        return [], [f"ms_ssim left out: {error}"]
    asked = [one for one in sets if one.role is not Role.HELDOUT]
    groups = list_groups(asked[0])
    parts = [part for one in asked for part in _draw_parts(one, groups, seed)]
    progress.start("Comparing images within sets", sum(len(ring.images) for p in parts for ring in p.rings))
    found: dict[str, dict[str | None, Estimate]] = {one.name: {} for one in asked}
    for part in parts:

        def load(place: int, items: tuple[Item, ...] = part.items) -> NDArray[np.float32]:
            return view.load(items[place], settings)

        estimates = compute_ms_ssim_by_class(
            part.rings,
            n=len(part.items),
            load=load,
            data_range=255,
            workers=view.choose_workers(part.items, default_workers() if workers is None else workers),
            advance=progress.advance,
        )
        if part.group is None:
            found[part.image_set.name] |= estimates
        elif None in estimates:
            found[part.image_set.name][part.group] = estimates[None]
    real = found[asked[0].name]
    rows = [
        _row(image_set, label, found[image_set.name][label], real.get(label), asked[0], view.note)
        for label in (None, *asked[0].classes, *groups)
        for image_set in asked[1:]
        if label in found[image_set.name]
    ]
    warnings = [
        f"ms_ssim left out for {one.name!r}: no two of its images are of one class."
        for one in asked[1:]
        if not found[one.name]
    ]
    return rows, warnings


def _draw_parts(image_set: ImageSet, groups: Sequence[str], seed: int) -> list[_Part]:
    """Draw the pairs of a whole set, then those of each group."""
    own = set(list_groups(image_set))
    parts: list[_Part] = []
    for group in (None, *(name for name in groups if name in own)):
        items = tuple(one for one in image_set.items if group is None or group in one.group_names)
        labels = [item.label for item in items]
        n_pairs = choose_pair_count(len(set(labels) - {None}))
        parts.append(_Part(image_set, group, items, draw_rings(labels, n_pairs=n_pairs, seed=seed)))
    return parts


def _row(
    image_set: ImageSet,
    label: str | None,
    estimate: Estimate,
    real: Estimate | None,
    real_set: ImageSet,
    note: str,
) -> MetricRow:
    floor = None
    if real is not None:
        floor = Floor(kind="real", value=real.value, low=real.low, high=real.high, n=real.n_synthetic)
    across = _ACROSS if real_set.classes and not image_set.classes else ""
    notes = " ".join(filter(None, (note, across)))
    return make_metric_row("ms_ssim", image_set.name, None, estimate, floor, notes, label)
