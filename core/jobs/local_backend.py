"""Jobs as processes of this machine, each in a session of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from core.config import Settings
from core.db.job_record import JobRecord
from core.errors import StoreError
from core.jobs.job_folder import log_path

__all__ = ["LocalBackend", "own_start_time"]

_ROOT = Path(__file__).resolve().parents[2]
# Clocks of start times are kept to a hundredth of a second.
_SAME_START_S = 0.05

# Processes that this process started, by id and start: only a parent learns how its child ended, and must
# collect it.
_children: dict[tuple[int, float], subprocess.Popen[bytes]] = {}


class LocalBackend:
    """Starts jobs on this machine; they outlive the process that started them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        for child in _children.values():
            # Every round of the queue makes a backend; a child that ended and is never asked after would stay
            # in the system's list of processes.
            child.poll()

    @property
    def host(self) -> str:
        """This machine's name."""
        return socket.gethostname()

    def start(self, job: JobRecord) -> tuple[int, float]:
        """Start the job's process; its output goes to the job's log."""
        path = log_path(self._settings, job.id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as log:
                child = subprocess.Popen(  # noqa: S603  # nothing of it comes from a user
                    [sys.executable, "-m", "core", "job", "run", job.id],
                    cwd=_ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            raise StoreError(f"The job's process cannot be started ({error.strerror}).") from error
        started = 0.0
        with suppress(psutil.Error):
            started = psutil.Process(child.pid).create_time()
        for key in [key for key, other in _children.items() if other.poll() is not None]:
            # One that nobody asked after ended as it should.
            del _children[key]
        _children[child.pid, started] = child
        return child.pid, started

    def find_end(self, job: JobRecord) -> str | None:
        """Look for the job's process by its id and start time."""
        if job.pid is None:
            return "its process never began"
        child = _children.get((job.pid, job.pid_started or 0.0))
        if child is not None:
            if child.poll() is None:
                return None
            return _describe_status(child.returncode)
        try:
            process = psutil.Process(job.pid)
            same = abs(process.create_time() - (job.pid_started or 0.0)) < _SAME_START_S
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            pass
        except psutil.AccessDenied:
            return None
        return "its process is gone: it was killed, ran out of memory, or the machine restarted"

    def interrupt(self, job: JobRecord, *, force: bool) -> None:
        """Signal the group that the job leads."""
        if job.pid is None or self.find_end(job) is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            # The job leads its session, so that its group holds whatever it started.
            if os.getpgid(job.pid) == job.pid:
                os.killpg(job.pid, signal.SIGKILL if force else signal.SIGTERM)


def own_start_time() -> float:
    """When this process started, in seconds since 1970."""
    return psutil.Process().create_time()


def _describe_status(status: int) -> str:
    if status >= 0:
        return f"its process ended with status {status} without a word"
    name = signal.Signals(-status).name
    hint = "; often the machine had no memory left" if -status == signal.SIGKILL else ""
    return f"its process was ended by the signal {name}{hint}"
