"""Downloads of the files of an audit or an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

__all__ = ["AUDIT_FILES", "show_downloads"]

AUDIT_FILES = (
    (
        "report.html",
        "Report of the audit",
        "As the audit wrote it, with images; one file, no network needed.",
        "text/html",
    ),
    ("metrics.csv", "metrics.csv", "One row a number, with interval, n, floor and note.", "text/csv"),
    (
        "copies.csv",
        "copies.csv",
        "One row a synthetic image: its nearest real one and their distance.",
        "text/csv",
    ),
    ("audit.json", "audit.json", "Protocol, sets and results for programs.", "application/json"),
)


def show_downloads(
    folder: Path, audit_id: str, files: Sequence[tuple[str, str, str, str]] = AUDIT_FILES
) -> None:
    """Offer the files of an audit or an experiment; each is read only when it is asked for.

    Args:
        folder: where they lie.
        audit_id: its id, which the downloaded files are named by.
        files: name, label, sentence on hover, and media type of each.
    """
    with st.container(horizontal=True):
        for name, label, sentence, mime in files:
            path = folder / name
            st.download_button(
                label,
                partial(_read, path),
                file_name=f"{path.stem}-{audit_id}{path.suffix}",
                mime=mime,
                help=sentence,
                icon=":material/download:",
                on_click="ignore",
                disabled=not path.is_file(),
            )


def _read(path: Path) -> bytes:
    return path.read_bytes()
