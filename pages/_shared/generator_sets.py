"""The sets of images that were drawn from a generator, and the way of each into the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.config import get_settings
from core.datasets.folder_roots import FolderRef, resolve_folder
from core.datasets.study_folders import add_synthetic, find_free_name, remove_synthetic
from core.db.database import Database
from core.db.generator_runs import GeneratorRun
from core.db.studies import StudyRecord, load_study, save_study
from core.generators.sampling_settings import SamplingSettings
from core.jobs.generator_jobs import DrawnSet, list_drawn_sets, list_generator_jobs
from pages._shared.generator_sampling import SAMPLING_TITLES
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import LAUNCH
from pages._shared.names import escape_markdown, show_name
from pages._shared.selection import choose
from pages._shared.set_preview import show_set_preview
from pages._shared.table import Cell, Column, Table, show_table
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["show_drawn_sets"]

_ADDED: Final = "generator_added"
_COLUMNS: Final = (
    Column("set", "Set", width=220),
    Column("images", "Images", "Images of all classes together.", kind="number", detail_title="By class"),
    Column("settings", "Settings", "How they were drawn; what is not named is as the run has it."),
    Column("drawn", "Drawn", kind="time"),
    Column("folder", "Folder", "Folder root and the path below it, as in Study setup."),
    Column("study", "In the study", "Whether the study has these images as a synthetic set."),
    Column("add", "", kind="action"),
)


def show_drawn_sets(database: Database, study: StudyRecord, run: GeneratorRun) -> None:
    """Show sets that are drawn and being drawn; each can be added to the study by one click."""
    drawing = list_generator_jobs(database, run, kind="generate", active=True)
    show_active_jobs(study_id=study.id, kind="generate", only=[job.id for job in drawing])
    sets = list_drawn_sets(database, run)
    if not sets:
        return
    st.subheader("Drawn sets", anchor=False)
    _show_added(study)
    clicked = show_table(_lay_out(sets, study), key="drawn_sets", file_name=f"drawn-sets-{run.id}.csv")
    wanted = next((one for one in sets if one.job_id == clicked), None)
    if wanted is not None:
        _add(database, study, wanted)
        st.rerun()
    names = {one.job_id: f"{one.name}, {format_instant(one.drawn_at)}" for one in sets}
    shown = choose("Look at", names, param="drawn", help="A drawn set to look at.") if len(sets) > 1 else ""
    show_set_preview(next((one for one in sets if one.job_id == shown), sets[0]).folder)


def _lay_out(sets: Sequence[DrawnSet], study: StudyRecord) -> Table:
    names = {one.folder: one.name for one in study.folders.synthetic}
    rows = []
    for one in sets:
        name = names.get(one.folder)
        cells = {
            "set": Cell(show_name(one.name)),
            "images": Cell(f"{one.total:,}", one.total, detail=_list_classes(one)),
            "settings": Cell(_describe(one.settings)),
            "drawn": Cell("", one.drawn_at.isoformat()),
            "folder": Cell(f"{one.folder.root} / {one.folder.path}"),
            "study": Cell("no" if name is None else f"as {show_name(name)}"),
        }
        if name is None:
            about = f"Add these images to {study.name} as a synthetic set."
            cells["add"] = Cell("Add to study", action=one.job_id, tooltip=about)
        rows.append((one.job_id, cells))
    return Table(_COLUMNS, tuple(rows))


def _list_classes(one: DrawnSet) -> str:
    return ", ".join(f"{show_name(name)} {n:,}" for name, n in one.n_images.items() if name)


def _describe(settings: SamplingSettings) -> str:
    """The seed, and what else differs from the run's own way."""
    changed = settings.model_dump(exclude={"seed", "batch_size"}, exclude_defaults=True)
    shown = [f"seed {settings.seed}"]
    shown += [f"{SAMPLING_TITLES[name].lower()} {value}" for name, value in changed.items()]
    return ", ".join(shown)


def _add(database: Database, study: StudyRecord, drawn: DrawnSet) -> None:
    # Images that are gone are no set; the sentence says so.
    resolve_folder(drawn.folder, get_settings())
    # As the study is now: another tab may have changed it.
    now = load_study(database, study.id)
    name = find_free_name(now.folders, drawn.name)
    save_study(
        database, name=now.name, folders=add_synthetic(now.folders, name, drawn.folder), study_id=now.id
    )
    st.session_state[_ADDED] = drawn.folder


def _show_added(study: StudyRecord) -> None:
    """Say what was added just now, with the way back and the way on."""
    folder = st.session_state.get(_ADDED)
    name = next((one.name for one in study.folders.synthetic if one.folder == folder), None)
    if name is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(f"**{escape_markdown(show_name(name))}** is a synthetic set of the study now.")
        st.button("Undo", key="undo_add", icon=":material/undo:", on_click=_undo, args=(study.id, folder))
        st.page_link(
            LAUNCH, label="Run audit", icon=":material/play_circle:", query_params={"study": study.id}
        )


def _undo(study_id: str, folder: FolderRef) -> None:
    _, database = open_workspace()
    now = load_study(database, study_id)
    save_study(database, name=now.name, folders=remove_synthetic(now.folders, folder), study_id=now.id)
    st.session_state.pop(_ADDED, None)
