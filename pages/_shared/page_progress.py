"""Progress of work that a page waits for, since it is too little for a job."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

__all__ = ["PageProgress"]

_EVERY_S: Final = 0.2


class PageProgress:
    """A bar on the page where it is made; leaving or reloading the page ends the work between two steps."""

    def __init__(self) -> None:
        self._bar = st.progress(0.0)
        self._stage, self._total, self._unit, self._done = "", 0, "", 0
        self._shown_at = 0.0

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """Show that a stage begins."""
        self._stage, self._total, self._unit, self._done = stage, total, unit, 0
        self._show()

    def advance(self, steps: int = 1) -> None:
        """Show that steps are done, a few times a second."""
        self._done += steps
        if self._done == self._total or time.monotonic() - self._shown_at >= _EVERY_S:
            self._show()

    def notice(self, message: str) -> None:
        """Pass over what only a log is for."""

    def clear(self) -> None:
        """Take the bar away."""
        self._bar.empty()

    def _show(self) -> None:
        self._shown_at = time.monotonic()
        share = min(self._done / self._total, 1.0) if self._total else 0.0
        self._bar.progress(share, text=f"{self._stage}: {self._done:,} of {self._total:,} {self._unit}")
