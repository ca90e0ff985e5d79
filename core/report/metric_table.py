"""The table of metrics by synthetic set: what stands in it, in which order, and what is best in its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.audit.result import AuditSummary, Floor, MetricRow
from core.metrics.metric_facts import Direction, MetricFacts
from core.report.best_in_row import find_best
from core.report.metric_groups import AIMS_AT_REAL, GROUP_SENTENCES, GROUPS, find_aim, find_facts
from core.report.numbers import format_count, format_interval, format_value, typeset

__all__ = ["Cell", "MetricTable", "TableGroup", "TableRow", "build_metric_table"]

# Their expectation moves with the number of synthetic images, so that sets of different sizes do not compare.
_MOVES_WITH_N = {"fd", "fid", "inception_score", "recall", "coverage", "vendi_score"}
_SIZES_DIFFER = "The sets differ in size, which moves this number by itself: none is marked as best."
_FLOOR_KINDS = {
    "heldout": "held-out images",
    "halves": "two parts of the real set",
    "left-out": "training images left out one at a time",
    "real": "the real set itself",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as it is written; empty texts where there is none.

    Attributes:
        value: the number, or a dash.
        interval: its 95 % interval.
        n: images behind it, where they are not those of the column's head.
        detail: further lines, such as a floor of its own.
        notes: numbers of the notes below the table.
        best: whether it is the best of its row, with its interval apart from all others.
        number: the number itself, with all its digits.
    """

    value: str
    interval: str = ""
    n: str = ""
    detail: tuple[str, ...] = ()
    notes: tuple[int, ...] = ()
    best: bool = False
    number: float | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One metric of one extractor over all synthetic sets.

    Attributes:
        facts: what is known about the metric.
        extractor: extractor's name, or None.
        qualifier: set where the row shows the metric under a condition, such as at equal numbers of images.
        floor: what real images score, or None.
        cells: one a synthetic set, None where the set has no such number.
    """

    facts: MetricFacts
    extractor: str | None
    qualifier: str
    floor: Cell | None
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class TableGroup:
    """Metrics that answer one question."""

    name: str
    sentence: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class MetricTable:
    """Every number of a whole study, or of one class of it.

    Attributes:
        class_name: the class, or None for the whole sets.
        names: synthetic sets, in the columns' order.
        n: synthetic images of each, as most of its numbers have it.
        n_real: real images, as most numbers have it.
        groups: the rows.
        notes: texts that cells refer to, the first one as 1.
    """

    class_name: str | None
    names: tuple[str, ...]
    n: tuple[str, ...]
    n_real: str
    groups: tuple[TableGroup, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Notes:
    texts: list[str] = field(default_factory=list)

    def number(self, text: str) -> tuple[int, ...]:
        if not text:
            return ()
        if text not in self.texts:
            self.texts.append(text)
        return (self.texts.index(text) + 1,)


def build_metric_table(summary: AuditSummary, class_name: str | None) -> MetricTable:
    """Lay out every number of the whole sets, or of one class."""
    names = tuple(one.name for one in summary.sets if one.role == "synthetic")
    rows = [row for row in summary.results if row.class_name == class_name]
    fid_extractors = {row.extractor for row in rows if row.metric == "fid"}
    rows = [row for row in rows if not (row.metric == "fd" and row.extractor in fid_extractors)]
    usual_n = {name: _most_common(row.n_synthetic for row in rows if row.synthetic == name) for name in names}
    usual_n_real = _most_common(row.n_real for row in rows if row.n_real)
    notes = _Notes()
    groups = []
    known = {metric for metrics in GROUPS.values() for metric in metrics}
    others = tuple(dict.fromkeys(row.metric for row in rows if row.metric not in known))
    for group, metrics in (*GROUPS.items(), ("Other", others)):
        table_rows: list[TableRow] = []
        for metric in metrics:
            for extractor in dict.fromkeys(row.extractor for row in rows if row.metric == metric):
                by_name = {r.synthetic: r for r in rows if r.metric == metric and r.extractor == extractor}
                shown = [by_name.get(name) for name in names]
                table_rows += _build_rows(shown, [usual_n[name] for name in names], usual_n_real, notes)
        if table_rows:
            groups.append(TableGroup(group, GROUP_SENTENCES[group], tuple(table_rows)))
    return MetricTable(
        class_name=class_name,
        names=names,
        n=tuple(format_count(usual_n[name]) for name in names),
        n_real=format_count(usual_n_real),
        groups=tuple(groups),
        notes=tuple(notes.texts),
    )


def _most_common(counts: Iterable[int]) -> int:
    seen = list(counts)
    return max(dict.fromkeys(seen), key=seen.count, default=0)


def _build_rows(
    shown: Sequence[MetricRow | None], usual_n: Sequence[int], usual_n_real: int, notes: _Notes
) -> list[TableRow]:
    """One row for a metric; a second one where its floor holds at a size of its own."""
    first = next(row for row in shown if row is not None)
    facts = find_facts(first.metric)
    sizes = {row.n_synthetic for row in shown if row is not None and row.value is not None}
    comparable = first.metric not in _MOVES_WITH_N or len(sizes) == 1
    ranked = comparable and first.metric not in AIMS_AT_REAL
    at_n = [row.floor_detail if row and row.floor_detail else None for row in shown]
    # Where every value has the floor's own size, the first row holds both.
    has_at_n = any(
        floor is not None
        and floor.value_at_n is not None
        and row is not None
        and floor.value_at_n != row.value
        for row, floor in zip(shown, at_n, strict=True)
    )
    best = (
        find_best([_ends(row, at_floor=not has_at_n) for row in shown], facts.direction) if ranked else None
    )
    floor = None if has_at_n else _shared_floor(shown)
    cells: list[Cell | None] = []
    for index, row in enumerate(shown):
        if row is None:
            cells.append(None)
            continue
        own_floor = () if floor is not None or has_at_n else _own_floor(row)
        note = row.note if comparable else " ".join(part for part in (row.note, _SIZES_DIFFER) if part)
        cells.append(
            Cell(
                value="–" if row.value is None else typeset(format_value(row.value, row.low, row.high)),
                interval="" if row.value is None else typeset(format_interval(row.value, row.low, row.high)),
                n=_describe_n(row, usual_n[index], usual_n_real),
                detail=own_floor,
                notes=notes.number(note),
                best=index == best,
                number=row.value,
            )
        )
    rows = [TableRow(facts, first.extractor, "", floor, tuple(cells))]
    if has_at_n:
        rows.append(_row_at_floor_size(facts, first.extractor, at_n))
    return rows


def _row_at_floor_size(facts: MetricFacts, extractor: str | None, floors: Sequence[Floor | None]) -> TableRow:
    """The metric with as many images a side as its floor was measured with."""
    shared = len({_floor_key(floor) for floor in floors if floor is not None}) == 1
    triples = [
        _up_to_aim((f.value_at_n, f.value_at_n_low, f.value_at_n_high), find_aim(facts.id, f.value), facts)
        if f is not None
        and f.value_at_n is not None
        and f.value_at_n_low is not None
        and f.value_at_n_high is not None
        else None
        for f in floors
    ]
    best = find_best(triples, facts.direction) if shared else None
    cells: list[Cell | None] = []
    for index, floor in enumerate(floors):
        if floor is None or floor.value_at_n is None:
            cells.append(None)
            continue
        ends = floor.value_at_n_low, floor.value_at_n_high
        cells.append(
            Cell(
                value=typeset(format_value(floor.value_at_n, *ends)),
                interval=typeset(format_interval(floor.value_at_n, *ends)),
                n="" if shared else f"{_write_n(floor.n)} a side",
                detail=() if shared else (_floor_line(floor),),
                best=index == best,
                number=floor.value_at_n,
            )
        )
    first = next(floor for floor in floors if floor is not None)
    qualifier = f"at {format_count(first.n)} images a side" if shared else "at the floor's size"
    return TableRow(
        facts, extractor, qualifier, _floor_cell(first, " a side") if shared else None, tuple(cells)
    )


def _ends(row: MetricRow | None, *, at_floor: bool) -> tuple[float, float, float] | None:
    """Value and interval, up to the metric's aim."""
    if row is None or row.value is None or row.low is None or row.high is None:
        return None
    detail = row.floor_detail if at_floor else None
    floor = detail.value if detail is not None and detail.value_at_n is not None else None
    return _up_to_aim((row.value, row.low, row.high), find_aim(row.metric, floor), find_facts(row.metric))


def _up_to_aim(
    numbers: tuple[float, float, float], aim: float | None, facts: MetricFacts
) -> tuple[float, float, float]:
    """Numbers beyond the aim count as the aim: none of them is better than another."""
    if aim is None:
        return numbers
    reach = max if facts.direction is Direction.LOWER else min
    value, low, high = numbers
    return reach(value, aim), reach(low, aim), reach(high, aim)


def _describe_n(row: MetricRow, usual_n: int, usual_n_real: int) -> str:
    parts = []
    if row.n_synthetic != usual_n:
        parts.append(_write_n(row.n_synthetic))
    # Numbers that a set has alone name no real images.
    if row.n_real not in (0, usual_n_real):
        parts.append(f"real {_write_n(row.n_real)}")
    return ", ".join(parts)


def _floor_key(floor: Floor) -> tuple[object, ...]:
    return floor.kind, floor.value, floor.low, floor.high, floor.n


def _shared_floor(shown: Sequence[MetricRow | None]) -> Cell | None:
    floors = [row.floor_detail for row in shown if row is not None]
    present = [floor for floor in floors if floor is not None]
    if not present or len(present) < len(floors) or len({_floor_key(floor) for floor in present}) > 1:
        return None
    return _floor_cell(present[0], "")


def _floor_cell(floor: Floor, suffix: str) -> Cell:
    return Cell(
        value=typeset(format_value(floor.value, floor.low, floor.high)),
        interval=typeset(format_interval(floor.value, floor.low, floor.high)),
        n=f"{_FLOOR_KINDS[floor.kind]}, {_write_n(floor.n)}{suffix}",
        number=floor.value,
    )


def _floor_line(floor: Floor) -> str:
    ends = floor.low, floor.high
    text = f"{format_value(floor.value, *ends)} {format_interval(floor.value, *ends)}"
    return f"floor {typeset(text.strip())}, {_FLOOR_KINDS[floor.kind]}"


def _write_n(count: int) -> str:
    return f"n = {format_count(count)}".replace(" ", "\N{NO-BREAK SPACE}")


def _own_floor(row: MetricRow) -> tuple[str, ...]:
    if row.floor_detail is not None:
        return (f"{_floor_line(row.floor_detail)}, {_write_n(row.floor_detail.n)}",)
    return () if row.floor is None else (f"floor {typeset(format_value(row.floor, None, None))}",)
