"""Brings a generator into a study that was trained on another machine or from the command line."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from core.config import Settings
from core.datasets.folder_roots import FolderRef, resolve_folder
from core.datasets.study_folders import confine_to_roots
from core.db.database import Database
from core.db.generator_runs import list_generator_runs
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.errors import InputError, MedSynError
from core.generators.adoption import Candidate, read_candidate
from core.jobs.generator_submission import submit_adopt
from pages._shared.folder_picker import pick_folder, take_picked
from pages._shared.job_progress import show_active_jobs, show_last_job
from pages._shared.names import escape_markdown, show_name

__all__ = ["show_adoption"]

_PARAM = "bring"
_PURPOSE = "run"


def show_adoption(database: Database, settings: Settings, study: StudyRecord) -> None:
    """Offer to bring in a run's folder, say what lies in it, and copy it as a job.

    The folder that was chosen stands in the address, so that a reload loses nothing.
    """
    if (picked := take_picked()) and picked[0] == _PURPOSE:
        chosen = picked[1][0]
        st.query_params[_PARAM] = f"{chosen.root}:{chosen.path}"
    show_active_jobs(study_id=study.id, kind="adopt")
    show_last_job(
        list_jobs(database, limit=1, study_id=study.id, kind="adopt"),
        "copy of a run",
        kept="Nothing is left.",
    )
    folder = _read_address()
    with st.expander("Bring in a run that was trained elsewhere", expanded=folder is not None):
        st.caption(
            "On a cluster, say, or by `python -m core train`: choose the folder that was its `--output`. Its "
            "weights, losses and sample grids are checked and copied into the workspace; training images "
            "that lie in it stay behind."
        )
        if folder is not None:
            st.text(show_name(f"{folder.root} / {folder.path}"))
        with st.container(horizontal=True):
            if st.button(
                "Choose the folder" if folder is None else "Change",
                key="bring_pick",
                icon=":material/folder_open:",
                help="A folder below the folder roots that holds run.json.",
            ):
                st.session_state.pop(f"picker_{_PURPOSE}", None)
                pick_folder(settings, purpose=_PURPOSE, start=folder)
            if folder is not None:
                st.button("Leave out", key="bring_drop", on_click=_forget, help="Choose no folder.")
        if folder is not None:
            _show_candidate(database, settings, study, folder)


def _show_candidate(database: Database, settings: Settings, study: StudyRecord, folder: FolderRef) -> None:
    try:
        found = read_candidate(resolve_folder(folder, settings), confine_to_roots(settings))
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    st.markdown(f"**{escape_markdown(_describe(found))}**")
    if missing := [phase for phase in found.phases if phase not in found.states]:
        st.warning(
            f"Its training has not reached {', '.join(missing)}, so it cannot draw yet. It can go on here "
            "where the study's real images are those that it was begun with."
        )
    place = f"{folder.root}_{folder.path}"
    with st.form(f"bring_{place}", border=False):
        name = st.text_input(
            "Name",
            _suggest_name(database, study, found),
            max_chars=60,
            key=f"bring_name_{place}",
            help="What the generator is called in this study.",
        )
        if st.form_submit_button("Bring it in", type="primary", icon=":material/move_to_inbox:"):
            try:
                submit_adopt(database, settings, study, folder=folder, name=name)
            except InputError as error:
                st.error(escape_markdown(str(error)))
            else:
                _forget()
                st.rerun()


def _describe(found: Candidate) -> str:
    record, options = found.record, found.options
    shown = "colour" if options.channels == 3 else "grey"
    n_images = sum(record.n_images)
    about = f"{found.family.title}, {options.size_px} pixels, {shown}, trained on {n_images:,} images"
    if record.classes:
        about += f" of {', '.join(map(show_name, record.classes))}"
    return f"{about}; {sum(found.states.values()) / 2**20:,.0f} MiB of weights."


def _suggest_name(database: Database, study: StudyRecord, found: Candidate) -> str:
    taken = {run.name.casefold() for run in list_generator_runs(database, study.id)}
    base = name = f"{found.family.title} from elsewhere"
    number = 2
    while name.casefold() in taken:
        name, number = f"{base} {number}", number + 1
    return name


def _read_address() -> FolderRef | None:
    root, parted, path = st.query_params.get(_PARAM, "").partition(":")
    try:
        return FolderRef(root=root, path=path) if parted else None
    except ValidationError:
        return None


def _forget() -> None:
    st.query_params.pop(_PARAM, None)
