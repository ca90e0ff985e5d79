"""Ctrl-C as a wish to stop: work hears of it at its next step and keeps its state first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

from core.commands.terminal_progress import TerminalProgress
from core.errors import CancelledError

__all__ = ["InterruptibleProgress"]


class InterruptibleProgress:
    """Progress on a terminal that cancels the work after Ctrl-C; a second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        self._shown = TerminalProgress()
        self._asked = False
        self._earlier: signal.Handlers | object | None = None

    def __enter__(self) -> InterruptibleProgress:
        self._shown.__enter__()
        # Only a process's main thread may listen for signals.
        if threading.current_thread() is threading.main_thread():
            self._earlier = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._earlier is not None:
            signal.signal(signal.SIGINT, self._earlier)  # type: ignore[arg-type]
        self._shown.__exit__(kind, error, trace)

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """Begin a stage."""
        self._stop_if_asked()
        self._shown.start(stage, total, unit)

    def advance(self, steps: int = 1) -> None:
        """Move the current stage on."""
        self._shown.advance(steps)
        self._stop_if_asked()

    def notice(self, message: str) -> None:
        """Print one sentence."""
        self._shown.notice(message)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    def _stop_if_asked(self) -> None:
        if self._asked:
            raise CancelledError
