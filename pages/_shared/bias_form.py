"""The form that asks for an analysis of an audit's bias, and the jobs that make one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from pydantic import ValidationError

from core.audit.items import load_items
from core.bias.options import BiasChoices
from core.config import Settings
from core.datasets.image_set import Role
from core.db.database import Database
from core.db.jobs import list_jobs
from core.errors import InputError
from core.jobs.bias_job import BiasPayload
from core.jobs.job_folder import audit_folder
from core.jobs.submission import submit_bias
from core.validation import explain_first
from pages._shared.job_progress import show_active_jobs, show_last_job
from pages._shared.names import escape_markdown

__all__ = ["show_bias_form"]


def show_bias_form(
    database: Database, settings: Settings, audit_id: str, study_id: str, *, first: bool
) -> None:
    """Show jobs that analyse the audit's bias, and the form that asks for one.

    Args:
        database: the workspace's.
        settings: the workspace.
        audit_id: the audit.
        study_id: its study.
        first: whether there is no analysis yet; the form is then open.
    """
    show_active_jobs(study_id=study_id, kind="bias")
    jobs = [
        job
        for job in list_jobs(database, kind="bias", study_id=study_id)
        if job.payload.get("audit_id") == audit_id
    ]
    show_last_job(jobs, "analysis")
    if first and (n := _count_classes(audit_folder(settings, audit_id))) is not None and n < 2:
        st.info(
            f"Bias is about telling classes apart, and the real set has {n or 'none'}. Put each class into a "
            "sub-folder of its own, or give the study a labels CSV, and audit it again."
        )
        return
    with st.expander("Analyse the bias" if first else "Analyse with other choices", expanded=first):
        _show_form(database, settings, audit_id, study_id)


def _show_form(database: Database, settings: Settings, audit_id: str, study_id: str) -> None:
    default = BiasChoices()
    with st.form("bias", border=False):
        left, middle, right = st.columns(3)
        frame = left.number_input(
            "Frame (pixels)",
            32,
            1024,
            default.frame_px,
            help="Side of the square that every image is brought to before it is cut into patches.",
        )
        patch = middle.number_input(
            "Patch (frame pixels)",
            4,
            1024,
            default.patch_px,
            help="Side of a patch: about the size of the smallest mark that is to be found.",
        )
        stride = right.number_input(
            "Step (frame pixels)",
            1,
            1024,
            default.stride_px,
            help="From one patch to the next; half a patch or less leaves no mark cut in two.",
        )
        permutations = left.number_input(
            "Permutations",
            19,
            100_000,
            default.n_permutations,
            help="Shuffled labellings that say what chance alone reaches; more make p-values finer.",
        )
        most = middle.number_input(
            "Images a class at most",
            10,
            100_000,
            default.max_per_class,
            help="Of larger classes a random part is looked at.",
        )
        seed = right.number_input("Seed", 0, 2**32 - 1, default.seed, help="The same seed, the same numbers.")
        attribution = st.checkbox(
            "Also train a classifier and ask where it looks",
            value=default.attribution,
            help="Grad-CAM and occlusion, averaged by class; takes longer, and changes no other number.",
        )
        st.caption(
            "Takes about a minute for a few hundred images a set; more and finer patches take longer, and so "
            "does a classifier."
        )
        if not st.form_submit_button("Analyse", type="primary", icon=":material/troubleshoot:"):
            return
    try:
        choices = BiasChoices(
            frame_px=frame,
            patch_px=patch,
            stride_px=stride,
            n_permutations=permutations,
            max_per_class=most,
            seed=seed,
            attribution=attribution,
        )
    except ValidationError as error:
        st.error(escape_markdown(explain_first(error)))
        return
    wanted = BiasPayload(audit_id=audit_id, choices=choices).model_dump(mode="json")
    if any(job.payload == wanted for job in list_jobs(database, kind="bias", active=True)):
        st.info("This analysis is being made already.")
        return
    submit_bias(database, settings, audit_id=audit_id, study_id=study_id, choices=choices)
    # The new analysis is shown once it is there.
    for name in ("bias", "map", "cell", "region", "patches"):
        st.query_params.pop(name, None)
    st.rerun()


def _count_classes(folder: Path) -> int | None:
    """Count the classes of an audit's real images; None where its list of images cannot be read."""
    try:
        items = load_items(folder).table
    except InputError:
        return None
    labels = zip(items.column("role").to_pylist(), items.column("label").to_pylist(), strict=True)
    return len({label for role, label in labels if role == Role.REAL and label is not None})
