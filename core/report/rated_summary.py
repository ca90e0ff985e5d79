"""What people recognised as fake, beside an audit's own numbers; the audit itself is never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from core.audit.items import load_items
from core.audit.result import AuditSummary, Floor, MetricRow
from core.errors import InputError

if TYPE_CHECKING:
    from core.rating.rating_score import Rates
    from core.rating.set_rates import SetRate

__all__ = ["FIR", "SIMULATED", "add_rates", "join_rates"]

FIR: Final = "fir"
"""Id of the fake identification rate in `core.metrics.catalogue`."""

SIMULATED: Final = "simulated raters"
"""Stands in the extractor's place of rates that no people gave, so that no table, figure or file shows such a
number without saying so."""


def add_rates(
    summary: AuditSummary, rates: Sequence[SetRate], folder: Path, *, with_names: bool = True
) -> AuditSummary:
    """Add the rates of a study's rating sessions to the numbers of one of its audits, as metric `fir`.

    Args:
        summary: the audit.
        rates: from `core.rating.set_rates.load_set_rates`, newest session first.
        folder: the audit's files, whose list of images says what it measured.
        with_names: whether notes name sessions; not in reports that leave the house.

    Returns:
        The same audit with more results; with none where there are no rates.
    """
    if not rates:
        return summary
    try:
        table = load_items(folder).table
    except InputError:
        return join_rates(summary, rates, None, with_names=with_names)
    digests: dict[str, set[str]] = {}
    columns = (table.column(name).to_pylist() for name in ("set", "digest"))
    for name, digest in zip(*columns, strict=True):
        digests.setdefault(name, set()).add(digest)
    return join_rates(summary, rates, digests, with_names=with_names)


def join_rates(
    summary: AuditSummary,
    rates: Sequence[SetRate],
    digests: Mapping[str, Collection[str]] | None,
    *,
    with_names: bool = True,
) -> AuditSummary:
    """Add rates of the sets that an audit measured: matched by name and by the images themselves.

    Of several sessions the newest one counts, and its note names the others: pooled, raters who saw a set
    twice would count twice. Simulated raters count only for sets that no people have rated.

    Args:
        summary: the audit.
        rates: of the same study, newest session first.
        digests: SHA-256 of every image that the audit measured, by set; None where that is not known.
        with_names: whether notes name sessions.

    Returns:
        The same audit with more results. A rate of other images than the audit's has no value, and its note
        says why.
    """
    rows: list[MetricRow] = []
    for one in summary.sets:
        of_set = [rate for rate in rates if rate.synthetic == one.name] if one.role == "synthetic" else []
        candidates = [rate for rate in of_set if not rate.is_simulated] or of_set
        if not candidates:
            continue
        seen = () if digests is None else digests.get(one.name, ())
        matching = [rate for rate in candidates if rate.digests is not None and rate.digests.issubset(seen)]
        if not matching:
            reason = _say_mismatch(candidates[0], with_names, has_list=digests is not None)
            rows.append(_row(candidates[0], None, None, note=reason))
            continue
        shown, *others = matching
        older = _say_others(others, with_names)
        of_class = {name: found for name, found in shown.classes.items() if name in one.classes}
        rows += [
            _row(shown, name, found, note=_say_rate(shown, found, with_names) + older)
            for name, found in ({None: shown.rates} | of_class).items()
        ]
    return summary.model_copy(update={"results": (*summary.results, *rows)})


def _row(rate: SetRate, class_name: str | None, rates: Rates | None, *, note: str) -> MetricRow:
    fir = None if rates is None else rates.fir
    floor = None if rates is None else _floor(rates, has_heldout=rate.has_heldout)
    return MetricRow(
        synthetic=rate.synthetic,
        extractor=SIMULATED if rate.is_simulated else None,
        class_name=class_name,
        metric=FIR,
        value=None if fir is None else fir.value,
        low=None if fir is None else fir.low,
        high=None if fir is None else fir.high,
        n_real=0 if rates is None else rates.n_real,
        n_synthetic=0 if rates is None else rates.n_fake,
        floor=None if floor is None else floor.value,
        floor_detail=floor,
        note=note,
    )


def _floor(rates: Rates, *, has_heldout: bool) -> Floor | None:
    """How many real images the same raters called fake; None in pairs, where one of two always is."""
    alarms = rates.false_alarm_rate
    if alarms.value is None:
        return None
    kind: Literal["heldout", "real"] = "heldout" if has_heldout else "real"
    return Floor(kind=kind, value=alarms.value, low=alarms.low, high=alarms.high, n=rates.n_real)


def _say_rate(rate: SetRate, rates: Rates, with_names: bool) -> str:
    """Where a number comes from; what it notes itself comes last."""
    who = "simulated rater" if rate.is_simulated else "group" if rate.is_joint else "rater"
    raters = f"{rates.n_raters} {who}{'' if rates.n_raters == 1 else 's'}"
    shown = "pairs" if rate.is_pair else "images"
    interval = f"; {rates.fir.method}" if rates.fir.method else ""
    answers = f"{rates.fir.n:,} answers of {raters} to {rates.n_fake:,} {shown}{interval}."
    return f"{_name(rate, with_names)}: {answers} {rates.fir.note}".strip()


def _say_others(others: Sequence[SetRate], with_names: bool) -> str:
    if not others:
        return ""
    if not with_names:
        return f" Older sessions with this set: {len(others)}."
    return f" Older sessions with this set: {', '.join(rate.session_name for rate in others)}."


def _say_mismatch(rate: SetRate, with_names: bool, *, has_list: bool) -> str:
    name = _name(rate, with_names)
    if has_list and rate.digests is not None:
        return f"{name} showed other images of this set than this audit measured; audit the study again."
    reason = "its images are not recorded" if has_list else "the audit's list of images is gone"
    return f"{name} is left out: whether it showed images of this audit cannot be told, since {reason}."


def _name(rate: SetRate, with_names: bool) -> str:
    return f"The rating session {rate.session_name}" if with_names else "A rating session"
