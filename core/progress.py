"""How long work tells its caller where it stands, and learns that it should stop."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "SilentProgress"]


class Progress(Protocol):
    """What a progress bar, a job row or a test passes into long work.

    Work is told in stages, one after the other. Any call may raise `core.errors.CancelledError`;
    long work lets it through and leaves what it finished in a valid state.
    """

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """A stage of `total` steps begins; `stage` is shown to the user."""

    def advance(self, steps: int = 1) -> None:
        """That many more steps of the current stage are done."""

    def notice(self, message: str) -> None:
        """One sentence the user should read now."""


class SilentProgress:
    """Tells nobody and never cancels."""

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def notice(self, message: str) -> None:
        """Do nothing."""
