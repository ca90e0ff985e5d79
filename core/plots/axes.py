"""Axes on which several metrics stand beside each other: what is worst and best, and where each set lies."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from core.plots.style import escape_label

__all__ = ["AxisValue", "CompareAxis", "break_title", "write_hover"]


@dataclass(frozen=True, slots=True)
class AxisValue:
    """One set's value on one axis.

    Attributes:
        value: the number.
        low: lower end of its interval, or None.
        high: upper end, or None.
        text: the number and its interval, as they are written.
    """

    value: float
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class CompareAxis:
    """One metric.

    Attributes:
        title: its name.
        worst: value at the axis's start.
        best: value at its end; below `worst` where lower is better.
        worst_text: `worst` as it is written.
        best_text: `best` as it is written.
        values: set name to value; sets without one are not drawn on this axis.
        floor: what real images score, or None.
        ends_at_aim: whether `best` is the aim, so that numbers may lie beyond it and are no better.
    """

    title: str
    worst: float
    best: float
    worst_text: str
    best_text: str
    values: Mapping[str, AxisValue]
    floor: AxisValue | None = None
    ends_at_aim: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, from 0 at the worst end to 1 at the best one; at the end if it lies beyond."""
        return min(max((value - self.worst) / (self.best - self.worst), 0.0), 1.0)

    def is_beyond(self, value: float) -> bool:
        """Whether a value lies beyond the aim at which the axis ends."""
        return self.ends_at_aim and (value < self.best if self.best < self.worst else value > self.best)


def write_hover(name: str, axis: CompareAxis, one: AxisValue) -> str:
    """Write what a point tells when pointed at, for plotly."""
    lines = [f"<b>{escape_label(name)}</b>", escape_label(axis.title), escape_label(one.text)]
    if axis.is_beyond(one.value):
        lines.append(f"beyond the aim, {escape_label(axis.best_text)}, and drawn at it")
    return "<br>".join(lines)


def break_title(title: str, width: int) -> str:
    """Break a title into lines of about `width` characters, for plotly."""
    return "<br>".join(escape_label(line) for line in textwrap.wrap(title, width, break_long_words=False))
