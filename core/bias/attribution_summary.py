"""Brings together what several trainings say of where classifiers look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.bias._patient_means import balanced_mean, bootstrap_patients
from core.bias.attribution_options import AttributionMethod
from core.bias.attribution_result import AttributedClass, AttributedSet, ShareRecord
from core.bias.box import Box
from core.datasets.image_set import ImageSet, Item
from core.utility.splits import group_patients

__all__ = ["Answers", "Look", "average_looks", "score_answers", "summarise_set", "summarise_shares"]

Answers = tuple[tuple[Item, ...], NDArray[np.int64], NDArray[np.bool_]]
"""A training's images, their classes, and whether they were told right."""

_SMALLEST_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Look:
    """How one training looks at images of one set, by one method.

    Attributes:
        method: how it was asked.
        items: the images.
        codes: (n,) class of each.
        right: (n,) whether the classifier gives each to its class.
        shares: (n, regions) share of each map's mass in each region; not a number where it has no mass.
        empty: (n,) whether a map is nowhere positive.
        means: class to the (side, side) mean of its maps.
    """

    method: AttributionMethod
    items: tuple[Item, ...]
    codes: NDArray[np.int64]
    right: NDArray[np.bool_]
    shares: NDArray[np.float64]
    empty: NDArray[np.bool_]
    means: Mapping[int, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class _Averaged:
    """Values of distinct images, each averaged over the trainings that met it."""

    values: NDArray[np.float64]
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]


def average_looks(looks: Sequence[Look]) -> dict[tuple[AttributionMethod, int], NDArray[np.float32]]:
    """Average maps over trainings: (method, class) to (side, side), in the order of methods and classes."""
    found: dict[tuple[AttributionMethod, int], list[NDArray[np.float64]]] = {}
    for look in looks:
        for code, mean in look.means.items():
            found.setdefault((look.method, code), []).append(mean)
    return {key: np.mean(found[key], axis=0).astype(np.float32) for key in sorted(found)}


def score_answers(answers: Iterable[Answers]) -> tuple[float, float, float, int]:
    """Balanced accuracy of several trainings.

    Args:
        answers: of each training.

    Returns:
        Mean over classes of the mean over images, with its 95 % interval from patients, and the number of
        distinct images.
    """
    found = _average([(items, codes, right.astype(np.float64)) for items, codes, right in answers])
    return *balanced_mean(found.values, found.codes, found.groups), len(found.values)


def summarise_set(
    image_set: ImageSet,
    looks: Sequence[Look],
    classes: Sequence[str],
    files: Mapping[tuple[AttributionMethod, int], str],
) -> AttributedSet:
    """Describe the maps of one set.

    Args:
        image_set: the set.
        looks: of every training and method.
        classes: names, in the order of codes.
        files: (method, class) to where its map is kept.
    """
    any_method = looks[0].method
    told = [(look.items, look.codes, look.right) for look in looks if look.method == any_method]
    value, low, high, n = score_answers(told)
    recalls = _average([(items, codes, right.astype(np.float64)) for items, codes, right in told])
    maps = []
    for (method, code), file in files.items():
        of_method = [look for look in looks if look.method == method]
        empty = _average([(one.items, one.codes, one.empty.astype(np.float64)) for one in of_method])
        here = empty.codes == code
        maps.append(
            AttributedClass(
                class_name=classes[code],
                method=method,
                n=int(here.sum()),
                n_empty=int((empty.values[here] == 1).sum()),
                recall=float(recalls.values[recalls.codes == code].mean()),
                agreement=_correlate([one.means[code] for one in of_method if code in one.means]),
                file=file,
            )
        )
    return AttributedSet(
        name=image_set.name,
        role=image_set.role.value,
        n=n,
        balanced_accuracy=value,
        low=low,
        high=high,
        maps=tuple(maps),
    )


def summarise_shares(
    name: str, looks: Sequence[Look], classes: Sequence[str], regions: Sequence[Box], *, seed: int
) -> list[ShareRecord]:
    """Average the shares of one set's maps in each region, class by class and method by method.

    Args:
        name: the set's name.
        looks: of every training and method.
        classes: names, in the order of codes.
        regions: boxes by rank.
        seed: seeds the intervals.

    Returns:
        A record for every method, class and region whose maps have any mass.
    """
    records = []
    for method in dict.fromkeys(look.method for look in looks):
        of_method = [look for look in looks if look.method == method]
        for code in sorted({code for look in of_method for code in look.means}):
            for rank, box in enumerate(regions, 1):
                found = _average([(one.items, one.codes, one.shares[:, rank - 1]) for one in of_method])
                here = found.codes == code
                there = here & ~np.isnan(found.values)
                if not there.any():
                    continue
                mean, low, high = bootstrap_patients(found.values[there], found.groups[there], seed=seed)
                single = [
                    float(np.nanmean(part))
                    for one in of_method
                    if not np.isnan(part := one.shares[one.codes == code, rank - 1]).all()
                ]
                records.append(
                    ShareRecord(
                        set=name,
                        class_name=classes[code],
                        method=method,
                        region=rank,
                        left=box.left,
                        top=box.top,
                        right=box.right,
                        bottom=box.bottom,
                        area=box.area,
                        share=mean,
                        low=low,
                        high=high,
                        ratio=mean / box.area,
                        lowest=min(single),
                        highest=max(single),
                        n=int(there.sum()),
                        n_empty=int((here & ~there).sum()),
                    )
                )
    return records


def _average(
    parts: Sequence[tuple[tuple[Item, ...], NDArray[np.int64], NDArray[np.float64]]],
) -> _Averaged:
    """Average the values of each image over the trainings in which it has one."""
    items = {item.id: item for part, _, _ in parts for item in part}
    row_of = {name: row for row, name in enumerate(items)}
    rows = np.array([row_of[item.id] for part, _, _ in parts for item in part], dtype=np.int64)
    values = np.concatenate([one for _, _, one in parts])
    codes = np.zeros(len(items), dtype=np.int64)
    codes[rows] = np.concatenate([one for _, one, _ in parts])
    there = ~np.isnan(values)
    sums = np.bincount(rows[there], weights=values[there], minlength=len(items))
    counts = np.bincount(rows[there], minlength=len(items))
    means = np.divide(sums, counts, out=np.full(len(items), np.nan), where=counts > 0)
    return _Averaged(means, codes, group_patients(list(items.values())))


def _correlate(maps: Sequence[NDArray[np.float64]]) -> float | None:
    """Mean correlation of every two maps; None where there are no two, or one of them is flat."""
    if len(maps) < 2 or any(one.std() < _SMALLEST_SPREAD for one in maps):
        return None
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in combinations(maps, 2)]))
