"""Where a job writes: its log, and what it makes."""

from __future__ import annotations

from pathlib import Path

from core.config import GENERATORS_FOLDER, Settings
from core.datasets.study_folders import EXPERIMENTS_FOLDER
from core.errors import UnknownNameError

__all__ = [
    "audit_folder",
    "experiment_folder",
    "export_folder",
    "generator_folder",
    "items_folder",
    "log_path",
    "read_log_tail",
    "utility_runs_folder",
]

_TAIL_BYTES = 64 * 1024


def log_path(settings: Settings, job_id: str) -> Path:
    """The log of a job in the workspace."""
    return settings.home / "jobs" / f"{_checked(job_id)}.log"


def audit_folder(settings: Settings, audit_id: str) -> Path:
    """The files of an audit that a job computed."""
    return settings.home / "audits" / _checked(audit_id)


def experiment_folder(settings: Settings, experiment_id: str) -> Path:
    """The files of an experiment that a job ran."""
    return settings.home / EXPERIMENTS_FOLDER / _checked(experiment_id)


def utility_runs_folder(settings: Settings) -> Path:
    """Finished trainings of all utility experiments, by what decides them; equal ones are never run twice."""
    return settings.home / "utility-runs"


def items_folder(settings: Settings, owner_id: str) -> Path:
    """The folder with the images of an audit or, where there is no audit of that id, of an experiment."""
    audit = audit_folder(settings, owner_id)
    return audit if audit.is_dir() else experiment_folder(settings, owner_id)


def export_folder(settings: Settings, job_id: str) -> Path:
    """Where a job writes what a user asked to have as files."""
    return settings.home / "exports" / _checked(job_id)


def generator_folder(settings: Settings, run_id: str) -> Path:
    """The files of a generator: weights, losses, sample grids."""
    return settings.home / GENERATORS_FOLDER / _checked(run_id)


def read_log_tail(settings: Settings, job_id: str) -> str:
    """The end of a job's log, whole lines, 64 KiB at most; empty while there is none."""
    try:
        with log_path(settings, job_id).open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - _TAIL_BYTES))
            text = log.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    return text if size <= _TAIL_BYTES else text.partition("\n")[2]


def _checked(job_id: str) -> str:
    """Ids come from addresses and command lines; one that is no id must not become a path."""
    if not (job_id.isascii() and job_id.isalnum()):
        raise UnknownNameError(f"There is no job {job_id!r}; the Jobs page lists those there are.")
    return job_id
