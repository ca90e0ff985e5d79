"""The form that makes a rating session: which images, how shown, and how sure its numbers will be."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st
from pydantic import ValidationError

from core.config import Settings, get_settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.studies import StudyRecord
from core.errors import InputError, MedSynError
from core.images.intensity import Intensity
from core.jobs.rating_job import NewSession
from core.jobs.submission import submit_new_rating
from core.rating.available import AvailableImages, count_available
from core.rating.design import RealSource, SessionDesign, SetCount, Task
from core.validation import explain_first
from pages._shared.names import escape_markdown, show_name
from pages._shared.rating_counts import choose_counts, choose_total
from pages._shared.rating_options import choose_options, choose_task, choose_timing
from pages._shared.selection import choose, choose_several
from pages._shared.study_choice import lead_to_synthetic

__all__ = ["show_session_form"]

_SOURCES: Final = {
    RealSource.HELDOUT.value: "Held-out set: no generator has seen them",
    RealSource.TRAIN.value: "Real (train) set",
}
_SPARES: Final = 2


def show_session_form(
    database: Database,
    settings: Settings,
    study: StudyRecord,
    *,
    n_before: int,
    like: NewSession | None = None,
) -> None:
    """Ask for a design, say how sure its numbers will be, and start the session's job; the address names it.

    Args:
        database: where sessions are kept.
        settings: the workspace.
        study: whose images are shown.
        n_before: sessions that the study has or is to have, for the new one's name.
        like: one that could not be made, whose name and numbers the form begins with.
    """
    if not study.folders.synthetic:
        lead_to_synthetic(study)
        return
    try:
        available = _look(study.folders, tuple(str(root.path) for root in settings.data_roots))
        design = _ask_design(available, None if like is None else like.design)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    if design is None:
        return
    _show_power(design)
    _show_giveaways(settings, study, design)
    name_place, _ = st.columns(2)
    name = name_place.text_input(
        "Name",
        f"Session {n_before + 1}" if like is None else like.name,
        max_chars=80,
        key=f"rating_name_{study.id}",
        help="For lists and files; raters never see it.",
    )
    if st.button("Make the session", type="primary", icon=":material/rule:"):
        _make(database, settings, study, name, design)


def _ask_design(available: AvailableImages, like: SessionDesign | None) -> SessionDesign | None:
    """Ask for everything; None where nothing is chosen yet.

    Raises:
        InputError: if what is asked does not go together, with what to change.
    """
    st.subheader("Images")
    every = list(available.synthetic)
    synthetic = choose_several("Synthetic sets", every, param="sets", default=every)
    sources = {key: text for key, text in _SOURCES.items() if available.real(RealSource(key))}
    if not sources:
        raise InputError(
            "This study has no real images that can be read; look at its folders in the study setup."
        )
    classes_place, source_place = st.columns([3, 2])
    with source_place:
        source = RealSource(choose("Real images from", sources, param="real"))
    with classes_place:
        classes = _choose_classes(available)
    if classes == (None,):
        available = available.merge_classes()
    if not synthetic or not classes:
        st.info("Choose at least one synthetic set and one class above.")
        return None
    task_place, timing_place, total_place = st.columns([3, 3, 2])
    with task_place:
        task = choose_task()
    with timing_place:
        timing = choose_timing(task)
    with total_place:
        n_total = choose_total(like)
    counts = choose_counts(
        available,
        synthetic=synthetic,
        classes=classes,
        real_source=source,
        task=task,
        n_total=n_total,
        like=like,
    )
    st.subheader("How they are shown")
    shown = sum(one.n for one in counts if task is Task.SINGLE or one.synthetic is not None)
    options: dict[str, Any] = choose_options(
        task, timing, n_trials=shown, has_spares=_has_spares(available, counts, source), like=like
    )
    try:
        return SessionDesign.model_validate(
            options | {"counts": counts, "real_source": source, "task": task, "timing": timing}
        )
    except ValidationError as error:
        raise InputError(explain_first(error)) from error


def _has_spares(available: AvailableImages, counts: tuple[SetCount, ...], source: RealSource) -> bool:
    """Whether every set and class that is shown has a few images more."""
    real = available.real(source)
    left = [
        (real if one.synthetic is None else available.synthetic[one.synthetic]).get(one.class_name, 0) - one.n
        for one in counts
    ]
    return min(left) >= _SPARES


def _show_power(design: SessionDesign) -> None:
    """Say how wide the intervals will be."""
    from core.rating.power import compute_power

    first, *others = compute_power(design).sentences
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(first)}**")
        for sentence in others:
            st.text(sentence)


def _show_giveaways(settings: Settings, study: StudyRecord, design: SessionDesign) -> None:
    """Say what may give the answer away besides what the images show."""
    names = tuple(dict.fromkeys(one.synthetic for one in design.counts if one.synthetic is not None))
    places = tuple(str(root.path) for root in settings.data_roots)
    if found := _find_giveaways(study.folders, names, design.real_source, design.intensity, places):
        st.warning("\n\n".join(map(escape_markdown, found)))


@st.cache_data(ttl=60, max_entries=64, show_spinner="Looking at a few images of each set")
def _find_giveaways(
    folders: StudyFolders,
    synthetic: tuple[str, ...],
    real_source: RealSource,
    intensity: Intensity,
    places: tuple[str, ...],
) -> tuple[str, ...]:
    """Compare a few images; `places` is where the roots are, since one name may mean another place later."""
    from core.rating.giveaways import preview_giveaways

    return preview_giveaways(
        folders, get_settings(), synthetic=synthetic, real_source=real_source, intensity=intensity
    )


def _choose_classes(available: AvailableImages) -> tuple[str | None, ...]:
    """Ask for classes where every set has some; all take part by default."""
    if len(available.classes) < 2:
        return available.classes or (None,)
    named = {show_name(one): one for one in available.classes}
    chosen = choose_several("Classes", list(named), param="classes", default=list(named))
    return tuple(named[one] for one in chosen)


@st.cache_data(ttl=60, max_entries=64, show_spinner="Looking at the study")
def _look(folders: StudyFolders, places: tuple[str, ...]) -> AvailableImages:
    """Look at a study; `places` is where the roots are, since one name may mean another place later."""
    return count_available(folders, get_settings())


def _make(
    database: Database, settings: Settings, study: StudyRecord, name: str, design: SessionDesign
) -> None:
    """Ask for the job that draws the images and writes them as raters see them."""
    try:
        job = submit_new_rating(database, settings, study, name=name, design=design)
    except MedSynError as error:
        # The form keeps what was filled in.
        st.error(escape_markdown(str(error)))
        return
    st.query_params.from_dict({"study": study.id, "session": job.payload["session_id"]})
    st.rerun()
