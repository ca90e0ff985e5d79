"""The table of rates of a rating session: by synthetic set, class, rater, or set and class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.rating.rating_score import Rates, RatingScore
from core.rating.score_facts import RATING_FACTS
from pages._shared.names import show_name
from pages._shared.rating_cells import number_cell, number_column
from pages._shared.table import Cell, Column, Table

__all__ = ["PARTS", "lay_out_rates", "list_parts"]

PARTS: Final = {
    "set": "Synthetic set",
    "class": "Class",
    "rater": "Rater",
    "set-class": "Set and class",
}
"""What rates can be parted by: id in the address to title."""

_NUMBERS: Final = ("fir", "false_alarm_rate", "accuracy", "d_prime", "criterion", "auc")
_ALL: Final = "All"
_RATERS: Final = "Raters who answered."
_FAKE: Final = "Fake images shown."
_PAIRS: Final = "Pairs shown."
_FIR_IN_PAIRS: Final = "Share of pairs in which the fake image was named; guessing is 50 %."


def list_parts(score: RatingScore) -> dict[str, str]:
    """What the rates of a session can be parted by."""
    has_classes = len(score.by_class) > 1
    return {key: title for key, title in PARTS.items() if has_classes or "class" not in key}


def lay_out_rates(score: RatingScore, part: str) -> Table:
    """One row a part, and one for all answers together.

    Args:
        score: the session's.
        part: one of `PARTS`.
    """
    parted = _part(score, part)
    is_pair = score.task == "pair"
    # What no row has, such as the area under the ROC without confidence, is left out.
    names = [
        name
        for name in _NUMBERS
        if any(getattr(one, name).value is not None for one in parted.values())
        and not (is_pair and name == "accuracy")
    ]
    columns = [Column("part", PARTS[part], width=190)]
    for name in names:
        column = number_column(name, title="FIR" if name == "fir" else RATING_FACTS[name].title)
        if is_pair and name == "fir":
            column = Column(
                column.id, column.title, _FIR_IN_PAIRS, kind="number", detail_title=column.detail_title
            )
        columns.append(column)
    columns += [
        Column("raters", "Raters", _RATERS, kind="number"),
        Column("fake", "Pairs" if is_pair else "Fake", _PAIRS if is_pair else _FAKE, kind="number"),
        Column("answers", "Answers", kind="number"),
    ]
    if not is_pair:
        columns.insert(-1, Column("real", "Real", "Real images shown.", kind="number"))
    rows = []
    for key, one in parted.items():
        is_whole = key == _ALL
        cells = {name: number_cell(name, getattr(one, name), strong=is_whole) for name in names}
        cells |= {
            "part": Cell(show_name(key), strong=is_whole),
            "raters": Cell(f"{one.n_raters:,}", one.n_raters),
            "fake": Cell(f"{one.n_fake:,}", one.n_fake),
            "answers": Cell(f"{one.n_answers:,}", one.n_answers),
        }
        if not is_pair:
            cells["real"] = Cell(f"{one.n_real:,}", one.n_real)
        rows.append((f"{part} {key}", cells))
    return Table(tuple(columns), tuple(rows))


def _part(score: RatingScore, part: str) -> Mapping[str, Rates]:
    whole = {_ALL: score.overall}
    match part:
        case "class":
            return dict(score.by_class) | whole
        case "rater":
            return dict(score.by_rater) | whole
        case "set-class":
            return {
                f"{name}, {one}": rates
                for name, classes in score.by_set_and_class.items()
                for one, rates in classes.items()
            } | whole
        case _:
            return dict(score.by_set) | whole
