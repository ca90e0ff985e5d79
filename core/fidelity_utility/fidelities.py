"""The fidelity side: each number that an audit gives its synthetic sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.result import AuditSummary, MetricRow
from core.metrics.metric_facts import Direction, MetricFacts
from core.report.metric_groups import GROUPS, find_facts
from core.report.rated_summary import FIR

__all__ = ["Fidelity", "SetNumber", "list_fidelities", "read_fidelity"]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One metric of one extractor.

    Attributes:
        metric: id in `core.metrics.catalogue`, or of a metric from elsewhere.
        extractor: the extractor's name, or None for metrics of pixels, files and readers.
        class_name: the class or subgroup, or None for the whole sets.
    """

    metric: str
    extractor: str | None
    class_name: str | None = None

    @property
    def facts(self) -> MetricFacts:
        """What is known about the metric."""
        return find_facts(self.metric)

    @property
    def title(self) -> str:
        """Its name, with the extractor where there is one."""
        return f"{self.facts.name} ({self.extractor})" if self.extractor else self.facts.name

    @property
    def direction(self) -> Direction:
        """Which way it is better."""
        return self.facts.direction


@dataclass(frozen=True, slots=True)
class SetNumber:
    """A number of one synthetic set.

    Attributes:
        value: the number.
        low: lower end of its 95 % interval, or None.
        high: upper end.
        n: images a side that it was measured at, where that moves it; otherwise None.
    """

    value: float
    low: float | None
    high: float | None
    n: int | None = None


def list_fidelities(audit: AuditSummary, *, class_name: str | None = None) -> tuple[Fidelity, ...]:
    """List the metrics with a number for any synthetic set, in the order in which tables ask their questions.

    Args:
        audit: an audit.
        class_name: the class or subgroup, or None for the whole sets.
    """
    rows = [row for row in audit.results if row.class_name == class_name and row.value is not None]
    present = dict.fromkeys((row.metric, row.extractor) for row in rows)
    known = [metric for metrics in GROUPS.values() for metric in metrics]
    order = {metric: place for place, metric in enumerate(known)}
    # Of an extractor whose Fréchet distance may be called FID, it is the same number.
    called_fid = {extractor for metric, extractor in present if metric == "fid"}
    kept = [key for key in present if key[0] != "fd" or key[1] not in called_fid]
    kept.sort(key=lambda key: order.get(key[0], len(order)))
    return tuple(Fidelity(metric, extractor, class_name) for metric, extractor in kept)


def read_fidelity(audit: AuditSummary, fidelity: Fidelity) -> tuple[dict[str, SetNumber], tuple[str, ...]]:
    """Read a metric of every synthetic set that has it.

    A distance that moves with the number of images is read at the number that its floor was measured with;
    sets measured at another number than most are left out.

    Args:
        audit: an audit.
        fidelity: the metric.

    Returns:
        Set name to number in the study's order, and a sentence on each set that is left out, or that was
        measured in another way than the others.
    """
    found = {row.synthetic: row for row in audit.results if _is_of(row, fidelity)}
    names = [one.name for one in audit.sets if one.role == "synthetic"]
    numbers: dict[str, SetNumber] = {}
    notes: list[str] = []
    for name in names:
        row = found.get(name)
        if row is None or row.value is None:
            reason = f": {row.note}" if row is not None and row.note else "."
            notes.append(f"{name} is left out: the audit has no such number of it{reason}")
            continue
        numbers[name] = _read(row)
    usual = _find_usual_n(list(numbers.values()))
    for name, number in list(numbers.items()):
        if number.n != usual:
            notes.append(
                f"{name} is left out: it was measured at {_write_n(number.n)}, most sets at "
                f"{_write_n(usual)}, and the number moves with how many there are."
            )
            del numbers[name]
    # Within one session all sets are held against the same false alarms.
    if fidelity.metric == FIR and len({found[name].floor for name in numbers}) > 1:
        notes.append("The sets were rated in several sessions: raters may differ as much as sets do.")
    return numbers, tuple(notes)


def _is_of(row: MetricRow, fidelity: Fidelity) -> bool:
    return (row.metric, row.extractor, row.class_name) == (
        fidelity.metric,
        fidelity.extractor,
        fidelity.class_name,
    )


def _read(row: MetricRow) -> SetNumber:
    floor = row.floor_detail
    if floor is not None and floor.value_at_n is not None:
        return SetNumber(floor.value_at_n, floor.value_at_n_low, floor.value_at_n_high, floor.n)
    assert row.value is not None
    return SetNumber(row.value, row.low, row.high)


def _find_usual_n(numbers: Sequence[SetNumber]) -> int | None:
    sizes = [number.n for number in numbers]
    return max(dict.fromkeys(sizes), key=sizes.count, default=None)


def _write_n(n: int | None) -> str:
    return "all images" if n is None else f"n = {n:,}"
