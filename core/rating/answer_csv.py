"""Tables of answers as CSV: written for others, and read from studies that were run elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from core.csv_text import render_csv
from core.errors import InputError
from core.rating.answer_cells import CellError, read_cell
from core.rating.session_table import ANSWER_COLUMNS, make_answer_table

__all__ = ["REQUIRED_COLUMNS", "read_answers", "render_answers", "tell_repeats"]

REQUIRED_COLUMNS: Final = ("rater", "trial", "item", "synthetic", "truth", "answer")
"""Columns that a file from elsewhere must have; any other of `ANSWER_COLUMNS` may be there."""

_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_ROWS: Final = 500_000
_UNNAMED: Final = "synthetic"


def render_answers(answers: pd.DataFrame) -> str:
    """Write a table of answers as CSV, one row a trial; `read_answers` reads it back.

    Args:
        answers: with the columns of `ANSWER_COLUMNS`.
    """
    table = answers[list(ANSWER_COLUMNS)].copy()
    for name in ("confidence", "frames"):
        # Whole numbers, or none.
        table[name] = table[name].astype("Int64")
    return render_csv(table)


def read_answers(path: Path) -> pd.DataFrame:
    """Read answers from a CSV in UTF-8, one row a trial.

    It needs the columns `rater, trial, item, synthetic, truth, answer`, in any order and case; truth and
    answer are `real` or `fake`, and `synthetic` names the set of a fake image. Other columns of
    `ANSWER_COLUMNS` may be there; further ones are ignored. Without a column `kind`, all are test trials; of
    an item that a rater sees again only the first one counts, which the score then says.

    Args:
        path: the file, 64 MiB and 500,000 rows at most.

    Returns:
        A table with the columns of `ANSWER_COLUMNS`, in the order of the file.

    Raises:
        InputError: naming the file, the line and what to change.
    """
    rows: list[dict[str, Any]] = []
    seen: dict[tuple[str, int], int] = {}
    for line, cells in _read_lines(path):
        try:
            row = _read_row(cells)
            trial = (row["rater"], row["trial"])
            if trial in seen:
                raise CellError(
                    f"it is the second answer of {trial[0]!r} on trial {trial[1]}, after line {seen[trial]}; "
                    "give each trial of a rater its own number"
                )
        except CellError as error:
            raise InputError(f"Line {line} of the answers file {path} cannot be used: {error}.") from None
        seen[trial] = line
        rows.append(row)
    if not rows:
        raise InputError(f"The answers file {path} holds no answer; write one row a trial below its titles.")
    return make_answer_table(rows)


def tell_repeats(rows: Sequence[dict[str, Any]]) -> int:
    """Turn test trials of an image that the rater had seen before into repeats, as they are scored.

    Args:
        rows: with the columns of `ANSWER_COLUMNS`; their kinds are changed.

    Returns:
        How many there were.
    """
    seen: set[tuple[str, ...]] = set()
    n_again = 0
    for row in sorted(rows, key=lambda row: (row["rater"], row["trial"])):
        image = tuple(row[name] for name in ("rater", "truth", "synthetic", "item"))
        if row["kind"] == "test":
            if image in seen:
                row["kind"], n_again = "repeat", n_again + 1
            seen.add(image)
    return n_again


def _read_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells by title of each line that is not empty."""
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        titles = [title.strip().lower() for title in next(reader, [])]
        _check_titles(path, titles)
        for n_rows, cells in enumerate(cells for cells in reader if any(cells)):
            if n_rows == _MOST_ROWS:
                raise InputError(
                    f"The answers file {path} has more than {_MOST_ROWS:,} rows; score parts of it."
                )
            if len(cells) != len(titles):
                raise InputError(
                    f"Line {reader.line_num} of the answers file {path} has {len(cells)} fields where the "
                    f"first line has {len(titles)}; put fields that hold a comma in quotes."
                )
            yield reader.line_num, {title: cell.strip() for title, cell in zip(titles, cells, strict=True)}
    except csv.Error as error:
        raise InputError(
            f"Line {reader.line_num} of the answers file {path} is no CSV ({error}); put fields that hold a "
            "quote or a line break in quotes."
        ) from None


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"The answers file {path} cannot be read ({error.strerror or type(error).__name__})."
        ) from None
    if len(data) > _MOST_BYTES:
        raise InputError(
            f"The answers file {path} is larger than {_MOST_BYTES // 1024**2} MiB; leave other columns out."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"The answers file {path} is not in UTF-8; save it as CSV in UTF-8.") from None
    if "\0" in text:
        raise InputError(f"The answers file {path} is no text; save it as CSV in UTF-8.")
    return text


def _check_titles(path: Path, titles: Sequence[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in titles]
    if missing:
        parted = any(mark in title for title in titles for mark in (";", "\t"))
        remedy = "part its columns by commas" if parted else f"it needs {', '.join(REQUIRED_COLUMNS)}"
        raise InputError(
            f"The first line of the answers file {path} lacks the column{'s' * (len(missing) > 1)} "
            f"{', '.join(missing)}; {remedy}."
        )
    twice = sorted({title for title in titles if title in ANSWER_COLUMNS and titles.count(title) > 1})
    if twice:
        raise InputError(f"The first line of the answers file {path} has two columns {twice[0]!r}; drop one.")


def _read_row(cells: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: read_cell(name, cells.get(name, "")) for name in ANSWER_COLUMNS}
    row["task"], row["kind"] = row["task"] or "single", row["kind"] or "test"
    if row["task"] == "pair" and row["truth"] == "real":
        raise CellError("its task is 'pair', whose row tells of the fake image; write truth 'fake'")
    if row["truth"] == "real":
        row["synthetic"] = ""
    elif row["kind"] != "check":
        row["synthetic"] = row["synthetic"] or _UNNAMED
    return row
