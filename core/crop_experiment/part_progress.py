"""Tells which part of an experiment a stage belongs to."""

from __future__ import annotations

from core.progress import Progress

__all__ = ["PartProgress"]


class PartProgress:
    """Passes progress on, with the part before each stage.

    Args:
        progress: who is told.
        n_parts: parts of the whole.
    """

    def __init__(self, progress: Progress, n_parts: int) -> None:
        self._progress = progress
        self._n_parts = n_parts
        self._at = 0
        self._part = ""

    def begin(self, part: str) -> None:
        """The next part begins."""
        self._at += 1
        self._part = f"Part {self._at} of {self._n_parts}, {part}"

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """A stage of the part begins."""
        self._progress.start(f"{self._part}: {stage}", total, unit)

    def advance(self, steps: int = 1) -> None:
        """Steps of the stage are done."""
        self._progress.advance(steps)

    def notice(self, message: str) -> None:
        """One sentence the user should read now."""
        self._progress.notice(message)
