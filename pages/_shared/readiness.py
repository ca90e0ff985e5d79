"""Whether a study can be trained on: what it lacks is said, and where to change that."""

from __future__ import annotations

import streamlit as st

from core.config import Settings, get_settings
from core.datasets.study_folders import StudyFolders
from core.db.studies import StudyRecord
from core.errors import MedSynError
from core.utility.readiness import Readiness, check_readiness
from pages._shared.links import SETUP
from pages._shared.names import escape_markdown

__all__ = ["show_readiness"]


def show_readiness(settings: Settings, study: StudyRecord) -> Readiness | None:
    """Look at a study's folders; where they do not do for a utility experiment, say why and link to setup.

    Returns:
        What was counted, or None where something is lacking.
    """
    try:
        ready = _look(study.folders, tuple(str(root.path) for root in settings.data_roots))
    except MedSynError as error:
        ready = Readiness(0, 0, (), str(error))
    if not ready.problem:
        return ready
    st.info(escape_markdown(ready.problem))
    st.page_link(
        SETUP,
        label="Change the study",
        icon=":material/create_new_folder:",
        query_params={"study": study.id},
    )
    return None


@st.cache_data(ttl=60, max_entries=64, show_spinner="Looking at the study")
def _look(folders: StudyFolders, places: tuple[str, ...]) -> Readiness:
    """Look at a study; `places` is where the roots are, since one name may mean another place later."""
    return check_readiness(folders, get_settings())
