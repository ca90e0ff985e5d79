"""Which real images train and which choose the epoch; all images of a patient fall on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.datasets.image_set import Item
from core.errors import TooFewImagesError
from core.utility.seeds import Purpose, make_rng

__all__ = ["Split", "draw_fraction", "draw_synthetic", "group_patients", "split_patients"]

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Places of real images, ascending.

    Attributes:
        train: images to train on.
        validation: images that choose the epoch.
    """

    train: Places
    validation: Places


def group_patients(items: Sequence[Item]) -> NDArray[np.int64]:
    """Number the groups of images that must stay together: those of one patient or of equal pixels.

    Args:
        items: images; one whose patient is not known belongs to itself, unless its pixels occur again.

    Returns:
        (n,) the first place of each image's group.
    """
    above = list(range(len(items)))

    def find(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, item in enumerate(items):
        marks = [("pixels", item.pixel_digest)]
        if item.patient is not None:
            marks.append(("patient", item.patient))
        for mark in marks:
            one, other = find(first.setdefault(mark, place)), find(place)
            above[max(one, other)] = min(one, other)
    return np.array([find(place) for place in range(len(items))], dtype=np.int64)


def split_patients(items: Sequence[Item], *, validation_share: float, seed: int, repeat: int) -> Split:
    """Draw the validation images of one repeat, patient by patient and class by class.

    A patient counts for the class of most of its images. Patients join the validation images until they hold
    the share asked for, as nearly as whole patients allow; each class keeps a patient on either side.

    Args:
        items: the real set's images, all with a class.
        validation_share: share of each class's images that choose the epoch.
        seed: the protocol's.
        repeat: number of the repeat; each has a split of its own.

    Raises:
        TooFewImagesError: if a class has too few patients for both sides.
    """
    groups = group_patients(items)
    rng = make_rng(Purpose.SPLIT, seed=seed, repeat=repeat)
    chosen: set[int] = set()
    for label, members in _groups_by_class(items, groups).items():
        if len(members) < 2:
            raise TooFewImagesError(
                f"The class {label!r} has the images of one patient alone; training and validation need "
                "different patients."
            )
        sizes = [int(np.count_nonzero(groups == group)) for group in members]
        order = rng.permutation(len(members))
        target = validation_share * sum(sizes)
        taken = 0
        for count, place in enumerate(order[:-1]):
            # A further patient joins while it brings the number of images nearer to the share.
            if count and taken + sizes[place] / 2 > target:
                break
            chosen.add(members[place])
            taken += sizes[place]
    held = np.isin(groups, list(chosen))
    split = Split(np.flatnonzero(~held), np.flatnonzero(held))
    labels = {item.label for item in items}
    for side, places in (("training", split.train), ("validation", split.validation)):
        absent = labels - {items[place].label for place in places}
        if absent:
            raise TooFewImagesError(
                f"No image of the class {sorted(map(str, absent))[0]!r} is left for {side}, since patients "
                "are not parted; more patients are needed."
            )
    return split


def draw_fraction(
    items: Sequence[Item], places: Places, *, fraction: float, seed: int, repeat: int
) -> Places:
    """Draw a share of training images, patient by patient and class by class.

    Smaller fractions lie within larger ones, so that a curve over fractions adds images and swaps none.

    Args:
        items: the real set's images.
        places: those to draw from.
        fraction: share of each class's images, above 0; at least one patient of each class is drawn.
        seed: the protocol's.
        repeat: number of the repeat.

    Returns:
        The drawn places, ascending.
    """
    if fraction >= 1:
        return places
    groups = group_patients(items)[places]
    rng = make_rng(Purpose.FRACTION, seed=seed, repeat=repeat)
    chosen: list[int] = []
    for members in _groups_by_class([items[place] for place in places], groups).values():
        sizes = [int(np.count_nonzero(groups == group)) for group in members]
        order = rng.permutation(len(members))
        target, taken = fraction * sum(sizes), 0
        for count, place in enumerate(order):
            if count and taken + sizes[place] / 2 > target:
                break
            chosen.append(members[place])
            taken += sizes[place]
    drawn: Places = places[np.isin(groups, chosen)]
    return drawn


def draw_synthetic(
    labels: NDArray[np.int64],
    *,
    allowed: NDArray[np.bool_],
    wanted: NDArray[np.int64],
    name: str,
    seed: int,
    repeat: int,
) -> Places:
    """Draw images of a synthetic set, as many of each class as wanted, or all where there are fewer.

    Larger draws hold the smaller ones.

    Args:
        labels: (n,) class of each synthetic image.
        allowed: (n,) whether it may be drawn.
        wanted: (k,) images of each class.
        name: the set's name.
        seed: the protocol's.
        repeat: number of the repeat.

    Returns:
        The drawn places, ascending.
    """
    order = make_rng(Purpose.SYNTHETIC, seed=seed, repeat=repeat, name=name).permutation(len(labels))
    order = order[allowed[order]]
    parts = [order[labels[order] == label][:count] for label, count in enumerate(wanted)]
    return np.sort(np.concatenate(parts)).astype(np.int64)


def _groups_by_class(items: Sequence[Item], groups: NDArray[np.int64]) -> dict[str, list[int]]:
    """Class to its groups, both in order."""
    votes: dict[int, Counter[str]] = {}
    for item, group in zip(items, groups.tolist(), strict=True):
        votes.setdefault(group, Counter())[str(item.label)] += 1
    by_class: dict[str, list[int]] = {}
    for group, counted in votes.items():
        label = min(counted, key=lambda one: (-counted[one], one))
        by_class.setdefault(label, []).append(group)
    return {label: sorted(by_class[label]) for label in sorted(by_class)}
