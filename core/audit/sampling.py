"""Samples of an audit's images, drawn anew from a seed alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.audit.items import AuditItems

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["draw_samples"]


def draw_samples(
    items: AuditItems, *, sets: Sequence[str], classes: Sequence[str | None], n: int, seed: int
) -> Mapping[tuple[str, str | None], tuple[str, ...]]:
    """Draw images of each set and class, without looking at them.

    Each set and class has a draw of its own: the same seed gives the same images whatever other sets and
    classes are asked for, and more images are the fewer ones and further ones.

    Args:
        items: the audit's images.
        sets: names of image sets.
        classes: classes and groups to draw from; None draws from all images of a set.
        n: images of each; all of them where there are fewer.
        seed: decides the draw.

    Returns:
        (set, class) to item ids, in the order drawn; every set and class asked for is there.
    """
    table = items.to_pandas()
    if "groups" not in table:
        table["groups"] = [()] * len(table)
    by_set = {name: table[table["set"] == name] for name in sets}
    drawn: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for name, rows in by_set.items():
        for label in classes:
            # Ids are digests: sorted by them, the order of the files decides nothing.
            ids = sorted(rows["id"] if label is None else rows.loc[_is_in(rows, label), "id"])
            order = np.random.default_rng([seed, _digest(name, label)]).permutation(len(ids))
            drawn[name, label] = tuple(ids[place] for place in order[:n])
    return drawn


def _is_in(rows: pd.DataFrame, part: str) -> NDArray[np.bool_]:
    in_group = np.fromiter((part in own for own in rows["groups"]), dtype=np.bool_, count=len(rows))
    in_class: NDArray[np.bool_] = (rows["label"] == part).to_numpy(dtype=np.bool_)
    return in_class | in_group


def _digest(name: str, label: str | None) -> int:
    # A class may have any name; none has a null character in it.
    text = name if label is None else f"{name}\0{label}"
    return int.from_bytes(hashlib.blake2b(os.fsencode(text), digest_size=8).digest(), "little")
