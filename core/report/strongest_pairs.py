"""The strongest pairs of each synthetic set: what a report lists, in the order of their evidence."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.audit.items import AuditItem, AuditItems
from core.audit.result import AuditResult, AuditSummary
from core.copies.repeats import REPEAT_DISTANCE
from core.copies.slice_words import describe_best_slices
from core.copies.transforms import Transform
from core.copies.volume_turns import VolumeTurn
from core.report.numbers import format_count, format_share, typeset

__all__ = ["MAIN_EXTRACTOR", "Pair", "PairGroup", "collect_controls", "collect_pairs"]

MAIN_EXTRACTOR = "pixels"
"""The extractor whose pairs are shown as pictures, where an audit has it."""

_MOST_PAIRS = 6
_MOST_CONTROLS = 3
# Benjamini and Hochberg's usual level: among flags up to it, one in ten is expected to be false.
_CREDIBLE_Q = 0.1
_TRANSFORM_NAMES = frozenset(map(str, Transform))
_AS_IS = VolumeTurn(Transform.AS_IS)


@dataclass(frozen=True, slots=True)
class Pair:
    """An image beside the real train image nearest to it.

    Attributes:
        query: the image's name within its set.
        real: the real image's name.
        query_id: the image's id among the audit's items, empty where it is not known.
        real_id: the real image's id.
        distance: in the extractor's units.
        label: the set that it falls into: copy, real or non-real; empty for controls.
        flagged: whether the audit flags it, None where that was not calibrated.
        rho: distance over the real image's distance to its own nearest neighbour, None likewise.
        p_value: None likewise.
        q_value: None likewise.
        turn: the flip or turn that matched; of volumes, of every slice, and whether they are turned over.
        pixel_agreement: correlation of the pixels after alignment, or None.
        slices: of volumes, a sentence on where they agree best; empty of pictures.
        is_repeat: whether both show the very same picture, as far as pixels tell.
    """

    query: str
    real: str
    query_id: str
    real_id: str
    distance: float
    label: str = ""
    flagged: bool | None = None
    rho: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    turn: VolumeTurn = _AS_IS
    pixel_agreement: float | None = None
    slices: str = ""
    is_repeat: bool = False

    @property
    def transform(self) -> Transform:
        """The flip or turn alone."""
        return self.turn.transform

    @property
    def needs_look(self) -> bool:
        """Whether the numbers call it a copy, or say nothing either way."""
        if self.q_value is None or self.flagged is None:
            return True
        return self.is_repeat or (self.flagged and self.q_value <= _CREDIBLE_Q)

    @property
    def verdict(self) -> str:
        """What the numbers say, in words that need no statistics; empty where nothing was calibrated."""
        if self.q_value is None or self.flagged is None:
            return ""
        if self.is_repeat:
            return "Shows the same picture as a training image"
        if self.needs_look:
            return "Looks like a copy of a training image"
        if self.flagged:
            return "Flagged, as a few images of any set are by chance"
        return "As near as fresh real images come by chance"


@dataclass(frozen=True, slots=True)
class PairGroup:
    """One synthetic set in the eyes of one extractor.

    Attributes:
        name: the set.
        extractor: the extractor.
        n: images of the set.
        counts: images in the copy, real and non-real set.
        pairs: the strongest, strongest first.
        is_main: whether its pairs are shown as pictures.
        n_flagged: images flagged, None where nothing was calibrated.
        sentences: what is flagged, and what chance would flag.
    """

    name: str
    extractor: str
    n: int
    counts: Mapping[str, int]
    pairs: tuple[Pair, ...]
    is_main: bool
    n_flagged: int | None = None
    sentences: tuple[str, ...] = ()

    @property
    def needs_look(self) -> bool:
        """Whether a pair of it does."""
        return any(pair.needs_look for pair in self.pairs)


@dataclass(slots=True)
class _Ids:
    """Item ids by set and name."""

    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def find(self, set_name: str, item: str) -> str:
        # Names of any bytes stand in the list of items as they are read.
        return self.known.get((set_name, os.fsencode(item).decode("utf-8", "backslashreplace")), "")


class _Slices:
    """Where the volumes of pairs agree best; nothing of pictures."""

    def __init__(self, result: AuditResult) -> None:
        self._rows: dict[tuple[str, str], Sequence[float]] = {}
        self._items = None
        if result.items is None or result.pairs is None or "slice_agreement" not in result.pairs.column_names:
            return
        self._items = AuditItems.from_table(result.items)
        names = ("extractor", "query_id", "slice_agreement")
        for extractor, query, agreement in zip(
            *(result.pairs.column(name).to_pylist() for name in names), strict=True
        ):
            self._rows[extractor, query] = agreement

    def add_to(self, pair: Pair, extractor: str) -> Pair:
        agreement = self._rows.get((extractor, pair.query_id))
        if agreement is None or self._items is None or pair.real_id not in self._items:
            return pair
        return replace(pair, slices=_describe_slices(agreement, self._items[pair.real_id]))


def _describe_slices(agreement: object, real: AuditItem) -> str:
    if agreement is None:
        return ""
    # Axial places come first, then as many coronal and sagittal ones.
    axial = np.asarray(agreement, dtype=np.float64).reshape(3, -1)[0]
    return describe_best_slices(axial.tolist(), real.slices)


def collect_pairs(result: AuditResult) -> tuple[PairGroup, ...]:
    """Take the strongest pairs of each synthetic set and extractor: by p-value and ratio, or distance."""
    copies = result.copies
    if copies.empty:
        return ()
    ids, slices = _index_items(result), _Slices(result)
    extractors = list(dict.fromkeys(copies["extractor"]))
    main = MAIN_EXTRACTOR if MAIN_EXTRACTOR in extractors else extractors[0]
    groups = []
    for key, rows in copies.groupby(["synthetic", "extractor"], sort=False):
        name, extractor = map(str, key)
        counts = rows["set"].value_counts()
        order = [column for column in ("p_value", "rho") if column in rows]
        strongest = rows.sort_values([*order, "distance", "synthetic_item"], kind="stable").head(_MOST_PAIRS)
        groups.append(
            PairGroup(
                name=name,
                extractor=extractor,
                n=len(rows),
                counts={label: int(counts.get(label, 0)) for label in ("copy", "real", "non-real")},
                pairs=tuple(slices.add_to(_read_pair(row, ids), extractor) for row in _records(strongest)),
                is_main=extractor == main,
                n_flagged=(n_flagged := _count_flagged(rows)),
                sentences=_describe(result.summary, name, extractor, n_flagged, len(rows)),
            )
        )
    # Pictures first, then what the other extractors say, sets in their order.
    return tuple(sorted(groups, key=lambda group: not group.is_main))


def collect_controls(result: AuditResult) -> tuple[Pair, ...]:
    """Take the strongest pairs of real images that cannot be copies, for comparison."""
    if result.pairs is None or result.items is None:
        return ()
    pairs: pd.DataFrame = result.pairs.to_pandas()
    controls = pairs[(pairs["query_role"] != "synthetic") & (pairs["extractor"] == MAIN_EXTRACTOR)]
    items = AuditItems.from_table(result.items)
    strongest = controls.sort_values(["rho", "distance", "query_id"], kind="stable").head(_MOST_CONTROLS)
    return tuple(
        Pair(
            query=items[row["query_id"]].item,
            real=items[row["real_id"]].item,
            query_id=row["query_id"],
            real_id=row["real_id"],
            distance=row["distance"],
            rho=_number(row["rho"]),
            turn=_read_turn(row),
            pixel_agreement=_number(row["pixel_agreement"]),
            slices=_describe_slices(row.get("slice_agreement"), items[row["real_id"]]),
        )
        for row in _records(strongest)
        if row["query_id"] in items and row["real_id"] in items
    )


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _index_items(result: AuditResult) -> _Ids:
    if result.items is None:
        return _Ids()
    columns = (result.items.column(name).to_pylist() for name in ("set", "item", "id"))
    return _Ids({(name, item): item_id for name, item, item_id in zip(*columns, strict=True)})


def _read_pair(row: Mapping[str, object], ids: _Ids) -> Pair:
    query, real = str(row["synthetic_item"]), str(row["nearest_real"])
    flagged = row.get("flagged")
    rho, distance = row.get("rho"), _number(row["distance"]) or 0.0
    # Before copies were calibrated, the same extractor measured without alignment, on another scale.
    aligned = row["extractor"] == MAIN_EXTRACTOR and _number(rho) is not None
    return Pair(
        query=query,
        real=real,
        query_id=ids.find(str(row["synthetic"]), query),
        real_id=ids.find("real", real),
        distance=distance,
        label=_text(row["set"]),
        flagged=flagged if isinstance(flagged, bool) else None,
        rho=_number(rho),
        p_value=_number(row.get("p_value")),
        q_value=_number(row.get("q_value")),
        turn=_read_turn(row),
        pixel_agreement=_number(row.get("pixel_agreement")),
        is_repeat=aligned and distance < REPEAT_DISTANCE,
    )


def _describe(
    summary: AuditSummary, name: str, extractor: str, n_flagged: int | None, n: int
) -> tuple[str, ...]:
    """What is flagged, what chance would flag, and what is left beyond it."""
    rows = {
        row.metric: row
        for row in summary.results
        if row.synthetic == name and row.extractor == extractor and row.class_name is None
    }
    flagged, excess, repeated = (rows.get(metric) for metric in ("flagged", "flag_excess", "repeated"))
    sentences = []
    if flagged is not None and flagged.value is None:
        sentences.append(flagged.note)
    elif n_flagged is not None:
        images = "image is" if n_flagged == 1 else "images are"
        sentences.append(f"{format_count(n_flagged)} of {format_count(n)} {images} flagged.")
        if flagged is not None:
            sentences.append(flagged.note)
    if excess is not None and excess.value is not None:
        share = typeset(format_share(excess.value, excess.low, excess.high))
        sentences.append(f"Flagged beyond chance: {share}.")
    if repeated is not None and repeated.value is not None:
        count = round(repeated.value * repeated.n_synthetic)
        verb = "show" if count > 1 else "shows"
        sentences.append(
            f"{format_count(count) if count else 'None'} {verb} the same picture as a training image."
        )
    return tuple(filter(None, sentences))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _read_turn(row: Mapping[str, object]) -> VolumeTurn:
    return VolumeTurn(_read_transform(row.get("transform")), row.get("turned_over") is True)


def _read_transform(name: object) -> Transform:
    return Transform(name) if isinstance(name, str) and name in _TRANSFORM_NAMES else Transform.AS_IS


def _number(value: object) -> float | None:
    """A finite number, or None where there is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _count_flagged(rows: pd.DataFrame) -> int | None:
    if "flagged" not in rows or rows["flagged"].isna().all():
        return None
    return sum(flag is True for flag in rows["flagged"].tolist())
