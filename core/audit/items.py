"""The items of an audit, found again by an id that tells nothing: `items.parquet`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from core.config import Settings
from core.datasets.image_set import ImageSet
from core.datasets.item_source import ItemSource, decode_source
from core.datasets.study_folders import confine_to_roots
from core.errors import InputError, StoreError, UnknownNameError
from core.images.decoded import DecodedImage

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ITEMS_FILE",
    "AuditItem",
    "AuditItems",
    "decode_item",
    "load_items",
    "make_item_id",
    "read_item",
    "tabulate_items",
    "write_items",
]

ITEMS_FILE = "items.parquet"
_FOLDERS = b"medsynaudit.folders"


@dataclass(frozen=True, slots=True)
class AuditItem:
    """One image of an audit.

    Attributes:
        id: what addresses and verdicts call it.
        set: name of its image set; `real` and `heldout` for the real ones.
        role: what that set is.
        item: path relative to the set's folder, as a reader sees it.
        digest: SHA-256 of the file's bytes.
        label: class, or None.
        path: where its bytes were; of a DICOM series, its first file.
        parts: where the files of a DICOM series were; empty where it is one file.
        slices: slices of a volume; 1 of a picture.
        height: rows; of a volume, those of its axial slices.
        width: columns, likewise.
    """

    id: str
    set: str
    role: Literal["real", "heldout", "synthetic"]
    item: str
    digest: str
    label: str | None
    path: Path
    parts: tuple[Path, ...] = ()
    slices: int = 1
    height: int = 0
    width: int = 0

    @property
    def source(self) -> ItemSource:
        """Its files, to be read again."""
        return ItemSource(self.path, self.digest, self.slices > 1, self.parts)


class AuditItems:
    """All items of an audit, by id.

    Args:
        table: one row an item, with the columns id, set, role, item, file, digest, label, width, height,
            channels and bit_depth, slices and parts where items are volumes, and groups where the audit has
            any; sets in the study's order, real first.
        folders: folder of each set, by its name.
    """

    def __init__(self, table: pa.Table, folders: Mapping[str, str]) -> None:
        self.table = table
        self._folders = folders
        self._rows = {item_id: row for row, item_id in enumerate(table.column("id").to_pylist())}

    @classmethod
    def from_table(cls, table: pa.Table) -> AuditItems:
        """Read what `tabulate_items` or `items.parquet` holds.

        Raises:
            KeyError: if the table does not name its folders.
        """
        return cls(table, json.loads(table.schema.metadata[_FOLDERS]))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._rows

    def __getitem__(self, item_id: str) -> AuditItem:
        """Find an item.

        Raises:
            UnknownNameError: if the audit has none of that id.
        """
        if item_id not in self._rows:
            raise UnknownNameError(f"The audit has no image {item_id[:40]!r}.")
        record: dict[str, Any] = self.table.slice(self._rows[item_id], 1).to_pylist()[0]
        folder = Path(self._folders[record["set"]])
        # Audits of earlier versions had no volumes.
        parts = tuple(folder / os.fsdecode(part) for part in record.get("parts") or ())
        return AuditItem(
            id=item_id,
            set=record["set"],
            role=record["role"],
            item=record["item"],
            digest=record["digest"],
            label=record["label"],
            path=parts[0] if parts else folder / os.fsdecode(record["file"]),
            parts=parts,
            slices=record.get("slices") or 1,
            height=record["height"],
            width=record["width"],
        )

    def folder_of(self, set_name: str) -> Path:
        """Where a set's items were; `file` in the table is relative to it."""
        return Path(self._folders[set_name])

    def to_pandas(self) -> pd.DataFrame:
        """Return the table without `file` and `parts`."""
        names = [name for name in ("file", "parts") if name in self.table.column_names]
        frame: pd.DataFrame = self.table.drop_columns(names).to_pandas()
        return frame


def make_item_id(set_name: str, item: str, digest: str) -> str:
    """Make an item's id: 20 hexadecimal digits that are unique in the audit and name neither set nor file."""
    text = "\0".join((set_name, item, digest))
    return hashlib.blake2b(os.fsencode(text), digest_size=10).hexdigest()


def tabulate_items(sets: Sequence[ImageSet]) -> pa.Table:
    """List the items of all sets, as `items.parquet` keeps them."""
    pairs = [(one, item) for one in sets for item in one.items]
    columns = {
        "id": pa.array([make_item_id(one.name, item.id, item.digest) for one, item in pairs], pa.string()),
        "set": pa.array([one.name for one, _ in pairs], pa.string()),
        "role": pa.array([one.role.value for one, _ in pairs], pa.string()),
        "item": pa.array([_readable(item.id) for _, item in pairs], pa.string()),
        "file": pa.array([os.fsencode(item.id) for _, item in pairs], pa.binary()),
        "digest": pa.array([item.digest for _, item in pairs], pa.string()),
        "label": pa.array(
            [None if item.label is None else _readable(item.label) for _, item in pairs], pa.string()
        ),
        "width": pa.array([item.facts.width for _, item in pairs], pa.int32()),
        "height": pa.array([item.facts.height for _, item in pairs], pa.int32()),
        "channels": pa.array([item.facts.channels for _, item in pairs], pa.int8()),
        "bit_depth": pa.array([item.facts.bit_depth for _, item in pairs], pa.int8()),
    }
    if any(item.facts.is_volume for _, item in pairs):
        columns["slices"] = pa.array([item.facts.slices for _, item in pairs], pa.int32())
        files = [[os.fsencode(part.relative_to(one.root)) for part in item.parts] for one, item in pairs]
        columns["parts"] = pa.array(files, pa.list_(pa.binary()))
    if any(item.groups for _, item in pairs):
        names = [list(map(_readable, item.group_names)) for _, item in pairs]
        columns["groups"] = pa.array(names, pa.list_(pa.string()))
    folders = {one.name: str(one.root.absolute()) for one in sets}
    return pa.table(columns).replace_schema_metadata({_FOLDERS: json.dumps(folders).encode()})


def write_items(table: pa.Table, folder: Path) -> None:
    """Write what `tabulate_items` made into a folder, in one step.

    Raises:
        StoreError: if the folder cannot be written.
    """
    path = folder / ITEMS_FILE
    draft = path.with_name(f".{path.name}.draft")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, draft)
        draft.replace(path)
    except OSError as error:
        raise StoreError(
            f"The list of images {path} cannot be written ({error.strerror or type(error).__name__}); make "
            "room in the workspace and run it again."
        ) from error


def load_items(folder: Path) -> AuditItems:
    """Read the items of a finished audit; kept in memory for the few audits looked at last.

    Args:
        folder: the audit's folder, or an experiment's.

    Raises:
        InputError: if there are none: it is of an earlier version, or its files are gone.
    """
    path = folder / ITEMS_FILE
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (OSError, pa.ArrowException, KeyError, ValueError):
        raise InputError(
            f"The list of images of {folder.name} cannot be read; run the audit or experiment again."
        ) from None


def read_item(item: AuditItem, settings: Settings) -> DecodedImage:
    """Decode an item as a picture, checked to lie below a folder root and to be the one that was audited.

    Images that an experiment wrote lie below the workspace's folder of experiments instead.

    Raises:
        ImageReadError: if the file is gone, has changed, or lies outside the folder roots.
    """
    return decode_item(item, confine_to_roots(settings, with_experiments=True))


def decode_item(item: AuditItem, settings: Settings) -> DecodedImage:
    """Decode an item as a picture, checked to be the one that was audited; confined as the settings say.

    Raises:
        ImageReadError: if the file is gone, has changed, or lies outside the folders it is confined to.
    """
    return decode_source(item.source, settings, since="the audit")


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> AuditItems:
    return AuditItems.from_table(pq.read_table(path))


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
