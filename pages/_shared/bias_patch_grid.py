"""Patches of an audit's images as a grid: cut from the files, one column a set, classes below each other."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.audit.item_volume import find_intensity
from core.audit.items import AuditItems, load_items
from core.bias.box import Box
from core.bias.patch_pictures import PatchPicture, cut_patches
from core.config import Settings
from core.datasets.item_source import decode_source
from core.datasets.study_folders import confine_to_roots
from core.images.display import to_levels
from pages._shared.image_addresses import address_image
from pages._shared.picture_grid import GridCell, GridRow

__all__ = ["cut_listed", "lay_out_patches"]

_NO_MORE: Final = "no further image"
_NOT_LISTED: Final = "not in this audit's list of images"


@st.cache_data(max_entries=32, ttl=900, show_spinner="Reading images")
def cut_listed(
    folder: Path, item_ids: tuple[str, ...], edges: tuple[float, float, float, float], _settings: Settings
) -> Mapping[str, PatchPicture]:
    """Cut patches of an audit's images, each read below the folder roots and checked as in the audit."""
    items, confined, policy = load_items(folder), confine_to_roots(_settings), find_intensity(folder)

    def read(item_id: str) -> Any:
        image = decode_source(items[item_id].source, confined, intensity=policy, since="the audit")
        return to_levels(image, policy)

    return cut_patches(item_ids, Box(*edges), read=read)


def lay_out_patches(
    audit_id: str,
    items: AuditItems,
    part: Mapping[tuple[str, str], Sequence[str | None]],
    cut: Mapping[str, PatchPicture],
    classes: Sequence[str],
    names: Sequence[str],
    n_each: int,
    beside: int,
) -> list[GridRow]:
    """Lay patches out as rows of a grid, class by class.

    Args:
        audit_id: the audit.
        items: its images.
        part: ids of the patches' images by set and class; None where the audit does not list an image.
        cut: patch of each image.
        classes: in the order of rows.
        names: sets in the order of columns.
        n_each: patches of a set and class.
        beside: columns of a set; its patches go on in the next row.
    """
    rows = []
    for label in classes:
        for first in range(0, n_each, beside):
            cells = []
            for name in names:
                found = part[name, label]
                for place in range(first, first + beside):
                    item_id = found[place] if place < len(found) else None
                    if item_id is not None:
                        cells.append(_cell(audit_id, items, item_id, cut[item_id]))
                    elif place < n_each:
                        is_over = place >= len(found)
                        cells.append(GridCell(caption=_NO_MORE if is_over else _NOT_LISTED))
                    else:
                        cells.append(GridCell())
            numbers = f"patch {first + 1}" if beside == 1 else f"patches {first + 1} to {first + beside}"
            rows.append(GridRow(f"{label}, {numbers}", tuple(cells), heading="" if first else label))
    return rows


def _cell(audit_id: str, items: AuditItems, item_id: str, patch: PatchPicture) -> GridCell:
    if patch.problem:
        return GridCell(caption=patch.problem)
    return GridCell(
        f"data:image/png;base64,{base64.b64encode(patch.png).decode('ascii')}",
        samples=address_image(audit_id, item_id, form="samples"),
        about=f"{items[item_id].item} · patch of {patch.width} × {patch.height} pixels",
        item=item_id,
    )
