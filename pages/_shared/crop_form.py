"""The form that starts a crop experiment: what is cropped, what is measured, and how much work it is."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.config import Settings
from core.crop_experiment.request import CropRequest
from core.db.database import Database
from core.db.studies import StudyRecord
from core.errors import InputError
from core.jobs.submission import submit_crop
from core.utility.arms import KIND_TITLES
from core.utility.significance import explain_repeats
from core.utility.size import measure_experiment
from pages._shared.crop_region import choose_region, show_crop_preview
from pages._shared.names import escape_markdown
from pages._shared.readiness import show_readiness
from pages._shared.selection import choose_several
from pages._shared.study_choice import lead_to_synthetic
from pages._shared.utility_settings import choose_preset, choose_protocol

__all__ = ["show_crop_form"]

_KINDS: Final = {title: kind for kind, title in KIND_TITLES.items()}


def show_crop_form(database: Database, settings: Settings, study: StudyRecord) -> None:
    """Ask what is cropped and measured, show what it does, and start it; its id then is in the address."""
    if not study.folders.synthetic:
        lead_to_synthetic(study)
        return
    ready = show_readiness(settings, study)
    if ready is None:
        return
    st.text(
        "Everything is measured twice: on the images as they are, and once the region or margins are gone "
        f"from the real ({ready.n_real:,} files), held-out ({ready.n_test:,} files) and synthetic sets alike."
    )
    st.subheader("What is cropped")
    request = None
    try:
        request = choose_region(database, settings, study.id)
    except InputError as error:
        st.info(escape_markdown(str(error)))
    # Filled once the policy is known that images are read by.
    preview = st.container()

    st.subheader("What is measured")
    left, right = st.columns(2)
    with left:
        kinds = choose_several("Utility experiments", list(_KINDS), param="kinds", default=list(_KINDS))
    with right:
        preset = choose_preset()
    every = [one.name for one in study.folders.synthetic]
    names = choose_several("Synthetic sets", every, param="sets", default=every)
    try:
        protocol = choose_protocol("augmentation", preset)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return
    if request is not None:
        with preview:
            show_crop_preview(study.folders, request, protocol.intensity)
    if request is None or not kinds or not names:
        if not kinds or not names:
            st.info("Choose at least one utility experiment and one synthetic set above.")
        return
    asked = CropRequest.model_validate(
        request.model_dump()
        | {
            "utility": protocol,
            "protocol": {"intensity": protocol.intensity, "join_slices": protocol.join_slices},
            "kinds": [_KINDS[one] for one in kinds],
            "synthetic": names,
        }
    )
    _explain_size(asked)
    if st.button("Crop and measure again", type="primary", icon=":material/crop:"):
        job = submit_crop(database, settings, study, asked)
        st.query_params.from_dict({"study": study.id, "experiment": job.id})
        st.rerun()


def _explain_size(asked: CropRequest) -> None:
    sizes = [measure_experiment(kind, asked.utility, asked.synthetic) for kind in asked.kinds]
    n_runs = 2 * sum(one.n_runs for one in sizes)
    st.markdown(
        f"**{n_runs:,} trainings, half of them on cropped images, and two audits.** Trainings on the images "
        "as they are that an experiment of the same settings finished before are kept."
    )
    if too_few := explain_repeats(asked.utility.repeats, len(asked.synthetic)):
        st.warning(escape_markdown(too_few))
