"""Class labels, patient ids and group columns from a CSV."""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from core.confinement import open_confined
from core.errors import ImageSetError

__all__ = ["LabelRow", "LabelTable", "list_group_columns", "load_labels"]

_FILE_COLUMNS = ("file", "filename", "path", "image")
_LABEL_COLUMNS = ("label", "class")
_PATIENT_COLUMNS = ("patient", "patient_id")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What the CSV says of one image; None where it says nothing.

    Attributes:
        label: its class.
        patient: its patient's id.
        values: column and cell, of the group columns asked for; empty cells are left out.
    """

    label: str | None
    patient: str | None
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A labels CSV, looked up by file.

    Attributes:
        source: the CSV's name, for messages.
        folder: the CSV's own folder; paths in it may be relative to it.
        rows: path as written (with `/`) to its row.
        has_labels: whether the CSV has a label column.
        group_columns: the columns asked for, as the CSV writes them.
    """

    source: str
    folder: Path
    rows: Mapping[str, LabelRow]
    has_labels: bool
    group_columns: tuple[str, ...] = ()

    def find(self, root: Path, item_id: str, parts: Sequence[Path] = ()) -> LabelRow | None:
        """Find one image's row, or None; see `find_name`."""
        name = self.find_name(root, item_id, parts)
        return None if name is None else self.rows[name]

    def find_name(self, root: Path, item_id: str, parts: Sequence[Path] = ()) -> str | None:
        """Find what the CSV calls one image, or None.

        The CSV may name it relative to the image set's folder, relative to the CSV's folder, or by its bare
        file name; the first that is there counts. A DICOM series it may also name by one of its files.

        Args:
            root: folder of the image set.
            item_id: the image's path relative to it, with `/`.
            parts: files of a DICOM series.
        """
        ids = (item_id, *(part.relative_to(root).as_posix() for part in parts))
        return next((name for one in ids if (name := self._find_one(root, one)) is not None), None)

    def _find_one(self, root: Path, item_id: str) -> str | None:
        path = (root / item_id).absolute().as_posix()
        from_csv = posixpath.relpath(path, self.folder.as_posix())
        candidates = (item_id, from_csv, posixpath.normpath(path), posixpath.basename(item_id))
        return next((candidate for candidate in candidates if candidate in self.rows), None)


def load_labels(
    path: Path, confined_to: tuple[Path, ...] = (), *, group_by: Sequence[str] = ()
) -> LabelTable:
    """Read a labels CSV with a column `file` and at least one of `label`, `patient` and a group column.

    Args:
        path: a CSV in UTF-8; columns that are not asked for are ignored.
        confined_to: folder roots; where not empty, a file outside of them is refused, whatever links say.
        group_by: columns whose values are kept, found whatever their case.

    Raises:
        OutsideRootError: if it lies outside its folder root.
        InputError: if `confined_to` is given and it is not a regular file.
        ImageSetError: if it cannot be read, lacks the columns, or answers twice for one file.
    """
    try:
        with _open_text(path, confined_to) as stream:
            reader = csv.reader(stream, strict=True)
            titles = [column.strip() for column in next(reader, [])]
            records = [(reader.line_num, record) for record in reader if any(record)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _cannot_read(path, error) from None
    header = [title.lower() for title in titles]
    file_column = _find(header, _FILE_COLUMNS)
    label_column, patient_column = _find(header, _LABEL_COLUMNS), _find(header, _PATIENT_COLUMNS)
    # The header is not repeated in the message: a file without one begins with a patient's row.
    if file_column is None or (label_column is None and patient_column is None and not group_by):
        raise ImageSetError(
            f"The first line of the labels file {path} needs a column 'file' and one of 'label', 'patient'."
        )
    wanted = _find_groups(path, titles, group_by)
    rows: dict[str, LabelRow] = {}
    for line, record in records:
        if any(record[len(header) :]) or len(record) <= file_column:
            raise ImageSetError(
                f"Line {line} of the labels file {path} has {len(record)} fields where the first line has "
                f"{len(header)}; put fields that hold a comma in quotes."
            )
        name = posixpath.normpath(record[file_column].strip().replace("\\", "/"))
        values = tuple((titles[at], cell) for at in wanted if (cell := _cell(record, at)) is not None)
        row = LabelRow(_cell(record, label_column), _cell(record, patient_column), values)
        if rows.setdefault(name, row) != row:
            raise ImageSetError(f"The labels file {path} answers twice for one file (line {line}).")
    groups = tuple(titles[at] for at in wanted)
    return LabelTable(path.name, path.absolute().parent, rows, label_column is not None, groups)


def list_group_columns(path: Path, confined_to: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """List the columns of a labels CSV that images can be grouped by, from its first line alone.

    Args:
        path: a CSV in UTF-8.
        confined_to: see `load_labels`.

    Raises:
        OutsideRootError: if it lies outside its folder root.
        InputError: if `confined_to` is given and it is not a regular file.
        ImageSetError: if it cannot be read.
    """
    try:
        with _open_text(path, confined_to) as stream:
            titles = [column.strip() for column in next(csv.reader(stream, strict=True), [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _cannot_read(path, error) from None
    # A file without a first line of titles has a patient's row there, which is not to be shown.
    has_titles = _find([title.lower() for title in titles], _FILE_COLUMNS) is not None
    return _group_columns(titles) if has_titles else ()


def _group_columns(titles: Sequence[str]) -> tuple[str, ...]:
    taken = {*_FILE_COLUMNS, *_LABEL_COLUMNS, *_PATIENT_COLUMNS}
    first = {title.lower(): title for title in reversed(titles)}
    return tuple(
        title
        for title in titles
        # An equals sign parts column and value in the name of a group.
        if title and "=" not in title and title.lower() not in taken and first[title.lower()] == title
    )


def _find_groups(path: Path, titles: list[str], group_by: Sequence[str]) -> tuple[int, ...]:
    """Places of the columns asked for, each once, in the order asked for."""
    known = {title.lower(): titles.index(title) for title in _group_columns(titles)}
    absent = [name for name in group_by if name.strip().lower() not in known]
    if absent:
        raise ImageSetError(
            f"The labels file {path} has no column {', '.join(map(repr, absent))} to group images by; its "
            f"further columns are: {', '.join(titles[at] for at in known.values()) or 'none'}."
        )
    return tuple(dict.fromkeys(known[name.strip().lower()] for name in group_by))


def _cannot_read(path: Path, error: Exception) -> ImageSetError:
    reason = error.strerror if isinstance(error, OSError) else "it is damaged or in another encoding"
    return ImageSetError(f"The labels file {path} cannot be read as a CSV in UTF-8: {reason}.")


def _open_text(path: Path, confined_to: tuple[Path, ...]) -> TextIO:
    # On the command line, labels may come out of a pipe.
    binary = open_confined(path, confined_to) if confined_to else path.open("rb")
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


def _find(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _cell(record: list[str], column: int | None) -> str | None:
    return record[column].strip() or None if column is not None and column < len(record) else None
