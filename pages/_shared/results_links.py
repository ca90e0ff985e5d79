"""Where the results of an ended job and of an experiment are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.db.job_record import JobRecord
from pages._shared.links import BIAS, CROP, EFFICIENCY, GENERATORS, QUALITY, RATING_SESSIONS, UTILITY

__all__ = ["ResultsLink", "find_results", "page_of_experiment"]


@dataclass(frozen=True, slots=True)
class ResultsLink:
    """A page and what stands in its address.

    Attributes:
        page: the page's file.
        query: parameters of the address.
    """

    page: Path
    query: dict[str, str]


def find_results(job: JobRecord) -> ResultsLink | None:
    """Find where what a job made is looked at; None where it made nothing that has a page."""
    outcome = job.outcome or {}
    study = outcome.get("study_id") or job.study_id
    query = {} if study is None else {"study": str(study)}
    if "experiment_id" in outcome:
        return ResultsLink(page_of_experiment(job.kind), query | {"experiment": outcome["experiment_id"]})
    if "bias" in outcome:
        return ResultsLink(BIAS, query | {"audit": outcome["audit_id"], "bias": outcome["bias"]})
    if "audit_id" in outcome:
        return ResultsLink(QUALITY, query | {"audit": outcome["audit_id"]})
    if job.kind == "measure":
        return ResultsLink(EFFICIENCY, query) if outcome else None
    if "run_id" in outcome:
        return ResultsLink(GENERATORS, query | {"run": outcome["run_id"]})
    if "session_id" in outcome:
        return ResultsLink(RATING_SESSIONS, query | {"session": outcome["session_id"]})
    return None


def page_of_experiment(kind: str) -> Path:
    """The page of a kind of experiment, or of the kind of job that runs it."""
    return CROP if kind == "crop" else UTILITY
