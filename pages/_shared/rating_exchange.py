"""What the rating page and the server tell each other; nothing in it says which image is fake."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.db.database import Database
from core.db.rating_record import Answer, Background, NewAnswer
from core.rating.own_score import score_sitting
from core.rating.sitting import Given, Phase, Sitting

__all__ = ["AnswersBody", "BeginBody", "tell_given", "tell_sitting"]

# The database looks at every field again; these keep out what could not be put into words at all.
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, lt=2**31)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Expert(_Body):
    role: str = Field(min_length=1, max_length=80)
    years: _Number = Field(ge=0, le=80)


class BeginBody(_Body):
    """Consent, which the request itself is, with the background and the screen.

    Attributes:
        background: role and years, an entry an expert.
        screen: what the browser measured of its screen.
    """

    background: list[_Expert] = Field(min_length=1, max_length=12)
    screen: dict[str, _Number] = Field(max_length=4)

    def list_background(self) -> tuple[Background, ...]:
        """The background as the database keeps it."""
        return tuple(Background(role=one.role, years=one.years) for one in self.background)


class _Answer(_Body):
    position: _Count
    token: str = Field(min_length=1, max_length=64)
    answer: Annotated[Answer, Field(strict=False)] | None
    confidence: int | None = None
    reaction_time_ms: _Number | None = None
    exposure_ms: _Number | None = None
    frames: _Count | None = None
    frame_rate_hz: _Number | None = None
    dropped_frames: _Count = 0
    was_hidden: bool = False
    was_early: bool = False


class AnswersBody(_Body):
    """Answers and withdrawals in the order in which they were given.

    Attributes:
        answers: `core.db.rating_record.NewAnswer`, field by field.
    """

    answers: list[_Answer] = Field(min_length=1, max_length=200)

    def list_answers(self) -> tuple[NewAnswer, ...]:
        """The answers as the database keeps them."""
        return tuple(NewAnswer(**one.model_dump()) for one in self.answers)


def tell_sitting(database: Database, sitting: Sitting) -> dict[str, Any]:
    """Say what the page has to show next.

    Raises:
        DatabaseError: if the database does not answer.
    """
    told: dict[str, Any] = {"phase": sitting.phase.value}
    if sitting.phase in (Phase.CONSENT, Phase.TRIAL):
        design = sitting.design
        told |= {
            "task": design.task.value,
            "timing": design.timing.value,
            "is_joint": design.is_joint,
            "with_confidence": design.with_confidence,
            "side_px": design.side_px,
            "position": sitting.position,
            "n_trials": sitting.n_trials,
            "n_training": sitting.n_training,
            "exposure_frames": sitting.exposure_frames,
        }
    if sitting.phase is Phase.DONE:
        score = score_sitting(database, sitting.rater_id)
        if score is not None:
            told |= {
                "task": sitting.design.task.value,
                "score": {"n_right": score.n_right, "n": score.n_trials},
            }
    return told


def tell_given(given: Given) -> dict[str, Any]:
    """Say what answers led to; of training trials alone whether they were right."""
    return {
        "position": given.sitting.position,
        "exposure_frames": given.sitting.exposure_frames,
        "feedback": [{"position": one.position, "is_right": one.was_right} for one in given.feedback],
    }
