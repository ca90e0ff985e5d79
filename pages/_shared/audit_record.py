"""What decided an audit's numbers: its sets and its protocol."""

from __future__ import annotations

import streamlit as st

from core.audit.result import AuditSummary
from pages._shared.image_sets import show_image_sets
from pages._shared.intensity_choice import write_choice
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["show_record"]


def show_record(summary: AuditSummary) -> None:
    """Show the image sets as they were read, and the protocol."""
    with st.expander("Image sets"):
        show_image_sets(summary.sets, key="audited")
    with st.expander("Protocol"):
        protocol = summary.protocol
        rows = tuple(
            (name, {"name": Cell(name), "value": Cell(write_choice(name, value))})
            for name, value in protocol.choices.items()
        )
        show_table(
            Table((Column("name", "Choice"), Column("value", "Value")), rows),
            key="protocol",
            file_name="protocol.csv",
        )
        for one in protocol.extractors:
            st.text(f"{one.name}: {one.identity}{f' | {one.view}' if one.view else ''}")
        st.caption(
            f"Intensity: {protocol.intensity}. Device: {protocol.device}. It took {summary.seconds:,.1f} s."
        )
