"""How the volumes of a pair lie on each other, and where they agree, for those who look at them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from core.db.review_record import ReviewPair

__all__ = ["VolumeMatch", "find_matches"]

_PLANES: Final = 3


@dataclass(frozen=True, slots=True)
class VolumeMatch:
    """How the search laid the volume under review onto the real one, once its axial slices are turned.

    Attributes:
        is_turned_over: whether it is turned over then, head to foot.
        shift: by how much it is moved then, as shares of the extent along slices, rows and columns.
        agreement: correlation of corresponding slices in equal parts of the extent, from the real volume's
            first slice to its last, for the axial, the coronal and the sagittal plane; None where there is
            none. Empty where the audit did not measure it.
    """

    is_turned_over: bool = False
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    agreement: tuple[tuple[float | None, ...], ...] = ()

    def find_start(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Choose the slice of the real volume to look at first in each plane: where the two agree best.

        Args:
            shape: slices, rows and columns of the real volume.

        Returns:
            Numbers from 0 of an axial, a coronal and a sagittal slice; the middle where nothing is known.
        """
        axial, coronal, sagittal = (self._find_best(axis, n) for axis, n in enumerate(shape))
        return axial, coronal, sagittal

    def _find_best(self, axis: int, n: int) -> int:
        values = self.agreement[axis] if self.agreement else ()
        middle = (len(values) - 1) / 2
        # Equal ones are as good: of a whole copy, the middle tells more than the top of the head.
        known = [
            (round(value, 2), -abs(place - middle), place)
            for place, value in enumerate(values)
            if value is not None
        ]
        if not known:
            return n // 2
        best = max(known)[2]
        # Each place stands for an equal part of the extent; the slice in the middle of it is taken.
        return int((best + 0.5) / len(values) * n)


def find_matches(pairs: pd.DataFrame, wanted: Sequence[ReviewPair]) -> dict[int, VolumeMatch]:
    """Look up how the volumes of pairs lie on each other.

    Args:
        pairs: the audit's pairs (`core.audit.pairs.load_pairs`).
        wanted: pairs of a review of it.

    Returns:
        By the number of a pair; those of pictures, and of audits that did not search volumes, are left out.
    """
    if "shift" not in pairs.columns or not wanted:
        return {}
    ids = {pair.query_id for pair in wanted}
    rows = pairs[pairs["query_id"].isin(ids)].to_dict("records")
    known = {(row["query_id"], row["real_id"], row["extractor"]): row for row in rows}
    found = {}
    for pair in wanted:
        row = known.get((pair.query_id, pair.real_id, pair.evidence.extractor))
        if row is not None and row["shift"] is not None:
            found[pair.number] = _read({str(name): value for name, value in row.items()})
    return found


def _read(row: dict[str, Any]) -> VolumeMatch:
    along, down, right = (float(share) if math.isfinite(share) else 0.0 for share in row["shift"])
    listed = row.get("slice_agreement")
    agreement: tuple[tuple[float | None, ...], ...] = ()
    if listed is not None:
        planes = np.asarray(listed, dtype=np.float64).reshape(_PLANES, -1)
        agreement = tuple(
            tuple(round(value, 4) if math.isfinite(value) else None for value in plane)
            for plane in planes.tolist()
        )
    return VolumeMatch(bool(row["turned_over"]), (along, down, right), agreement)
