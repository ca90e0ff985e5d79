"""The form that starts a utility experiment: what is compared, how, and how much work it is."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.config import Settings
from core.datasets.study_folders import list_study_columns
from core.db.database import Database
from core.db.studies import StudyRecord
from core.errors import InputError
from core.jobs.submission import submit_utility
from core.utility.arms import ExperimentKind
from core.utility.presets import UtilityProtocol
from core.utility.size import measure_experiment
from pages._shared.names import escape_markdown, show_name
from pages._shared.readiness import show_readiness
from pages._shared.selection import choose, choose_several
from pages._shared.study_choice import lead_to_synthetic
from pages._shared.utility_settings import choose_preset, choose_protocol

__all__ = ["show_utility_form"]

_KINDS = {
    "augmentation": "Augmentation: synthetic images join the real ones",
    "feature-extraction": "Feature extraction: pretrain on synthetic images, last layer on real ones",
}


def show_utility_form(database: Database, settings: Settings, study: StudyRecord) -> None:
    """Ask what is to be compared, say how much work that is, and start it; its id then is in the address."""
    if not study.folders.synthetic:
        lead_to_synthetic(study)
        return
    ready = show_readiness(settings, study)
    if ready is None:
        return
    st.text(
        f"A classifier learns to tell apart {', '.join(map(show_name, ready.classes))}, with and without "
        f"synthetic images beside the real set ({ready.n_real:,} files), and is tested on the held-out set "
        f"({ready.n_test:,} files): real images that no training sees."
    )
    left, right = st.columns(2)
    with left:
        kind = cast(ExperimentKind, choose("Question", _KINDS, param="kind"))
    with right:
        preset = choose_preset()
    every = [one.name for one in study.folders.synthetic]
    names = choose_several("Synthetic sets", every, param="sets", default=every)
    try:
        protocol = choose_protocol(kind, preset, columns=list_study_columns(study.folders, settings))
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return
    if not names:
        st.info("Choose at least one synthetic set above.")
        return
    _explain_size(kind, protocol, names)
    if st.button("Start the experiment", type="primary", icon=":material/play_arrow:"):
        job = submit_utility(database, settings, study, kind=kind, protocol=protocol, synthetic=names)
        st.query_params.from_dict({"study": study.id, "experiment": job.id})
        st.rerun()


def _explain_size(kind: ExperimentKind, protocol: UtilityProtocol, names: list[str]) -> None:
    size = measure_experiment(kind, protocol, names)
    repeats = "1 repeat" if protocol.repeats == 1 else f"{protocol.repeats} repeats"
    st.markdown(f"**{size.n_arms} arms × {repeats} = {size.n_runs:,} trainings.**")
    if size.too_few_repeats:
        st.warning(escape_markdown(size.too_few_repeats))
    else:
        st.caption(
            f"Enough repeats for p < 0.05 after correction for the {size.n_comparisons} arms that are held "
            "against one baseline. What is trained already, in this or another experiment, is kept."
        )
