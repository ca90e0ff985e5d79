"""A job's progress: kept in memory by the work, written to the database by a thread beside it."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType

from core.db.database import Database
from core.db.job_record import Beat
from core.db.jobs import beat_job
from core.errors import CancelledError, DatabaseError, UnknownNameError

__all__ = ["Heartbeat"]

_EVERY_S = 1.0
_MOST_NOTICES = 100
_log = logging.getLogger("medsynaudit.jobs")


class Heartbeat:
    """The `Progress` of a job. It never waits for the database; a call raises once the job should stop."""

    def __init__(self, database: Database, job_id: str) -> None:
        self._database, self._job_id = database, job_id
        self._beat = Beat(
            stage="Starting", unit="", steps_done=0, steps_total=0, stage_started_at=None, notices=()
        )
        self._lock = threading.Lock()
        self._cancelled, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """A stage begins."""
        _log.info("%s: %d %s", stage, total, unit)
        with self._lock:
            self._beat = Beat(stage, unit, 0, total, datetime.now(UTC), self._beat.notices)
        self._stop_if_asked()

    def advance(self, steps: int = 1) -> None:
        """Steps of the stage are done."""
        with self._lock:
            self._beat = replace(self._beat, steps_done=self._beat.steps_done + steps)
        self._stop_if_asked()

    def notice(self, message: str) -> None:
        """Keep one sentence for the user."""
        _log.info("%s", message)
        with self._lock:
            if message not in self._beat.notices and len(self._beat.notices) < _MOST_NOTICES:
                self._beat = replace(self._beat, notices=(*self._beat.notices, message))
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError

    def _run(self) -> None:
        while True:
            last = self._over.wait(_EVERY_S)
            self._speak()
            if last:
                return

    def _speak(self) -> None:
        with self._lock:
            beat = self._beat
        try:
            if beat_job(self._database, self._job_id, beat):
                self._cancelled.set()
        except DatabaseError as error:
            # A database that is away for a moment must not end hours of work.
            _log.warning("%s", error)
        except UnknownNameError:
            self._cancelled.set()
