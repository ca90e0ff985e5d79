"""The patches behind a place of a bias map, by set and class; each opens its whole image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from core.audit.items import AuditItems, load_items
from core.bias.archive import BiasSummary, load_patch_scores
from core.bias.patch_pictures import (
    MAX_PATCHES,
    draw_images,
    find_patch,
    rank_images,
)
from core.config import Settings
from core.plots.style import assign_styles
from core.report.bias_findings import write_place
from pages._shared.bias_patch_grid import cut_listed, lay_out_patches
from pages._shared.picture_grid import GridColumn, show_picture_grid
from pages._shared.selection import choose

__all__ = ["show_patches"]

_MOST_EACH: Final = 6
# Eight sets fit beside each other on a small screen; their names come before their counts there.
_LEAST_PX: Final = 104
_COLUMNS: Final = 8
_ORDERS: Final = {"telling": "Most telling first", "random": "At random"}
_SEED: Final = 0


def show_patches(
    settings: Settings,
    audit_id: str,
    audit_folder: Path,
    bias_folder: Path,
    summary: BiasSummary,
    cell: tuple[int, int],
) -> None:
    """Show the patches of a place, one column a set, classes below each other.

    Args:
        settings: the workspace.
        audit_id: the audit.
        audit_folder: its files.
        bias_folder: the analysis.
        summary: what it found.
        cell: row and column of the place.

    Raises:
        InputError: if the list of images or of scores cannot be read.
    """
    box = find_patch(summary.settings, *cell)
    st.subheader("Patches behind this place")
    shown = [one for one in summary.sets if one.threshold is not None]
    n_each = max(1, min(_MOST_EACH, MAX_PATCHES // max(len(shown) * len(summary.classes), 1)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=220):
            order = choose(
                "Order",
                _ORDERS,
                param="order",
                help="Most telling: patches that look most like their own class to a probe that never saw "
                "that image. They show what the probe goes by; what is usual, random ones show.",
            )
        first = _turn_pages(n_each, max((max(one.classes.values()) for one in shown), default=0))
    items = load_items(audit_folder)
    ids = _find_items(items)
    lists = {
        one.name: _list_images(bias_folder, one.name, order, cell, summary.settings.positions[1])
        for one in shown
    }
    part = {
        (name, label): [ids.get((name, item)) for item in found.get(label, ())[first : first + n_each]]
        for name, found in lists.items()
        for label in summary.classes
    }
    wanted = tuple(one for column in part.values() for one in column if one is not None)
    edges = box.left, box.top, box.right, box.bottom
    cut = cut_listed(audit_folder, wanted, edges, settings)
    styles = assign_styles(one.name for one in summary.sets if one.role == "synthetic")
    # Few sets have several columns each, lest patches fill the screen one by one.
    beside = max(1, min(n_each, _COLUMNS // max(len(shown), 1)))
    show_picture_grid(
        [
            GridColumn(one.name, f"n = {one.n:,}" if not place and beside > 1 else "", styles.get(one.name))
            for one in shown
            for place in range(beside)
        ],
        lay_out_patches(
            audit_id, items, part, cut, summary.classes, [one.name for one in shown], n_each, beside
        ),
        key="bias_patches",
        label=f"Patches at {write_place(box)}, by image set",
        pixelated=True,
        least_px=_LEAST_PX,
    )
    reduced = (
        " Patches of more than 384 pixels a side are averaged down."
        if any(one.is_reduced for one in cut.values())
        else ""
    )
    drawn = f" Drawn at random with seed {_SEED}." if order == "random" else ""
    st.caption(
        f"Cut at {write_place(box)}, in the images' own pixels, enlarged.{reduced}{drawn} Click a patch "
        "to see its whole image."
    )


def _turn_pages(n_each: int, most: int) -> int:
    """Let the reader go on to further images; returns how many are passed over."""
    text = st.query_params.get("patches", "")
    page = int(text) if text.isdecimal() and len(text) < 7 else 0
    page = min(page, max((most - 1) // n_each, 0))

    def turn(to: int) -> None:
        st.query_params["patches"] = str(to)

    steps = (("Previous", "chevron_left", page - 1, page > 0),
             ("Next", "chevron_right", page + 1, (page + 1) * n_each < most))  # fmt: skip
    for label, icon, to, can in steps:
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"patches_{icon}",
            on_click=turn,
            args=(to,),
            disabled=not can,
        )
    return page * n_each


@st.cache_data(max_entries=64, show_spinner=False)
def _list_images(
    folder: Path, set_name: str, order: str, cell: tuple[int, int], n_columns: int
) -> Mapping[str, tuple[str, ...]]:
    """Images of each class in the order wanted, by their path in the set."""
    scores = load_patch_scores(folder, set_name)
    return (
        draw_images(scores, _SEED)
        if order == "random"
        else rank_images(scores, cell[0] * n_columns + cell[1])
    )


def _find_items(items: AuditItems) -> Mapping[tuple[str, str], str]:
    """Ids of an audit's images by set and path."""
    columns = (items.table.column(name).to_pylist() for name in ("set", "item", "id"))
    return {(name, item): item_id for name, item, item_id in zip(*columns, strict=True)}
