"""Progress on a terminal: a bar with speed and time left; plain lines where there is no terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

__all__ = ["TerminalProgress"]

_LINE_EVERY_S = 15.0


class _Rate(ProgressColumn):
    """Steps per second, since "images per second" is what a user plans by."""

    def render(self, task: Task) -> Text:
        """Show the speed of one stage."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.1f} {task.fields['unit']}/s")


class TerminalProgress:
    """Shows stages on standard error, so that standard output stays clean for results."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = self._console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}", table_column=None),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            _Rate(),
            TimeRemainingColumn(),
            console=self._console,
            transient=False,
            disable=not self._live,
        )
        self._task: TaskID | None = None
        self._stage, self._unit, self._total, self._done = "", "images", 0, 0
        self._began = self._spoke = time.monotonic()

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """Begin a stage."""
        self._stage, self._unit, self._total, self._done = stage, unit, total, 0
        self._began = self._spoke = time.monotonic()
        if self._live:
            self._task = self._bar.add_task(stage, total=max(total, 1), unit=unit)

    def advance(self, steps: int = 1) -> None:
        """Move the current stage on."""
        self._done += steps
        if self._live and self._task is not None:
            self._bar.advance(self._task, steps)
            return
        now = time.monotonic()
        if now - self._spoke >= _LINE_EVERY_S and self._done:
            self._spoke = now
            rate = self._done / (now - self._began)
            left = (self._total - self._done) / rate
            self._console.print(
                f"{self._stage}: {self._done:,} of {self._total:,}, {rate:,.1f} {self._unit}/s, "
                f"{left:,.0f} s left",
                markup=False,
                soft_wrap=True,
            )

    def notice(self, message: str) -> None:
        """Print one sentence."""
        self._console.print(f"Note: {message}", markup=False, soft_wrap=True)
