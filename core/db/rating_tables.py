"""The tables of rating sessions: images, raters, and answers that nobody can change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.table_base import ID_LENGTH, Base, UtcDateTime

__all__ = ["RaterTable", "RatingAnswerTable", "RatingSessionTable", "RatingStimulusTable"]


class RatingSessionTable(Base):
    """A rating session; see `core.db.rating_record.RatingSessionRecord`."""

    __tablename__ = "rating_sessions"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    design: Mapped[dict[str, Any]] = mapped_column(JSON)
    folders: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_simulated: Mapped[bool]
    prepared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RatingStimulusTable(Base):
    """One image of a rating session; see `core.db.rating_record.StimulusRecord`."""

    __tablename__ = "rating_stimuli"

    session_id: Mapped[str] = mapped_column(ForeignKey("rating_sessions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    synthetic: Mapped[str | None] = mapped_column(Text)
    class_name: Mapped[str | None] = mapped_column(Text)
    is_fake: Mapped[bool]
    file: Mapped[str] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64))


class RaterTable(Base):
    """One rater of a session with all trials; see `core.db.rating_record.RaterRecord`."""

    __tablename__ = "rating_raters"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("rating_sessions.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    trials: Mapped[list[Any]] = mapped_column(JSON)
    background: Mapped[list[Any]] = mapped_column(JSON, default=list)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    screen: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RatingAnswerTable(Base):
    """One answer, or one withdrawal of it; the database itself refuses to change or delete a row."""

    __tablename__ = "rating_answers"
    __table_args__ = (UniqueConstraint("rater_id", "token"),)

    # Rises in the order of writing, since there is one writer at a time.
    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[str] = mapped_column(ForeignKey("rating_raters.id"))
    position: Mapped[int]
    token: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str | None] = mapped_column(String(20))
    confidence: Mapped[int | None]
    reaction_time_ms: Mapped[float | None]
    exposure_ms: Mapped[float | None]
    frames: Mapped[int | None]
    frame_rate_hz: Mapped[float | None]
    dropped_frames: Mapped[int]
    was_hidden: Mapped[bool]
    was_early: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
