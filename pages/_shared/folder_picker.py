"""Picks a folder below the folder roots: a root, and step by step what lies in it."""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from core.config import Settings
from core.datasets.folder_roots import FolderRef
from core.datasets.folder_tree import FolderListing, list_label_files, list_subfolders
from core.errors import MedSynError
from pages._shared.names import escape_markdown, show_name
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["pick_folder", "take_picked"]

_FEW_FOLDERS = 15

_COLUMNS = (Column("name", "Folder"), Column("why", ""))
_FILES = (Column("name", "Labels file"),)


@st.dialog("Choose a folder", width="large")
def pick_folder(settings: Settings, *, purpose: str, start: FolderRef | None) -> None:
    """Show the folder tree in a dialog; what was picked is there in the next run, from `take_picked`.

    Args:
        settings: holds the roots.
        purpose: `real`, `heldout`, `synthetic`, `labels` or `run`; for `labels` a CSV file is picked, for
            `synthetic` all sub-folders can be picked at once, for `run` the folder of a trained generator.
        start: where to begin.
    """
    roots = [root.name for root in settings.data_roots]
    place: FolderRef = st.session_state.setdefault(
        f"picker_{purpose}", start if start and start.root in roots else FolderRef(root=roots[0], path="")
    )
    chosen = f"picker_root_{purpose}"
    st.session_state[chosen] = place.root
    st.selectbox(
        "Folder root",
        roots,
        key=chosen,
        on_change=lambda: _go(purpose, FolderRef(root=st.session_state[chosen], path="")),
        help="Set by MEDSYN_DATA_ROOTS.",
    )
    _show_path(purpose, place)
    key = f"sought_{purpose}_{place.root}_{place.path}"
    sought = st.session_state.get(key, "")
    try:
        listing = list_subfolders(place, settings, containing=sought)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    if sought or listing.n_subfolders > _FEW_FOLDERS:
        st.text_input("Find a folder here", key=key, placeholder="Part of its name")
    _show_folders(purpose, place, listing)
    if purpose == "labels":
        _show_files(place, settings)
        return
    files = f"{listing.n_files:,} {'file' if listing.n_files == 1 else 'files'} directly in this folder"
    st.caption(f"{files}." if purpose == "run" else f"{files}; sub-folders become classes.")
    with st.container(horizontal=True):
        if st.button("Use this folder", type="primary", icon=":material/check:"):
            _finish(purpose, [place])
        usable = [place.child(folder.name) for folder in listing.subfolders if folder.pickable]
        if (
            purpose == "synthetic"
            and 1 < len(usable) <= 40
            and st.button(f"Add its {len(usable)} sub-folders, one set each", icon=":material/playlist_add:")
        ):
            _finish(purpose, usable)


def take_picked() -> tuple[str, list[FolderRef]] | None:
    """What was picked just now, and for which purpose; once."""
    picked: tuple[str, list[FolderRef]] | None = st.session_state.pop("picked", None)
    return picked


def _show_path(purpose: str, place: FolderRef) -> None:
    parts = PurePosixPath(place.path).parts
    with st.container(horizontal=True, gap="small"):
        for depth in range(len(parts) + 1):
            label = show_name(parts[depth - 1]) if depth else place.root
            above = FolderRef(root=place.root, path="/".join(parts[:depth]))
            st.button(
                label,
                key=f"up_{purpose}_{depth}",
                type="tertiary",
                icon=":material/folder_open:",
                on_click=_go,
                args=(purpose, above),
            )


def _show_folders(purpose: str, place: FolderRef, listing: FolderListing) -> None:
    if not listing.subfolders:
        st.caption("No sub-folders here." if not listing.truncated else "")
        return
    rows = tuple(
        (
            str(number),
            {
                "name": Cell(show_name(folder.name), action=folder.name if folder.pickable else None),
                "why": Cell(folder.reason),
            },
        )
        for number, folder in enumerate(listing.subfolders)
    )
    caption = f"The first {len(rows):,} sub-folders; find others by name." if listing.truncated else ""
    show_table(
        Table(_COLUMNS, rows, caption),
        key=f"folders_{purpose}",
        file_name="folders.csv",
        height_px=260,
        on_click=lambda name: _go(purpose, place.child(name)),
    )


def _show_files(place: FolderRef, settings: Settings) -> None:
    files = list_label_files(place, settings)
    if not files:
        st.caption("No CSV file in this folder.")
        return
    rows = tuple((path, {"name": Cell(show_name(PurePosixPath(path).name), action=path)}) for path in files)
    if clicked := show_table(Table(_FILES, rows), key="label_files", file_name="files.csv"):
        _finish("labels", [FolderRef(root=place.root, path=clicked)])


def _go(purpose: str, place: FolderRef) -> None:
    """Move on, before the dialog is drawn again."""
    st.session_state[f"picker_{purpose}"] = place


def _finish(purpose: str, picked: list[FolderRef]) -> None:
    del st.session_state[f"picker_{purpose}"]
    # A dialog's run cannot change the address; the run that follows can.
    st.session_state["picked"] = purpose, picked
    st.rerun()
