"""The tables: studies, audits and experiments with their results, jobs, reviews, and generators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.table_base import ID_LENGTH, Base, UtcDateTime

__all__ = [
    "AuditTable",
    "ExperimentResultTable",
    "ExperimentTable",
    "GeneratorRunTable",
    "JobTable",
    "ResultTable",
    "ReviewOpeningTable",
    "ReviewPairTable",
    "ReviewTable",
    "StudyTable",
    "VerdictTable",
]


class StudyTable(Base):
    """A study: a name and its folders. Removed ones are kept, since audits and experiments refer to them."""

    __tablename__ = "studies"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    folders: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditTable(Base):
    """A finished audit; `summary` is `audit.json` without its results, which have rows of their own."""

    __tablename__ = "audits"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"), index=True)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResultTable(Base):
    """One number of an audit."""

    __tablename__ = "results"
    __table_args__ = (Index(None, "metric", "synthetic"),)

    audit_id: Mapped[str] = mapped_column(ForeignKey("audits.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    synthetic: Mapped[str] = mapped_column(Text)
    extractor: Mapped[str | None] = mapped_column(Text)
    class_name: Mapped[str | None] = mapped_column(Text)
    metric: Mapped[str] = mapped_column(String(80))
    value: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    n_real: Mapped[int]
    n_synthetic: Mapped[int]
    floor: Mapped[float | None]
    floor_detail: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    note: Mapped[str] = mapped_column(Text)


class ExperimentTable(Base):
    """A finished experiment; `summary` is the whole of its JSON file, rows of numbers stand beside it."""

    __tablename__ = "experiments"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExperimentResultTable(Base):
    """One score of one arm over repeats, with its change against one baseline where the arm has any."""

    __tablename__ = "experiment_results"

    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    synthetic: Mapped[str | None] = mapped_column(Text)
    arm: Mapped[str] = mapped_column(Text)
    baseline: Mapped[str | None] = mapped_column(Text)
    score: Mapped[str] = mapped_column(String(80))
    class_name: Mapped[str | None] = mapped_column(Text)
    group_name: Mapped[str | None] = mapped_column(Text)
    mean: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    change: Mapped[float | None]
    change_low: Mapped[float | None]
    change_high: Mapped[float | None]
    p: Mapped[float | None]
    p_holm: Mapped[float | None]
    n_repeats: Mapped[int]
    n_test: Mapped[int]
    note: Mapped[str] = mapped_column(Text)


class JobTable(Base):
    """One background run; see `core.db.jobs.JobRecord` for what the columns mean."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "created_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Text)
    study_id: Mapped[str | None] = mapped_column(ForeignKey("studies.id"), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20))
    rerun_of: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stage: Mapped[str] = mapped_column(Text, default="")
    unit: Mapped[str] = mapped_column(String(40), default="")
    steps_done: Mapped[int] = mapped_column(default=0)
    steps_total: Mapped[int] = mapped_column(default=0)
    stage_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notices: Mapped[list[str]] = mapped_column(JSON, default=list)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    exit_reason: Mapped[str] = mapped_column(Text, default="")
    host: Mapped[str | None] = mapped_column(Text)
    pid: Mapped[int | None]
    pid_started: Mapped[float | None]


class ReviewTable(Base):
    """A review of an audit's pairs; see `core.db.review_record.ReviewRecord`."""

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    audit_id: Mapped[str] = mapped_column(ForeignKey("audits.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked_by: Mapped[str | None] = mapped_column(Text)


class ReviewPairTable(Base):
    """One pair of a review; see `core.db.review_record.ReviewPair` and `PairEvidence`."""

    __tablename__ = "review_pairs"
    __table_args__ = (UniqueConstraint("review_id", "query_id"),)

    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_control: Mapped[bool]
    query_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    query_digest: Mapped[str] = mapped_column(String(64))
    query_set: Mapped[str] = mapped_column(Text)
    real_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    real_digest: Mapped[str] = mapped_column(String(64))
    label: Mapped[str | None] = mapped_column(Text)
    extractor: Mapped[str] = mapped_column(Text)
    distance: Mapped[float | None]
    rho: Mapped[float | None]
    p_value: Mapped[float | None]
    q_value: Mapped[float | None]
    flagged: Mapped[bool]
    transform: Mapped[str] = mapped_column(String(80))
    pixel_agreement: Mapped[float | None]
    overlap: Mapped[float | None]
    warp: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class VerdictTable(Base):
    """One verdict, or one withdrawal of it; the database itself refuses to change or delete a row."""

    __tablename__ = "verdicts"
    __table_args__ = (
        UniqueConstraint("review_id", "reviewer", "token"),
        ForeignKeyConstraint(["review_id", "number"], ["review_pairs.review_id", "review_pairs.number"]),
    )

    # Rises in the order of writing, since there is one writer at a time.
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    number: Mapped[int]
    reviewer: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(String(20))
    confidence: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(String(20))
    seen: Mapped[bool | None]
    blinded: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    token: Mapped[str] = mapped_column(String(64))


class ReviewOpeningTable(Base):
    """When a reader with pairs left first chose to see a review's outcome; later readings are not blinded."""

    __tablename__ = "review_openings"

    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    reviewer: Mapped[str] = mapped_column(Text, primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GeneratorRunTable(Base):
    """A generator that is trained, or was; see `core.db.generator_runs.GeneratorRun`."""

    __tablename__ = "generator_runs"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    family: Mapped[str] = mapped_column(String(40))
    preset: Mapped[str] = mapped_column(String(40))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    real: Mapped[dict[str, Any]] = mapped_column(JSON)
    labels: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
