"""What may tell readers a control from a synthetic image before they look at what it shows."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from core.audit.items import AuditItems

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["find_tells"]

_SIDES = ["width", "height"]


def find_tells(items: AuditItems, sets: Collection[str] = ()) -> tuple[str, ...]:
    """Find properties of files that controls and synthetic images have nothing of in common.

    Args:
        items: the audit's images.
        sets: synthetic sets under review; empty for all.

    Returns:
        One sentence each; none where a reader can tell nothing by such properties alone.
    """
    table = items.to_pandas()
    controls = table[table["role"] == "heldout"]
    if controls.empty:
        controls = table[table["role"] == "real"]
    made = table[table["role"] == "synthetic"]
    tells = []
    for name, rows in made.groupby("set", sort=False):
        if sets and name not in sets:
            continue
        for what, ours, theirs in (
            ("size", _list_sizes(rows), _list_sizes(controls)),
            ("bit depth", set(rows["bit_depth"]), set(controls["bit_depth"])),
            ("colour", set(rows["channels"]), set(controls["channels"])),
        ):
            if not ours & theirs:
                tells.append(
                    f"No image of {name!r} has the {what} of a control: readers may tell them apart by that "
                    "alone, and their false alarms then say little."
                )
    return tuple(tells)


def _list_sizes(table: pd.DataFrame) -> set[tuple[int, int]]:
    sizes = table[_SIDES].drop_duplicates()
    return {(int(width), int(height)) for width, height in sizes.itertuples(index=False)}
