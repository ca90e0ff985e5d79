"""Class labels and patient ids from a CSV."""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from core.confinement import open_confined
from core.errors import ImageSetError

__all__ = ["LabelRow", "LabelTable", "load_labels"]

_FILE_COLUMNS = ("file", "filename", "path", "image")
_LABEL_COLUMNS = ("label", "class")
_PATIENT_COLUMNS = ("patient", "patient_id")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What the CSV says of one image; None where it says nothing."""

    label: str | None
    patient: str | None


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A labels CSV, looked up by file.

    Attributes:
        source: the CSV's name, for messages.
        folder: the CSV's own folder; paths in it may be relative to it.
        rows: path as written (with `/`) to its row.
        has_labels: whether the CSV has a label column.
    """

    source: str
    folder: Path
    rows: Mapping[str, LabelRow]
    has_labels: bool

    def find(self, root: Path, item_id: str) -> LabelRow | None:
        """Find one image's row.

        The CSV may name it relative to the image set's folder, relative to the CSV's folder, or by its bare
        file name; the first that is there counts.

        Args:
            root: folder of the image set.
            item_id: the image's path relative to it, with `/`.
        """
        path = (root / item_id).absolute().as_posix()
        from_csv = posixpath.relpath(path, self.folder.as_posix())
        candidates = (item_id, from_csv, posixpath.normpath(path), posixpath.basename(item_id))
        for candidate in candidates:
            if candidate in self.rows:
                return self.rows[candidate]
        return None


def load_labels(path: Path, confined_to: tuple[Path, ...] = ()) -> LabelTable:
    """Read a labels CSV with a column `file` and at least one of `label` and `patient`.

    Args:
        path: a CSV in UTF-8; more columns are ignored.
        confined_to: folder roots; where not empty, a file outside of them is refused, whatever links say.

    Raises:
        OutsideRootError: if it lies outside its folder root.
        InputError: if `confined_to` is given and it is not a regular file.
        ImageSetError: if it cannot be read, lacks the columns, or answers twice for one file.
    """
    try:
        with _open_text(path, confined_to) as stream:
            reader = csv.reader(stream, strict=True)
            header = [column.strip().lower() for column in next(reader, [])]
            records = [(reader.line_num, record) for record in reader if any(record)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged or in another encoding"
        raise ImageSetError(f"The labels file {path} cannot be read as a CSV in UTF-8: {reason}.") from None
    file_column = _find(header, _FILE_COLUMNS)
    label_column, patient_column = _find(header, _LABEL_COLUMNS), _find(header, _PATIENT_COLUMNS)
    # The header is not repeated in the message: a file without one begins with a patient's row.
    if file_column is None or (label_column is None and patient_column is None):
        raise ImageSetError(
            f"The first line of the labels file {path} needs a column 'file' and one of 'label', 'patient'."
        )
    rows: dict[str, LabelRow] = {}
    for line, record in records:
        if any(record[len(header) :]) or len(record) <= file_column:
            raise ImageSetError(
                f"Line {line} of the labels file {path} has {len(record)} fields where the first line has "
                f"{len(header)}; put fields that hold a comma in quotes."
            )
        name = posixpath.normpath(record[file_column].strip().replace("\\", "/"))
        row = LabelRow(_cell(record, label_column), _cell(record, patient_column))
        if rows.setdefault(name, row) != row:
            raise ImageSetError(f"The labels file {path} answers twice for one file (line {line}).")
    return LabelTable(path.name, path.absolute().parent, rows, label_column is not None)


def _open_text(path: Path, confined_to: tuple[Path, ...]) -> TextIO:
    # On the command line, labels may come out of a pipe.
    binary = open_confined(path, confined_to) if confined_to else path.open("rb")
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


def _find(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _cell(record: list[str], column: int | None) -> str | None:
    return record[column].strip() or None if column is not None and column < len(record) else None
