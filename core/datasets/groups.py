"""Groups of images by columns of the labels CSV, such as sex, age band, view or site."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from core.datasets.image_set import ImageSet, Item, Role
from core.datasets.labels import LabelTable
from core.errors import ImageSetError

__all__ = ["FEWEST_IN_GROUP", "MOST_VALUES", "assign_groups", "explain_groups", "list_groups"]

FEWEST_IN_GROUP: Final = 10
"""Images of a group below which nothing is said of it: numbers would be noise, and its mean image nearly a
patient's own."""

MOST_VALUES: Final = 50
"""Most different values of a column of text; a column of more names images or patients, not groups."""

# Numbers of so few different values are codes, such as 0 and 1 for the sexes.
_MOST_CODES = 12
_AGE_EDGES = (18.0, 40.0, 65.0)
_AGE_NAMES = ("0-17", "18-39", "40-64", "65+")
_OTHER_UNITS = {"month", "months", "week", "weeks", "day", "days"}
# How columns of numbers write what is not known; in columns of text, NA may be a continent.
_UNKNOWN = {"na", "n/a", "nan", "null", "none", "unknown", "?", "-"}
# DICOM PS3.5, value representation AS.
_DICOM_AGE = re.compile(r"(\d{3})([YMWD])")
_A_YEAR = {"Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}

_Band = Callable[[str], str | None]


def list_groups(image_set: ImageSet) -> tuple[str, ...]:
    """Groups of a set that are large enough to be measured, in the order of columns and values."""
    return tuple(name for name, n in image_set.count_groups().items() if n >= FEWEST_IN_GROUP)


def assign_groups(sets: Sequence[ImageSet], labels: LabelTable) -> list[ImageSet]:
    """Give every image the groups that the labels CSV puts it into.

    Columns of text are taken as they are. Ages fall into 0-17, 18-39, 40-64 and 65+ years, other numbers of
    more than 12 different values into the quarters of the real set. A synthetic image that the CSV knows only
    by a name that a real image bears has no group: the row is the real image's.

    Args:
        sets: the study's sets, the real one first.
        labels: read with the columns asked for.

    Returns:
        The sets in their order; each says how many of its images a column leaves out.

    Raises:
        ImageSetError: if a column has too many values for groups, or a class is called like a group.
    """
    names = [[labels.find_name(one.root, item.id, item.parts) for item in one.items] for one in sets]
    real_names = {
        name for one, own in zip(sets, names, strict=True) if one.role is not Role.SYNTHETIC for name in own
    }
    values: list[list[Mapping[str, str]]] = []
    borrowed: list[int] = []
    for one, own in zip(sets, names, strict=True):
        taken = [name is not None and one.role is Role.SYNTHETIC and name in real_names for name in own]
        values.append(
            [
                {} if name is None or not_its_own else dict(labels.rows[name].values)
                for name, not_its_own in zip(own, taken, strict=True)
            ]
        )
        borrowed.append(sum(taken))
    bands = {column: _choose_bands(column, values, labels.source) for column in labels.group_columns}
    grouped = [
        replace(
            one,
            items=tuple(_group(item, cells, bands) for item, cells in zip(one.items, own, strict=True)),
        )
        for one, own in zip(sets, values, strict=True)
    ]
    _refuse_equal_names(grouped)
    return [
        one.with_warnings(_warn(one, labels, n_borrowed))
        for one, n_borrowed in zip(grouped, borrowed, strict=True)
    ]


def explain_groups(sets: Sequence[ImageSet], columns: Sequence[str]) -> tuple[str, ...]:
    """Say in one sentence each what numbers by group leave out.

    Args:
        sets: the study's sets with their groups, the real one first.
        columns: what was asked for; empty explains nothing.
    """
    if not columns:
        return ()
    real = sets[0].count_groups()
    small = [name for name, n in real.items() if n < FEWEST_IN_GROUP]
    without = [one.name for one in sets[1:] if one.role is Role.SYNTHETIC and not one.count_groups()]
    found = []
    if not real:
        found.append(
            f"The labels CSV says nothing of the real images in {_join(columns)}: there are no groups."
        )
    if small:
        found.append(
            f"Groups of fewer than {FEWEST_IN_GROUP} real images are not measured: {', '.join(small)}."
        )
    if real and without:
        found.append(
            f"Numbers by group ({', '.join(columns)}) leave out {_join(without)}: the labels CSV says "
            "nothing of their images."
        )
    thin = {
        one.name: [name for name, n in one.count_groups().items() if n < FEWEST_IN_GROUP <= real.get(name, 0)]
        for one in sets[1:]
        if one.role is Role.SYNTHETIC
    }
    found += [
        f"Groups of fewer than {FEWEST_IN_GROUP} images of {name!r} are not measured: {', '.join(groups)}."
        for name, groups in thin.items()
        if groups
    ]
    return tuple(found)


def _group(item: Item, cells: Mapping[str, str], bands: Mapping[str, _Band]) -> Item:
    known = ((column, band(cells[column])) for column, band in bands.items() if column in cells)
    return replace(item, groups=tuple((column, value) for column, value in known if value is not None))


def _choose_bands(column: str, values: Sequence[Sequence[Mapping[str, str]]], source: str) -> _Band:
    """How a column's cells become groups, from the cells of all images and the numbers of real ones."""
    cells = {own[column] for one in values for own in one if column in own}
    is_age = _counts_years(column)
    numbers = {cell: _parse(cell, is_age=is_age) for cell in cells if cell.lower() not in _UNKNOWN}
    if not numbers or None in numbers.values():
        if len(cells) > MOST_VALUES:
            raise ImageSetError(
                f"The column {column!r} of {source} has {len(cells)} different values, and a column of "
                f"groups at most {MOST_VALUES} unless all are numbers; choose another one."
            )
        return lambda cell: cell
    if is_age:
        return lambda cell: _place(_parse(cell, is_age=True), _AGE_EDGES, _AGE_NAMES)
    if len(numbers) <= _MOST_CODES:
        return lambda cell: None if cell.lower() in _UNKNOWN else cell
    # The first set is the real one; where it has no number, the bands are those of all images.
    known = [number for own in values[0] if (number := numbers.get(own.get(column, ""))) is not None]
    quartiles = np.quantile(known or [one for one in numbers.values() if one is not None], [0.25, 0.5, 0.75])
    # An image is put by the edge that is shown.
    edges = tuple(sorted({float(f"{edge:.4g}") for edge in quartiles}))
    names = [f"under {edges[0]:g}"]
    names += [f"{low:g} to under {high:g}" for low, high in pairwise(edges)]
    names.append(f"{edges[-1]:g} or more")
    return lambda cell: _place(
        _parse(cell, is_age=False), edges, [f"Q{at} ({name})" for at, name in enumerate(names, 1)]
    )


def _place(number: float | None, edges: Sequence[float], names: Sequence[str]) -> str | None:
    if number is None or (names is _AGE_NAMES and number < 0):
        return None
    return names[sum(number >= edge for edge in edges)]


def _parse(cell: str, *, is_age: bool) -> float | None:
    """The number in a cell; ages in years, also as DICOM writes them; None where there is none."""
    if is_age and (written := _DICOM_AGE.fullmatch(cell)):
        return int(written[1]) / _A_YEAR[written[2]]
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _counts_years(column: str) -> bool:
    words = set(re.findall(r"[a-z]+", column.lower()))
    return "age" in words and not words & _OTHER_UNITS


def _refuse_equal_names(sets: Sequence[ImageSet]) -> None:
    groups = {name for one in sets for name in one.count_groups()}
    classes = {label for one in sets for label in one.classes}
    if groups & classes:
        raise ImageSetError(
            f"{sorted(groups & classes)[0]!r} is the name of a class and of a group; rename the class or the "
            "column."
        )


def _warn(image_set: ImageSet, labels: LabelTable, n_borrowed: int) -> list[str]:
    warnings = []
    if n_borrowed:
        warnings.append(
            f"{n_borrowed} of {len(image_set)} images have no group: {labels.source} names them only as it "
            "names real images. Name them by folder and file."
        )
    for column in labels.group_columns:
        known = sum(any(own == column for own, _ in item.groups) for item in image_set.items)
        if 0 < known < len(image_set):
            warnings.append(
                f"{len(image_set) - known} of {len(image_set)} images are in no group by {column!r}: "
                f"{labels.source} gives no value."
            )
    return warnings


def _join(names: Collection[str]) -> str:
    return ", ".join(map(repr, names))
