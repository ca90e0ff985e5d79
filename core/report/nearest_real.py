"""The training image nearest to each of some images, as an audit found it, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from core.copies.transforms import Transform
from core.copies.volume_turns import VolumeTurn
from core.report.numbers import format_value, typeset

__all__ = ["NearestReal", "find_nearest_real"]

_MAIN: Final = "pixels"
"""The extractor that searches under flips, turns, shifts, crops and changes of intensity."""


@dataclass(frozen=True, slots=True)
class NearestReal:
    """One image's nearest training image.

    Attributes:
        real_id: its item id.
        transform: what was done to the image, so that it lies the way the real one does.
        q_value: share of false finds among images with evidence as strong, None where it was not computed.
        flagged: whether the audit flagged the pair as a likely copy.
        distance: in the extractor's units.
        extractor: who found it.
    """

    real_id: str
    transform: str
    q_value: float | None
    flagged: bool
    distance: float
    extractor: str

    @property
    def sentence(self) -> str:
        """What a reader is told below the pair, without a full stop."""
        parts = []
        if self.flagged:
            q = "" if self.q_value is None else f" (q = {typeset(format_value(self.q_value, None, None))})"
            parts.append(f"Looks like a copy{q}")
        if self.transform not in ("", Transform.AS_IS):
            parts.append(f"matches the sample {self.transform}")
        return ", ".join(parts)


def find_nearest_real(pairs: pd.DataFrame, item_ids: Collection[str]) -> Mapping[str, NearestReal]:
    """Find the nearest training image of each item by the extractor made for copies, where it was used.

    Args:
        pairs: the audit's pairs, see `core.audit.pairs`.
        item_ids: the items asked about.

    Returns:
        Item id to what was found; items without a pair are left out.
    """
    names = list(dict.fromkeys(pairs["extractor"]))
    extractor = _MAIN if _MAIN in names else next(iter(names), _MAIN)
    rows = pairs[(pairs["extractor"] == extractor) & pairs["query_id"].isin(list(item_ids))]
    return {
        row["query_id"]: NearestReal(
            real_id=row["real_id"],
            transform=_describe_turn(row["transform"], row.get("turned_over") is True),
            q_value=None if pd.isna(row["q_value"]) else float(row["q_value"]),
            flagged=not pd.isna(row["flagged"]) and bool(row["flagged"]),
            distance=float(row["distance"]),
            extractor=extractor,
        )
        for row in rows.to_dict("records")
    }


def _describe_turn(transform: object, turned_over: bool) -> str:
    if not isinstance(transform, str):
        return ""
    return VolumeTurn(Transform(transform), turned_over=True).words if turned_over else transform
