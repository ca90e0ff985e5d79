"""Class labels and patient ids from a CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

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
        candidates = [item_id]
        path = (root / item_id).absolute()
        if path.is_relative_to(self.folder):
            candidates.append(path.relative_to(self.folder).as_posix())
        candidates += [path.as_posix(), PurePosixPath(item_id).name]
        for candidate in candidates:
            if candidate in self.rows:
                return self.rows[candidate]
        return None


def load_labels(path: Path) -> LabelTable:
    """Read a labels CSV with a column `file` and at least one of `label` and `patient`.

    Args:
        path: a CSV in UTF-8; more columns are ignored.

    Raises:
        ImageSetError: if it cannot be read, lacks the columns, or answers twice for one file.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ImageSetError(f"The labels file {path} cannot be read as a CSV in UTF-8: {reason}.") from None
    names = {column.strip().lower(): column for column in table.columns}
    file_column = next((names[name] for name in _FILE_COLUMNS if name in names), None)
    label_column = next((names[name] for name in _LABEL_COLUMNS if name in names), None)
    patient_column = next((names[name] for name in _PATIENT_COLUMNS if name in names), None)
    if file_column is None or (label_column is None and patient_column is None):
        raise ImageSetError(
            f"The labels file {path} needs a column 'file' and one of 'label' and 'patient'; "
            f"it has: {', '.join(map(str, table.columns))}."
        )
    rows: dict[str, LabelRow] = {}
    for record in table.to_dict("records"):
        name = str(record[file_column]).strip().replace("\\", "/").removeprefix("./")
        label = str(record[label_column]).strip() or None if label_column else None
        patient = str(record[patient_column]).strip() or None if patient_column else None
        row = LabelRow(label, patient)
        if rows.setdefault(name, row) != row:
            raise ImageSetError(f"The labels file {path} names {name!r} twice with different answers.")
    return LabelTable(path.name, path.absolute().parent, rows, label_column is not None)
