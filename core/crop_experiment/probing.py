"""Whether a crop took out what told the class: probes of the cropped places, and of the whole images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias.box import Box
from core.bias.crop import Crop
from core.bias.frame import FramedSet, choose_classes, choose_items, frame_set, stream_pixels
from core.bias.patch_probe import ProbeOptions, compute_patch_probe
from core.bias.patches import PatchGrid
from core.bias.suspects import find_suspects
from core.config import Settings
from core.crop_experiment.places import Place, cut_place, list_places, restore_box
from core.crop_experiment.request import WIDENED_BY, Region
from core.crop_experiment.result import ProbeArea, ProbeRecord, SuspectLeft
from core.datasets.image_set import ImageSet, Item
from core.errors import TooFewImagesError
from core.images.resizing import resize_pixels
from core.progress import Progress

__all__ = ["MAX_PER_CLASS", "find_strongest", "probe_places"]

# A place is stretched to one square that a probe sees whole.
_SIDE_PX = 64
_WHOLE = PatchGrid(side_px=_SIDE_PX, patch_px=_SIDE_PX, stride_px=_SIDE_PX)
# Least difference of grey levels (0 to 255) between images that counts: above rounding.
_VISIBLE = 0.5
MAX_PER_CLASS: Final = 1000
"""Images of a class and set that are probed; of more, a random part."""


def probe_places(
    before: ImageSet,
    after: ImageSet,
    crop: Crop,
    classes: tuple[str, ...],
    *,
    seed: int,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> tuple[ProbeRecord, ...]:
    """Measure what each cropped place alone tells of the class, before and after the crop.

    Args:
        before: a set.
        after: its cropped twin.
        crop: what was taken out.
        classes: what is told apart.
        seed: seeds folds, shuffled labels, and the choice of images of large classes.
        workers: decoding threads; None takes one a core.
        settings: limits of reading.
        progress: told of every image.

    Raises:
        ImageSetError: if a file changed since it was read.
        CancelledError: if progress says so.
    """
    places = list_places(crop)
    items, twins = _choose(before, after, classes, seed)
    first = _cut(before.name, items, [one.before for one in places], workers, settings, progress)
    left: list[Place] = [one for one in places if one.after is not None]
    later = _cut(after.name, twins, [one.after for one in left if one.after], workers, settings, progress)
    groups = _number_patients(items)
    pixels_after = dict(zip((one.name for one in left), later, strict=True))
    records = []
    for place, pixels in zip(places, first, strict=True):
        area, note = _probe(before, items, groups, classes, pixels, seed)
        remaining, uniform = None, None
        if (kept := pixels_after.get(place.name)) is not None:
            remaining, _ = _probe(after, twins, groups, classes, kept, seed)
            uniform = bool(len(kept) == 0 or np.ptp(kept, axis=0).max() < _VISIBLE)
        records.append(
            ProbeRecord(
                set=before.name,
                place=place.name,
                box=_edges(place.before),
                n=len(items),
                before=area,
                after=remaining,
                is_uniform=uniform,
                note=note,
            )
        )
    return tuple(records)


def find_strongest(
    before: ImageSet,
    after: ImageSet,
    crop: Crop,
    *,
    options: ProbeOptions,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> tuple[SuspectLeft, ...]:
    """Find the real set's most suspect region before and after a crop, as far as there is any.

    Args:
        before: the real set.
        after: its cropped twin.
        crop: what was taken out.
        options: of the probe.
        workers: decoding threads.
        settings: limits of reading.
        progress: told of every position.

    Raises:
        TooFewImagesError: if there are too few patients of a class.
        ImageSetError: if there are fewer than two classes, or a file changed since it was read.
        CancelledError: if progress says so.
    """
    found = []
    cropped = [_widen(place.before) for place in list_places(crop)]
    seed = options.seed
    for when, image_set in (("before", before), ("after", after)):
        classes = choose_classes(image_set)
        items, twins = _choose(before, after, classes, seed)
        progress.start(f"Reading {image_set.name}", len(items))
        framed = frame_set(
            image_set,
            items if when == "before" else twins,
            classes,
            side_px=options.grid.side_px,
            workers=workers,
            settings=settings,
            progress=progress,
        )
        suspects = find_suspects(compute_patch_probe(framed, options, progress=progress), options.grid)
        for one in suspects[:1]:
            box = one.box if when == "before" else restore_box(one.box, crop)
            found.append(
                SuspectLeft(
                    when="before" if when == "before" else "after",
                    box=_edges(box),
                    auroc=one.auroc,
                    low=one.low,
                    high=one.high,
                    p_value=one.p_value,
                    surround_auroc=one.surround_auroc,
                    beside=any(box.overlaps(other) for other in cropped),
                )
            )
    return tuple(found)


def _choose(
    before: ImageSet, after: ImageSet, classes: tuple[str, ...], seed: int
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The same images of both sets."""
    items = choose_items(before, classes, max_per_class=MAX_PER_CLASS, seed=seed)
    twins = {item.id: item for item in after.items}
    return items, tuple(twins[item.id] for item in items)


def _number_patients(items: Sequence[Item]) -> NDArray[np.intp]:
    """Number the patients of whole images, equal pictures together; cropped twins keep the numbers."""
    keys = [f"patient {item.patient}" if item.patient else f"picture {item.pixel_digest}" for item in items]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.intp)


def _cut(
    name: str,
    items: Sequence[Item],
    boxes: Sequence[Box],
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> list[NDArray[np.uint8]]:
    """(n, side, side) pixels of every box."""
    if not boxes:
        return []
    progress.start(f"Looking at what is cropped from {name}", len(items))
    pixels = [np.empty((len(items), _SIDE_PX, _SIDE_PX), dtype=np.uint8) for _ in boxes]
    for row, picture in enumerate(stream_pixels(items, workers=workers, settings=settings)):
        for one, box in zip(pixels, boxes, strict=True):
            part = resize_pixels(
                np.ascontiguousarray(cut_place(picture, box)), width=_SIDE_PX, height=_SIDE_PX
            )
            one[row] = np.rint(np.clip(part[..., 0], 0, 255))
        progress.advance()
    return pixels


def _probe(
    image_set: ImageSet,
    items: tuple[Item, ...],
    groups: NDArray[np.intp],
    classes: tuple[str, ...],
    pixels: NDArray[np.uint8],
    seed: int,
) -> tuple[ProbeArea | None, str]:
    framed = FramedSet(
        image_set.name,
        image_set.role,
        pixels,
        np.array([classes.index(item.label or "") for item in items], dtype=np.intp),
        groups,
        classes,
        items,
    )
    try:
        probe = compute_patch_probe(framed, ProbeOptions(grid=_WHOLE, seed=seed))
    except TooFewImagesError as error:
        return None, f"{error} It was not probed."
    assert probe.p_value is not None
    area = ProbeArea(
        auroc=float(probe.auroc[0, 0]),
        low=float(probe.low[0, 0]),
        high=float(probe.high[0, 0]),
        p_value=float(probe.p_value[0, 0]),
    )
    return area, ""


def _widen(box: Box) -> Box:
    return Box(
        max(box.left - WIDENED_BY, 0.0),
        max(box.top - WIDENED_BY, 0.0),
        min(box.right + WIDENED_BY, 1.0),
        min(box.bottom + WIDENED_BY, 1.0),
    )


def _edges(box: Box) -> Region:
    return box.left, box.top, box.right, box.bottom
