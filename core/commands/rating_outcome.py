"""What a terminal shows of scored answers: rates by set with intervals, and how raters agree."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.rating.measured import Measured
from core.rating.rating_score import RatingScore
from core.rating.score_facts import RATING_FACTS
from core.report.numbers import format_interval, format_positive, format_share, format_value

__all__ = ["print_score"]

_SHARES = {"fir", "false_alarm_rate", "accuracy", "balanced_accuracy", "self_consistency", "same_answers"}
_WIDEST = 400


def print_score(score: RatingScore) -> None:
    """Print the fake identification rate of each set, the numbers of the whole session, and its notes."""
    sets = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("synthetic set", "fakes called fake", "answers"):
        sets.add_column(title, no_wrap=True, justify="left" if title == "synthetic set" else "right")
    for name, rates in score.by_set.items():
        sets.add_row(Text(name), _write("fir", rates.fir), f"{rates.fir.n:,}")
    whole = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("all sets", "", "n"):
        whole.add_column(title, no_wrap=True, justify="left" if title == "all sets" else "right")
    for name, number in score.headline.items():
        if number.value is not None:
            whole.add_row(RATING_FACTS[name].title, _write(name, number), f"{number.n:,}")
    # A narrow terminal wraps lines; no number is cut.
    console = Console(highlight=False)
    needed = max(
        console.measure(one, options=console.options.update(width=_WIDEST)).maximum for one in (sets, whole)
    )
    console = Console(highlight=False, width=max(console.width, needed))
    for one in (sets, whole):
        if one.row_count:
            console.print(one)
    for note in score.notes:
        console.print(f"Note: {note}", markup=False, soft_wrap=True)


def _write(name: str, number: Measured) -> str:
    if number.value is None:
        return "–"
    if name in _SHARES:
        return format_share(number.value, number.low, number.high)
    if name.endswith("_ms"):
        return f"{' '.join(format_positive(number.value, number.low, number.high)).rstrip()} ms"
    value = format_value(number.value, number.low, number.high)
    return f"{value} {format_interval(number.value, number.low, number.high)}".rstrip()
