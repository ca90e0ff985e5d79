"""The form that starts a review."""

from __future__ import annotations

import secrets

import streamlit as st

from core.audit.items import load_items
from core.audit.pairs import load_pairs
from core.config import Settings
from core.db.database import Database
from core.db.reviews import create_review, list_reviews
from core.errors import MedSynError
from core.jobs.job_folder import audit_folder
from core.review.blinding import find_tells
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from pages._shared.code_extractors import title_code_extractors
from pages._shared.names import escape_markdown

__all__ = ["show_review_form"]

_WHY_CONTROLS = (
    "Controls are pairs of a real image with the training image nearest to it, drawn at random and mixed in: "
    "they cannot be copies, so they tell how often a reader sees a copy where there is none."
)


def show_review_form(database: Database, settings: Settings, audit_id: str, *, reader: str) -> None:
    """Ask what is to be read, and start the review; its id then stands in the address."""
    folder = audit_folder(settings, audit_id)
    table, items = load_pairs(folder), load_items(folder)
    synthetic = table[table["query_role"] == "synthetic"]
    extractors = sorted(set(synthetic["extractor"]), key=lambda name: (name != "pixels", name))
    if not extractors:
        st.info("This audit found no pairs: it has too few real images to search for copies.")
        return
    titles = title_code_extractors(database)
    default = ReviewPlan()
    taken = {one.name for one in list_reviews(database, audit_id)}
    name = next(name for at in range(1, len(taken) + 2) if (name := f"Review {at}") not in taken)
    with st.form("review"):
        st.markdown("**Start a review**")
        left, middle, right = st.columns([2, 2, 1])
        name = left.text_input("Name", name, max_chars=80)
        sets = middle.multiselect(
            "Synthetic sets", list(dict.fromkeys(synthetic["query_set"])), placeholder="All"
        )
        extractor = right.selectbox(
            "Evidence from",
            extractors,
            format_func=lambda name: titles.get(name, name),
            help="`pixels` searches under flips, turns, shifts and crops; others compare features.",
        )
        left, middle, right = st.columns([2, 2, 1])
        n_strongest = left.number_input(
            "Strongest pairs",
            0,
            100_000,
            default.n_strongest,
            help="Every flagged image is read; the strongest others make up for this many.",
        )
        share = middle.number_input(
            "Controls for each 100 pairs", 0, 100, round(100 * default.control_share), 5, help=_WHY_CONTROLS
        )
        seed = right.number_input(
            "Seed", 0, 2**32 - 1, secrets.randbelow(10_000), help="Seeds which controls are drawn and where."
        )
        st.caption(_WHY_CONTROLS)
        for tell in find_tells(items):
            st.warning(escape_markdown(tell))
        if not st.form_submit_button("Start review", type="primary", icon=":material/rate_review:"):
            return
    plan = ReviewPlan(
        extractor=extractor or extractors[0],
        sets=tuple(sets),
        n_strongest=n_strongest,
        control_share=share / 100,
        seed=seed,
    )
    try:
        record = create_review(
            database,
            audit_id=audit_id,
            name=name,
            created_by=reader,
            plan=plan.model_dump(mode="json"),
            pairs=plan_review(table, items, plan),
        )
    except MedSynError as error:
        # The form keeps what was filled in.
        st.error(escape_markdown(str(error)))
        return
    st.query_params["review"] = record.id
    st.rerun()
