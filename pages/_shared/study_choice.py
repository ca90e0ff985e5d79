"""The study that a page shows, chosen at its top and kept in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.study_folders import NO_SYNTHETIC
from core.db.database import Database
from core.db.studies import StudyRecord, list_studies
from pages._shared.links import GENERATORS, OVERVIEW, SETUP
from pages._shared.selection import choose

__all__ = ["choose_study", "lead_to_synthetic"]


def choose_study(
    database: Database,
    place: DeltaGenerator,
    *,
    owners: Mapping[str, str] | None = None,
    param: str = "",
    needs_synthetic: bool = False,
) -> StudyRecord:
    """Ask for a study; without any, link to where to set one up, and end the page.

    Args:
        database: where studies are kept.
        place: where the study is chosen.
        owners: id of each audit or experiment that the page can show to its study: studies that have one come
            first.
        param: name of the query parameter that holds such an id. An address that names it alone means its
            study, whichever were added since.
        needs_synthetic: whether the page is about synthetic sets: a study that has none, and no audit or
            experiment to show from when it had, then ends the page with where to get one.
    """
    studies = list_studies(database)
    if not studies:
        st.info("No study yet. Set one up, or run the demo, from the overview.")
        st.page_link(OVERVIEW, label="To the overview", icon=":material/overview:")
        st.stop()
    owners = owners or {}
    filled = set(owners.values())
    by_id = {study.id: study for study in sorted(studies, key=lambda study: study.id not in filled)}
    names = {key: study.name for key, study in by_id.items()}
    owner = owners.get(st.query_params.get(param, ""))
    with place:
        study = by_id[choose("Study", names, param="study", default=owner if owner in names else None)]
    if needs_synthetic and not study.folders.synthetic and study.id not in filled:
        lead_to_synthetic(study)
        st.stop()
    return study


def lead_to_synthetic(study: StudyRecord) -> None:
    """Say that a study has no synthetic set, and link to where it gets one."""
    st.info(NO_SYNTHETIC)
    query = {"study": study.id}
    with st.container(horizontal=True):
        st.page_link(
            GENERATORS, label="Train a generator", icon=":material/model_training:", query_params=query
        )
        st.page_link(SETUP, label="Change the study", icon=":material/create_new_folder:", query_params=query)
