"""What decided a utility experiment's numbers, and its files."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.utility.result import UtilitySummary
from pages._shared.table import show_table
from pages._shared.utility_tables import lay_out_protocol, lay_out_used_sets

__all__ = ["list_utility_files", "show_utility_record"]

_FILES: Final = (
    (
        "utility.json",
        "utility.json",
        "Protocol, sets, arms, scores and tests for programs.",
        "application/json",
    ),
    (
        "utility.csv",
        "utility.csv",
        "One row an arm, score and baseline, with intervals and tests.",
        "text/csv",
    ),
    ("runs.csv", "runs.csv", "One row a training, with its scores on the test images.", "text/csv"),
    ("answers.csv", "answers.csv", "One row a training and test image, with its probabilities.", "text/csv"),
    ("curves.csv", "curves.csv", "One row a training and epoch.", "text/csv"),
)
_GAPS: Final = (
    "gaps.csv",
    "gaps.csv",
    "One row an arm, column and score: how far its best and its worst group lie apart.",
    "text/csv",
)


def list_utility_files(summary: UtilitySummary) -> tuple[tuple[str, str, str, str], ...]:
    """List the files of an experiment, as `show_downloads` takes them."""
    return (*_FILES, _GAPS) if summary.group_gaps else _FILES


def show_utility_record(summary: UtilitySummary) -> None:
    """Show the image sets as they were read, and the protocol."""
    with st.expander("Image sets"):
        show_table(lay_out_used_sets(summary), key="used_sets", file_name="image-sets.csv")
    with st.expander("Protocol"):
        show_table(lay_out_protocol(summary), key="protocol", file_name="protocol.csv")
        st.caption(f"All trainings together took {summary.seconds:,.0f} s.")
