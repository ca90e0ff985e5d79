"""Which map of an audit is looked at, and the form that makes another one."""

from __future__ import annotations

import streamlit as st

from core.audit.result import AuditSummary
from core.config import Settings
from core.db.database import Database
from core.db.jobs import list_jobs
from core.jobs.job_folder import audit_folder
from core.jobs.map_job import MapPayload
from core.jobs.submission import submit_map
from core.maps.map_file import MapRecord, list_maps
from core.maps.map_options import MapOptions
from pages._shared.code_extractors import title_code_extractors
from pages._shared.job_progress import show_active_jobs, show_last_job
from pages._shared.selection import choose
from pages._shared.workspace import open_workspace

__all__ = ["choose_extractor", "choose_map", "show_map_form"]

_ABOUT_MAPS = "Neighbours, least distance and seed of UMAP; every map that is made is kept."


def choose_extractor(summary: AuditSummary) -> str:
    """Choose one of the audit's extractors; those of distribution metrics first."""
    ordered = sorted(summary.protocol.extractors, key=lambda one: "distribution" not in one.metrics)
    _, database = open_workspace()
    titles = title_code_extractors(database)
    return choose(
        "Features of",
        {one.name: titles.get(one.name, one.name) for one in ordered},
        param="extractor",
        help="The extractor whose features are laid out; images that it finds alike lie together.",
    )


def choose_map(settings: Settings, audit_id: str, extractor: str) -> str | None:
    """Choose one of the maps that there are; None where there is none yet."""
    folder = audit_folder(settings, audit_id)
    maps = {key: one for key, one in list_maps(folder).items() if one.extractor == extractor}
    if not maps:
        return None
    return choose("Map", {key: _name(one) for key, one in maps.items()}, param="map", help=_ABOUT_MAPS)


def show_map_form(
    database: Database, settings: Settings, audit_id: str, study_id: str, extractor: str, *, first: bool
) -> None:
    """Show jobs that make maps of the audit, and the form that asks for one.

    Args:
        database: the workspace's.
        settings: the workspace.
        audit_id: the audit.
        study_id: its study.
        extractor: whose features.
        first: whether there is no map yet; the form is then open.
    """
    show_active_jobs(study_id=study_id, kind="map")
    jobs = [
        job
        for job in list_jobs(database, kind="map", study_id=study_id)
        if (job.payload.get("audit_id"), job.payload.get("extractor")) == (audit_id, extractor)
    ]
    kept = "Features that were extracted for it are kept for the next one."
    show_last_job(jobs, "map", kept=kept)
    with st.expander("Make a map" if first else "Make another map", expanded=first):
        _show_form(database, settings, audit_id, study_id, extractor)


def _show_form(database: Database, settings: Settings, audit_id: str, study_id: str, extractor: str) -> None:
    default = MapOptions()
    with st.form("map", border=False):
        left, middle, right = st.columns(3)
        n_neighbors = left.number_input(
            "Neighbours",
            2,
            200,
            default.n_neighbors,
            help="Images that UMAP tries to keep together with each: few show detail, many show the whole.",
        )
        min_dist = middle.number_input(
            "Least distance",
            0.0,
            0.99,
            default.min_dist,
            step=0.05,
            help="How close UMAP may put neighbours: 0 makes tight clumps.",
        )
        seed = right.number_input("Seed", 0, 2**32 - 1, default.seed, help="The same seed, the same map.")
        st.caption(
            "Takes seconds for some hundred images and longer for more; features come from the "
            "audit. Principal components are made along with it."
        )
        if not st.form_submit_button("Make the map", type="primary", icon=":material/scatter_plot:"):
            return
    options = MapOptions(n_neighbors=n_neighbors, min_dist=min_dist, seed=seed)
    wanted = MapPayload(audit_id=audit_id, extractor=extractor, options=options).model_dump(mode="json")
    if any(job.payload == wanted for job in list_jobs(database, kind="map", active=True)):
        st.info("This map is being made already.")
        return
    submit_map(
        database,
        settings,
        audit_id=audit_id,
        study_id=study_id,
        extractor=extractor,
        options=options,
    )
    # The new map is shown once it is there.
    st.query_params.pop("map", None)
    st.rerun()


def _name(record: MapRecord) -> str:
    return f"{record.n_neighbors} neighbours, {record.min_dist:g}, seed {record.seed}"
