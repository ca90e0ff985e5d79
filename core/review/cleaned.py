"""A synthetic set without the images that a review confirmed as copies: what stays, what goes, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.audit.items import AuditItem, AuditItems
from core.csv_text import render_csv
from core.db.review_record import Verdict
from core.errors import InputError, UnknownNameError
from core.review.outcome import Basis, FinalCall

__all__ = [
    "CleanedSet",
    "DroppedItem",
    "clean_set",
    "render_checksums",
    "render_dropped_csv",
    "render_kept_csv",
]


@dataclass(frozen=True, slots=True)
class DroppedItem:
    """An image that goes.

    Attributes:
        item: the image.
        call: the call on it, or on the image that it repeats.
        is_duplicate: whether it goes since its file equals a confirmed copy's, byte by byte.
    """

    item: AuditItem
    call: FinalCall
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class CleanedSet:
    """A synthetic set, parted.

    Attributes:
        name: the set.
        folder: where it lies.
        kept: images that stay, in the audit's order.
        dropped: images that go, in the audit's order.
        n_open: images that stay although readers differ on them or are unsure; settle them first.
        n_unread: images that stay although they are under review and nobody has read them.
    """

    name: str
    folder: Path
    kept: tuple[AuditItem, ...]
    dropped: tuple[DroppedItem, ...]
    n_open: int
    n_unread: int


def clean_set(
    items: AuditItems, calls: Sequence[FinalCall], name: str, *, only_copies: bool = False
) -> CleanedSet:
    """Part a synthetic set by what a review confirmed.

    Images whose file equals a confirmed copy's go with it, whether they were read or not.

    Args:
        items: the audit's items.
        calls: from `core.review.outcome.compute_calls`.
        name: the synthetic set.
        only_copies: keep near copies.

    Raises:
        UnknownNameError: if the audit has no synthetic set of that name.
        InputError: if no image of the set has a call, so that there is nothing to part it by.
    """
    synthetic = items.table.filter(pc.equal(items.table["role"], "synthetic"))
    own = synthetic.filter(pc.equal(synthetic["set"], name))
    if not len(own):
        known = ", ".join(pc.unique(synthetic["set"]).to_pylist())
        raise UnknownNameError(f"The audit has no synthetic set {name!r}; it has: {known}.")
    mine = [call for call in calls if not call.pair.is_control and call.pair.query_set == name]
    if not any(call.verdict is not None for call in mine):
        raise InputError(f"Nobody has judged an image of the set {name!r} yet; read its pairs first.")
    unwanted = {Verdict.COPY} if only_copies else {Verdict.COPY, Verdict.NEAR_COPY}
    # Of several confirmed images with the same file, the one read first is what the others repeat.
    confirmed = {call.pair.query_digest: call for call in reversed(mine) if call.verdict in unwanted}
    judged = {call.pair.query_id: call for call in mine if call.verdict in unwanted}
    kept, dropped = [], []
    for item in _list_items(own, items.folder_of(name)):
        if item.digest in confirmed:
            call = judged.get(item.id, confirmed[item.digest])
            dropped.append(DroppedItem(item, call, item.id not in judged))
        else:
            kept.append(item)
    gone = {one.item.id for one in dropped}
    staying = [call for call in mine if call.pair.query_id not in gone]
    return CleanedSet(
        name=name,
        folder=items.folder_of(name),
        kept=tuple(kept),
        dropped=tuple(dropped),
        n_open=sum(call.basis is Basis.OPEN for call in staying),
        n_unread=sum(call.basis is Basis.UNREAD for call in staying),
    )


def render_checksums(cleaned: CleanedSet) -> bytes:
    r"""List what stays as `sha256sum --check` reads it: digest and file, relative to the set's folder.

    Bytes, since a file's name need not be text. As there, a name that holds a backslash or line break is
    written with `\\`, `\n` and `\r`, and its line starts with a backslash.

    Raises:
        InputError: if items are DICOM series, each of several files.
    """
    if any(item.parts for item in cleaned.kept):
        raise InputError(
            f"The volumes of {cleaned.name!r} are DICOM series of several files, of which the audit kept one "
            "digest each, so that no list of single files can be made; write the cleaned set itself."
        )
    lines = []
    for item in cleaned.kept:
        name = os.fsencode(item.path.relative_to(cleaned.folder))
        safe = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        mark = b"" if safe == name else b"\\"
        lines.append(mark + item.digest.encode() + b"  " + safe + b"\n")
    return b"".join(lines)


def render_kept_csv(cleaned: CleanedSet) -> str:
    """List what stays with columns `file`, `label` and `digest`; also a labels file of the cleaned set."""
    rows = [(item.item, item.label, item.digest) for item in cleaned.kept]
    return render_csv(pd.DataFrame(rows, columns=["file", "label", "digest"]), paths=("file",))


def render_dropped_csv(cleaned: CleanedSet) -> str:
    """List what goes, with the call that says so."""
    rows = [
        (
            one.item.item,
            one.item.label,
            one.item.digest,
            one.call.verdict and one.call.verdict.value,
            one.call.basis.value,
            one.call.pair.number + 1,
            one.is_duplicate,
        )
        for one in cleaned.dropped
    ]
    columns = ["file", "label", "digest", "call", "basis", "pair", "same_file_as_pair"]
    return render_csv(pd.DataFrame(rows, columns=columns), paths=("file",))


def _list_items(table: pa.Table, folder: Path) -> Iterator[AuditItem]:
    """All items of a table; faster than to look each one up by its id."""
    for row in table.to_pylist():
        # Audits of pictures list no parts.
        parts = tuple(folder / os.fsdecode(part) for part in row.get("parts") or ())
        yield AuditItem(
            id=row["id"],
            set=row["set"],
            role=row["role"],
            item=row["item"],
            digest=row["digest"],
            label=row["label"],
            path=parts[0] if parts else folder / os.fsdecode(row["file"]),
            parts=parts,
            slices=row.get("slices") or 1,
        )
