"""The study that a page shows, chosen at its top and kept in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.db.database import Database
from core.db.studies import StudyRecord, list_studies
from pages._shared.links import OVERVIEW
from pages._shared.selection import choose

__all__ = ["choose_study"]


def choose_study(
    database: Database, place: DeltaGenerator, *, owners: Mapping[str, str] | None = None, param: str = ""
) -> StudyRecord:
    """Ask for a study; without any, link to where to set one up, and end the page.

    Args:
        database: where studies are kept.
        place: where the study is chosen.
        owners: id of each audit or experiment that the page can show to its study: studies that have one come
            first.
        param: name of the query parameter that holds such an id. An address that names it alone means its
            study, whichever were added since.
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
        return by_id[choose("Study", names, param="study", default=owner if owner in names else None)]
