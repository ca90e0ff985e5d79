"""Cells of a table of answers from elsewhere: each read as its column asks, or refused with a remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["CellError", "read_cell"]

_LONGEST_TEXT: Final = 200
# A week in milliseconds: longer than any rater leaves an image open, and more frames than it shows.
_LARGEST: Final = 7 * 24 * 3600 * 1000
# What `core.csv_text` puts an apostrophe in front of.
_GUARDED: Final = re.compile(r"'[=+\-@\t\r]")
_WORDS: Final = {
    "truth": ("real", "fake"),
    "answer": ("real", "fake"),
    "kind": ("training", "test", "repeat", "check"),
    "task": ("single", "pair"),
}
_MUST_BE_SAID: Final = ("truth", "answer")


class CellError(ValueError):
    """What is wrong with a row, and how to mend it; without the file and the line."""


def read_cell(column: str, cell: str) -> Any:
    """Read a cell.

    Args:
        column: one of `core.rating.session_table.ANSWER_COLUMNS`.
        cell: its text without blanks around it; empty where the file lacks the column.

    Returns:
        The value; None for a number that is not there, empty for a word that need not be.

    Raises:
        CellError: if it does not fit.
    """
    return _READERS[column](column, cell)


def _text(name: str, cell: str) -> str:
    text = cell[1:] if _GUARDED.match(cell) else cell
    if len(text) > _LONGEST_TEXT:
        raise CellError(f"its {name} has more than {_LONGEST_TEXT} characters; shorten it")
    return text


def _needed_text(name: str, cell: str) -> str:
    if not cell:
        raise CellError(f"its {name} is empty; fill it, or leave the line out")
    return _text(name, cell)


def _word(name: str, cell: str) -> str:
    word, words = cell.lower(), _WORDS[name]
    if word not in words and (word or name in _MUST_BE_SAID):
        raise CellError(f"its {name} is {cell[:40]!r}; write {' or '.join(words)}")
    return word


def _number(name: str, cell: str) -> float | None:
    if not cell or cell.lower() in ("nan", "na", "none"):
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and 0 <= value <= _LARGEST):
        raise CellError(f"its {name} is {cell[:40]!r}; write a number from 0 up, or nothing")
    return value


def _whole(name: str, cell: str) -> int:
    try:
        value = _number(name, cell)
    except CellError:
        value = None
    if value is None or value != int(value):
        raise CellError(f"its {name} is {cell[:40]!r}; write a whole number from 0 up")
    return int(value)


def _count(name: str, cell: str) -> int:
    return _whole(name, cell) if cell else 0


def _confidence(name: str, cell: str) -> float | None:
    value = _number(name, cell)
    if value is not None and value not in range(1, 6):
        raise CellError(f"its {name} is {cell[:40]!r}; write a whole number from 1 to 5, or nothing")
    return value


def _flag(name: str, cell: str) -> bool:
    word = cell.lower()
    if word not in ("", "0", "1", "false", "true", "no", "yes"):
        raise CellError(f"its {name} is {cell[:40]!r}; write true or false")
    return word in ("1", "true", "yes")


_READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "rater": _needed_text,
    "trial": _whole,
    "item": _needed_text,
    "synthetic": _text,
    "truth": _word,
    "answer": _word,
    "confidence": _confidence,
    "reaction_time_ms": _number,
    "exposure_ms": _number,
    "class": _text,
    "kind": _word,
    "task": _word,
    "frames": _number,
    "frame_rate_hz": _number,
    "dropped_frames": _count,
    "was_hidden": _flag,
    "was_early": _flag,
    "n_changes": _count,
    "made_at": _text,
}
