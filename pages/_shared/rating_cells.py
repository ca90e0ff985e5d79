"""Numbers of a rating session as cells of tables."""

from __future__ import annotations

from core.rating.measured import Measured
from core.rating.score_facts import RATING_FACTS
from core.report.numbers import format_interval, format_positive, format_value, typeset
from pages._shared.table import Cell, Column

__all__ = ["ARROWS", "SHARES", "number_cell", "number_column", "write_number"]

SHARES = frozenset(
    {"fir", "false_alarm_rate", "accuracy", "balanced_accuracy", "same_answers", "self_consistency"}
)
"""Numbers between 0 and 1 that are written in per cent."""

ARROWS = {"fir": " ↓", "accuracy": " ↓", "balanced_accuracy": " ↓", "d_prime": " ↓", "auc": " ↓"}
"""Which way a set that looks real moves a number; others have no such direction."""


def number_column(name: str, *, title: str | None = None) -> Column:
    """A column of one number.

    Args:
        name: its key in `core.rating.score_facts`.
        title: another name than its own.
    """
    facts = RATING_FACTS[name]
    unit = ", %" if name in SHARES else ", ms" if name == "reaction_time_ms" else ""
    shown = title or facts.title
    return Column(
        name,
        f"{shown}{ARROWS.get(name, '')}{unit}",
        facts.sentence,
        kind="number",
        detail_title=f"{shown}: 95 %",
    )


def number_cell(name: str, one: Measured, *, strong: bool = False) -> Cell:
    """A number with its interval below, and how the interval was made on hover.

    Args:
        name: its key in `core.rating.score_facts`.
        one: the number.
        strong: whether it stands out.
    """
    text, detail = write_number(name, one)
    scale = 100 if name in SHARES else 1
    value = None if one.value is None else scale * one.value
    return Cell(text, value, detail, strong=strong, tooltip=_explain(one, in_percent=name in SHARES))


def write_number(name: str, one: Measured) -> tuple[str, str]:
    """Write a number and its interval, shares in per cent; a number that is not defined is a dash.

    Args:
        name: its key in `core.rating.score_facts`.
        one: the number.
    """
    if one.value is None:
        return "–", ""
    if name in SHARES:
        return typeset(f"{100 * one.value:.0f}"), "" if one.low is None else _write_ends(one.low, one.high)
    if name.endswith("_ms"):
        return format_positive(one.value, one.low, one.high)
    return (
        typeset(format_value(one.value, one.low, one.high)),
        typeset(format_interval(one.value, one.low, one.high)),
    )


def _write_ends(low: float, high: float | None) -> str:
    return f"[{100 * low:.0f}, {100 * (high or 0.0):.0f}]"


def _explain(one: Measured, *, in_percent: bool) -> str:
    parts = [one.note]
    if one.method:
        parts.append(f"Interval: {one.method}.")
    if in_percent:
        parts += [
            f"{what}: {_write_ends(*ends)}."
            for what, ends in (
                ("Wilson over all answers", one.wilson),
                ("Bootstrap over raters", one.bootstrap),
            )
            if ends is not None
        ]
    if one.n:
        parts.append(f"n = {one.n:,}.")
    return " ".join(filter(None, parts))
