"""The form that trains a generator: on what, which family, from which preset, and how much work it is."""

from __future__ import annotations

import importlib.util
from typing import Final

import streamlit as st

from core.config import Settings, get_settings
from core.datasets.folder_roots import FolderRef
from core.db.database import Database
from core.db.generator_runs import create_generator_run, list_generator_runs
from core.db.studies import StudyRecord
from core.errors import MedSynError
from core.generators.cautions import check_material, find_cautions
from core.generators.families import FAMILIES
from core.generators.family import Family
from core.generators.material import TrainingMaterial, look_at_material
from core.generators.options import GeneratorOptions
from core.jobs.generator_submission import submit_train
from pages._shared.generator_draft import begin_like
from pages._shared.generator_guide import describe_family, describe_preset, title_preset
from pages._shared.generator_settings import choose_settings
from pages._shared.links import SETUP
from pages._shared.names import escape_markdown, show_name
from pages._shared.selection import choose

__all__ = ["show_generator_form"]

_MOST_CLASSES: Final = 12
_LONGEST_NAME: Final = 60


def show_generator_form(database: Database, settings: Settings, study: StudyRecord) -> None:
    """Ask what is to be trained, say how much work that is, and start it; the address then names it."""
    begin_like(database)
    st.subheader("Train a generator", anchor=False)
    try:
        places = tuple(str(root.path) for root in settings.data_roots)
        material = _look(study.folders.real, study.folders.labels, places)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        st.page_link(
            SETUP,
            label="Change the study",
            icon=":material/create_new_folder:",
            query_params={"study": study.id},
        )
        return
    _tell_material(material, has_heldout=study.folders.heldout is not None)
    family, preset = _choose_family()
    name = _choose_name(database, study, family, preset)
    try:
        options = choose_settings(family, preset, list(material.classes))
        check_material(options, material)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    if cautions := find_cautions(options, material):
        st.warning("\n\n".join(map(escape_markdown, cautions)))
    _tell_work(options, material)
    logs = importlib.util.find_spec("tensorboard") is not None and st.checkbox(
        "Logs for TensorBoard",
        key="generator_tensorboard",
        help="Writes losses and sample grids for TensorBoard, too, into the generator's folder.",
    )
    if st.button("Train", type="primary", icon=":material/play_arrow:"):
        _train(database, settings, study, name, family, preset, options, tensorboard=logs)


def _choose_family() -> tuple[Family, str]:
    left, right = st.columns(2)
    with left:
        titles = {name: FAMILIES[name].title for name in FAMILIES}
        family = FAMILIES[
            choose("Family", titles, param="family", help="How images are made, and how that is learned.")
        ]
        st.caption(escape_markdown(describe_family(family)))
    with right:
        presets = {name: title_preset(family, name) for name in family.presets}
        preset = choose(
            "Preset", presets, param="preset", help="Where all settings below begin.", follows=True
        )
        st.caption(escape_markdown(describe_preset(family, preset)))
    return family, preset


def _choose_name(database: Database, study: StudyRecord, family: Family, preset: str) -> str:
    """Ask for a name; what the user wrote stays when family or preset change, and stands in the address."""
    taken = {run.name.casefold() for run in list_generator_runs(database, study.id)}
    suggested, number = f"{family.title} {preset}", 2
    while suggested.casefold() in taken:
        suggested, number = f"{family.title} {preset} {number}", number + 1
    key = "generator_name"
    st.session_state[key] = st.query_params.get("name") or suggested

    def remember() -> None:
        if st.session_state[key].strip() and st.session_state[key] != suggested:
            st.query_params["name"] = st.session_state[key]
        else:
            st.query_params.pop("name", None)

    place, _ = st.columns(2)
    return place.text_input(
        "Name",
        key=key,
        max_chars=_LONGEST_NAME,
        on_change=remember,
        help="For lists, and for the sets that it draws; each of the study's generators has its own.",
    )


def _tell_material(material: TrainingMaterial, *, has_heldout: bool) -> None:
    files = "1 file" if material.n_files == 1 else f"{material.n_files:,} files"
    named = [f"{show_name(name)} {count:,}" for name, count in material.classes.items()]
    more = f" and {len(named) - _MOST_CLASSES} more" if len(named) > _MOST_CLASSES else ""
    classes = f" in {len(named)} {'class' if len(named) == 1 else 'classes'}" if named else " without classes"
    listed = f" ({', '.join(named[:_MOST_CLASSES])}{more})" if named else ""
    never = " Held-out images are never seen." if has_heldout else ""
    st.text(f"It learns from the study's real set: {files}{classes}{listed}.{never}")


def _tell_work(options: GeneratorOptions, material: TrainingMaterial) -> None:
    n = material.count(options.classes)
    phases = options.list_phases(n)
    parts = [
        f"{images:,} images{f' for {phase}' if len(phases) > 1 else ''} ({_write_passes(images / n)})"
        for phase, images in phases.items()
    ]
    st.markdown(f"**Work: {escape_markdown(', then '.join(parts))}**")
    by_images = "Epochs do not count, since images are set. " if options.n_images else ""
    st.caption(
        f"{by_images}Training runs in the background; stopped, it leaves a checkpoint to go on "
        "from. Images per second and time left appear once it runs."
    )


def _write_passes(passes: float) -> str:
    return f"each file {passes:,.0f} times" if passes >= 10 else f"each file {passes:.1f} times"


@st.cache_data(ttl=60, max_entries=64, show_spinner="Looking at the real set")
def _look(real: FolderRef, labels: FolderRef | None, places: tuple[str, ...]) -> TrainingMaterial:
    """Look at a real set; `places` is where the roots are, since one name may mean another place later."""
    return look_at_material(real, labels, get_settings())


def _train(
    database: Database,
    settings: Settings,
    study: StudyRecord,
    name: str,
    family: Family,
    preset: str,
    options: GeneratorOptions,
    *,
    tensorboard: bool,
) -> None:
    try:
        run = create_generator_run(
            database,
            study_id=study.id,
            name=name,
            family=family.name,
            preset=preset,
            options=options.model_dump(mode="json"),
            real=study.folders.real,
            labels=study.folders.labels,
        )
        submit_train(database, settings, run, tensorboard=tensorboard)
    except MedSynError as error:
        # The form keeps what was filled in.
        st.error(escape_markdown(str(error)))
        return
    st.query_params.from_dict({"study": study.id, "run": run.id})
    st.rerun()
