"""Tables of image sets as they were read, and of the files that were left out."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.result import SetSummary
from core.audit.set_warnings import write_spacing
from pages._shared.names import show_name
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["show_image_sets", "write_voxels"]

_ROLES = {"real": "real (train)", "heldout": "held-out", "synthetic": "synthetic"}
_SETS = (
    Column("set", "Set"),
    Column("role", "Role"),
    Column("n", "Images", "Readable images, or volumes.", kind="number"),
    Column("left_out", "Left out", "Files that could not be read; no number holds them.", kind="number"),
    Column("repeated", "Repeated", "Pictures that occur more than once in the set.", kind="number"),
    Column("classes", "Classes"),
    Column(
        "size",
        "Size",
        "Smallest and largest width × height in pixels; of volumes slices × rows × columns, and how far "
        "these lie apart.",
    ),
    Column("formats", "Formats"),
    Column("digest", "Digest", "SHA-256 over images and labels: the same digest, the same set."),
)
_FILES = (Column("file", "File"), Column("set", "Set"), Column("reason", "Why it is left out"))


def show_image_sets(sets: Sequence[SetSummary], *, key: str, caption: str = "") -> None:
    """Show what each set holds, and below it the files that were left out, where there are any.

    Args:
        sets: the sets, in the order of rows.
        key: beginning of the tables' names within the app.
        caption: one sentence above the first table.
    """
    rows = tuple((one.name, _describe(one)) for one in sets)
    show_table(Table(_SETS, rows, caption), key=f"{key}_sets", file_name="image-sets.csv")
    files = tuple(
        (
            f"{one.name}/{place}",
            {"file": Cell(show_name(bad.file)), "set": Cell(one.name), "reason": Cell(bad.reason)},
        )
        for one in sets
        for place, bad in enumerate(one.unreadable)
    )
    if files:
        show_table(Table(_FILES, files), key=f"{key}_files", file_name="left-out.csv", height_px=320)


def write_voxels(slices: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> str:
    """Write the smallest and the largest sides of volumes, such as `24 to 43 × 50 × 35 voxels`."""
    sides = (f"{low}" if low == high else f"{low} to {high}" for low, high in (slices, rows, columns))
    return f"{' × '.join(sides)} voxels"


def _describe_size(one: SetSummary) -> Cell:
    (least_width, least_height), (width, height) = one.sizes
    if one.slices is not None:
        voxels = write_voxels(one.slices, (least_height, height), (least_width, width))
        return Cell(voxels, detail="" if one.spacing_mm is None else write_spacing(one.spacing_mm))
    smallest, largest = f"{least_width} × {least_height}", f"{width} × {height}"
    return Cell(smallest if smallest == largest else f"{smallest} to {largest}")


def _describe(one: SetSummary) -> dict[str, Cell]:
    n_left_out = len(one.unreadable)
    return {
        "set": Cell(one.name),
        "role": Cell(_ROLES[one.role]),
        "n": Cell(f"{one.n:,}", one.n, detail="volumes" if one.slices else ""),
        "left_out": Cell(f"{n_left_out:,}", n_left_out, strong=n_left_out > 0),
        "repeated": Cell(f"{len(one.duplicates):,}", len(one.duplicates)),
        "classes": Cell(", ".join(f"{show_name(name)} {n:,}" for name, n in one.classes.items())),
        "size": _describe_size(one),
        "formats": Cell(", ".join(f"{name} {n:,}" for name, n in one.formats.items())),
        "digest": Cell(one.digest[:12], one.digest, tooltip=one.digest),
    }
