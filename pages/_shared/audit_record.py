"""What decided an audit's numbers: its sets and its protocol."""

from __future__ import annotations

import streamlit as st

from core.audit.result import AuditSummary
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["show_record"]

_ROLES = {"real": "real (train)", "heldout": "held-out", "synthetic": "synthetic"}
_SETS = (
    Column("name", "Set"),
    Column("role", "Role"),
    Column("n", "Images", kind="number"),
    Column("left_out", "Left out", "Files that could not be read; no number holds them.", kind="number"),
    Column("classes", "Classes"),
    Column("formats", "Formats"),
    Column("digest", "Digest", "SHA-256 over images and labels: the same digest, the same set."),
)
_FILES = (Column("file", "File"), Column("set", "Set"), Column("reason", "Why it was left out"))


def show_record(summary: AuditSummary) -> None:
    """Show the image sets as they were read, and the protocol."""
    with st.expander("Image sets"):
        rows = tuple(
            (
                one.name,
                {
                    "name": Cell(one.name),
                    "role": Cell(_ROLES[one.role]),
                    "n": Cell(f"{one.n:,}", one.n),
                    "left_out": Cell(f"{len(one.unreadable):,}", len(one.unreadable)),
                    "classes": Cell(", ".join(f"{name} {n:,}" for name, n in one.classes.items())),
                    "formats": Cell(", ".join(f"{name} {n:,}" for name, n in one.formats.items())),
                    "digest": Cell(one.digest[:12], one.digest, tooltip=one.digest),
                },
            )
            for one in summary.sets
        )
        show_table(Table(_SETS, rows), key="sets", file_name="image-sets.csv")
        bad = tuple(
            (
                f"{one.name}/{place}",
                {"file": Cell(file.file), "set": Cell(one.name), "reason": Cell(file.reason)},
            )
            for one in summary.sets
            for place, file in enumerate(one.unreadable)
        )
        if bad:
            show_table(Table(_FILES, bad), key="unreadable", file_name="left-out.csv")
    with st.expander("Protocol"):
        protocol = summary.protocol
        choices = {
            name: "default" if value in (None, []) else value for name, value in protocol.choices.items()
        }
        rows = tuple(
            (name, {"name": Cell(name), "value": Cell(str(value))}) for name, value in choices.items()
        )
        show_table(
            Table((Column("name", "Choice"), Column("value", "Value")), rows),
            key="protocol",
            file_name="protocol.csv",
        )
        for one in protocol.extractors:
            st.text(f"{one.name}: {one.identity}")
        st.caption(
            f"Intensity: {protocol.intensity}. Device: {protocol.device}. It took {summary.seconds:,.1f} s."
        )
