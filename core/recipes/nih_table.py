"""NIH's list of chest X-rays, Data_Entry_2017.csv, in the spellings that it has been published in."""

from __future__ import annotations

import csv
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import InputError

__all__ = ["NihRow", "NihTable", "load_nih_table", "load_official_list", "parse_age"]

# Columns, letters and digits alone: the list of 2017, that of 2020, and Kaggle's copies of either.
_COLUMNS: Final = {
    "image": ("imageindex",),
    "findings": ("findinglabels",),
    "patient": ("patientid",),
    "age": ("patientage",),
    "sex": ("patientgender", "patientsex"),
    "view": ("viewposition",),
}
_NEEDED: Final = {"image": "Image Index", "findings": "Finding Labels", "patient": "Patient ID"}
_AGE: Final = re.compile(r"(\d{1,3})([YMWD]?)")
_A_YEAR: Final = {"": 1.0, "Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}
_OLDEST: Final = 120


@dataclass(frozen=True, slots=True)
class NihRow:
    """What the list says of one image; empty where it says nothing.

    Attributes:
        name: file name.
        findings: in the list's order.
        patient: the patient's number.
        sex: M or F.
        age: in years.
        view: PA or AP.
    """

    name: str
    findings: tuple[str, ...]
    patient: str
    sex: str
    age: str
    view: str


@dataclass(frozen=True, slots=True)
class NihTable:
    """The list.

    Attributes:
        rows: one an image, in the order of names.
        n_rows: rows of the file.
        repeated: names that equal rows repeat; each counts once.
        conflicting: names with rows that differ; they are left out.
        n_odd_ages: ages that no human has, such as 414 years; they are taken as not known.
    """

    rows: tuple[NihRow, ...]
    n_rows: int
    repeated: tuple[str, ...]
    conflicting: tuple[str, ...]
    n_odd_ages: int

    @property
    def findings(self) -> tuple[str, ...]:
        """All findings, in order."""
        return tuple(sorted({finding for row in self.rows for finding in row.findings}))


def load_nih_table(path: Path) -> NihTable:
    """Read the list.

    Raises:
        InputError: if it cannot be read, lacks a column, or a row lacks its image or patient.
    """
    rows: dict[str, NihRow] = {}
    repeated: set[str] = set()
    conflicting: set[str] = set()
    n_rows = n_odd_ages = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            places = _find_columns(next(reader, []), path)
            for record in filter(any, reader):
                n_rows += 1
                cells = {
                    name: record[at].strip() if at is not None and at < len(record) else ""
                    for name, at in places.items()
                }
                name = posixpath.basename(cells["image"].replace("\\", "/"))
                if not name or name.startswith(".") or not cells["patient"]:
                    raise InputError(f"Line {reader.line_num} of {path} lacks its image or its patient.")
                findings = dict.fromkeys(part.strip() for part in cells["findings"].split("|"))
                age = parse_age(cells["age"])
                n_odd_ages += bool(cells["age"] and not age)
                row = NihRow(
                    name,
                    tuple(filter(None, findings)),
                    cells["patient"],
                    cells["sex"].upper(),
                    age,
                    cells["view"].upper(),
                )
                earlier = rows.setdefault(name, row)
                if earlier is not row:
                    (repeated if earlier == row else conflicting).add(name)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _cannot_read(path, error) from None
    kept = tuple(rows[name] for name in sorted(rows) if name not in conflicting)
    return NihTable(
        kept, n_rows, tuple(sorted(repeated - conflicting)), tuple(sorted(conflicting)), n_odd_ages
    )


def parse_age(text: str) -> str:
    """Read an age as the lists write it, `58`, `058Y` or `013M`, into years; empty where it is no age."""
    written = _AGE.fullmatch(text.upper())
    if written is None:
        return ""
    years = int(written[1]) / _A_YEAR[written[2]]
    return f"{years:.3g}" if years <= _OLDEST else ""


def load_official_list(path: Path) -> frozenset[str]:
    """Read one of NIH's own lists of file names, a name a line.

    Raises:
        InputError: if it cannot be read or is empty.
    """
    try:
        names = frozenset(filter(None, map(str.strip, path.read_text(encoding="utf-8-sig").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        raise _cannot_read(path, error) from None
    if not names:
        raise InputError(f"{path} is empty; it should name a file a line.")
    return names


def _find_columns(titles: list[str], path: Path) -> dict[str, int | None]:
    header = [re.sub(r"[^a-z0-9]", "", title.lower()) for title in titles]
    places = {
        name: next((header.index(one) for one in spellings if one in header), None)
        for name, spellings in _COLUMNS.items()
    }
    absent = [title for name, title in _NEEDED.items() if places[name] is None]
    if absent:
        # The first line is not repeated: in a file without titles, it is a patient's.
        raise InputError(
            f"The first line of {path} has no column {', '.join(map(repr, absent))}; hand in NIH's "
            "Data_Entry_2017.csv as it was published."
        )
    return places


def _cannot_read(path: Path, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) else "it is damaged or no text in UTF-8"
    return InputError(f"{path} cannot be read: {reason}.")
