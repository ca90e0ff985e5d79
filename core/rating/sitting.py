"""Where a rater stands: what the rating page may show next, and what an answer leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.db.database import Database
from core.db.rating_answers import add_answers
from core.db.rating_record import NewAnswer, RaterRecord, StimulusRecord, TrialKind
from core.db.rating_seat import RaterSeat, load_seat
from core.db.rating_sessions import load_stimuli
from core.errors import InputError, UnknownNameError
from core.rating.design import SessionDesign, Timing
from core.rating.staircase import HYPE_STAIRCASE, frames_of
from core.rating.truth import is_right

__all__ = [
    "AHEAD",
    "Feedback",
    "Given",
    "Phase",
    "Sitting",
    "Upcoming",
    "find_stimulus",
    "give_answers",
    "load_sitting",
]

AHEAD = 3
"""Trials after the next one whose images a browser may load before it needs them.

Next is meant from the furthest place that the rater has reached. A browser asks for an image on one line and
withdraws an answer on another, so either may arrive first: an undo takes no image back.
"""


class Phase(StrEnum):
    """What the rating page shows."""

    PREPARING = "preparing"
    CONSENT = "consent"
    TRIAL = "trial"
    DONE = "done"
    CLOSED = "closed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The little that a browser may know of a trial before it is answered.

    Attributes:
        position: from 0.
        n_images: 1, or 2 in a pair.
        is_training: whether its answer gets feedback; repeats and attention checks look like any other.
    """

    position: int
    n_images: int
    is_training: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """A rater's place in the session.

    Attributes:
        rater_id: the rater; for the server.
        session_id: the session; for the server.
        design: the session's; for the server, which picks what the page needs. Names of sets and classes
            never leave it.
        phase: what the page shows.
        position: first trial without a standing answer, from 0; `n_trials` when all are answered.
        n_trials: all trials of this rater, training, repeats and attention checks among them.
        n_training: how many of them come first, with feedback.
        upcoming: the next trial and up to `AHEAD` after it; empty unless the phase is `TRIAL`.
        exposure_frames: for how many frames of the rater's screen the next trial is shown; None when untimed
            or when there is no next trial. Within a staircase later trials have to ask again.
        can_undo: whether the last answer may be withdrawn.
    """

    rater_id: str
    session_id: str
    design: SessionDesign
    phase: Phase
    position: int
    n_trials: int
    n_training: int
    upcoming: tuple[Upcoming, ...]
    exposure_frames: int | None
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """Whether the answer of a training trial was right."""

    position: int
    was_right: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What answers led to.

    Attributes:
        sitting: where the rater stands now.
        feedback: one entry a training trial among the answers; nothing of any other trial.
    """

    sitting: Sitting
    feedback: tuple[Feedback, ...]


def load_sitting(database: Database, rater_id: str) -> Sitting:
    """Find where a rater stands.

    Raises:
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    return _describe(database, load_seat(database, rater_id))


def give_answers(database: Database, rater_id: str, answers: Sequence[NewAnswer]) -> Given:
    """Keep answers as `core.db.rating_answers.add_answers` does, and say what they led to.

    Raises:
        InputError: if an answer is undone that has led to feedback or to another exposure, or the database
            refuses one.
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    seat = load_seat(database, rater_id)
    design = SessionDesign.model_validate(seat.session.design)
    for one in answers:
        if one.answer is None and not _may_undo(seat.rater, design, one.position):
            raise InputError(
                f"The answer of trial {one.position + 1} cannot be undone, since what followed it shows "
                "whether it was right."
            )
    add_answers(database, rater_id, answers)
    seat = load_seat(database, rater_id)
    trained = [
        position
        for position in dict.fromkeys(one.position for one in answers)
        if position in seat.standing and seat.rater.trials[position].kind is TrialKind.TRAINING
    ]
    stimuli = load_stimuli(database, seat.session.id) if trained else ()
    feedback = tuple(
        Feedback(position, is_right(seat.rater.trials[position], seat.standing[position].answer, stimuli))
        for position in trained
    )
    return Given(_describe(database, seat), feedback)


def find_stimulus(database: Database, rater_id: str, position: int, slot: int) -> tuple[str, int]:
    """Find the image that a rater's browser asks for, up to `AHEAD` after the furthest place ever reached.

    Args:
        database: where.
        rater_id: the rater.
        position: the trial, from 0.
        slot: 0, or 1 for the right image of a pair.

    Returns:
        The session's id and the image's number.

    Raises:
        UnknownNameError: if there is no such rater or image, or it is not this rater's turn to see it.
        DatabaseError: if the database does not answer.
    """
    seat = load_seat(database, rater_id)
    trials = seat.rater.trials[: seat.furthest + AHEAD + 1]
    if _find_phase(seat) is Phase.TRIAL and 0 <= position < len(trials):
        shown = trials[position].stimuli
        if 0 <= slot < len(shown):
            return seat.session.id, shown[slot]
    raise UnknownNameError("There is no such image for you now; reload the page.")


def _describe(database: Database, seat: RaterSeat) -> Sitting:
    rater, session = seat.rater, seat.session
    design = SessionDesign.model_validate(session.design)
    phase, position = _find_phase(seat), len(seat.standing)
    upcoming: tuple[Upcoming, ...] = ()
    exposure_frames = None
    if phase is Phase.TRIAL:
        last = min(position + AHEAD + 1, len(rater.trials))
        upcoming = tuple(
            Upcoming(place, len(trial.stimuli), trial.kind is TrialKind.TRAINING)
            for place, trial in enumerate(rater.trials[position:last], position)
        )
        if design.timing is Timing.FIXED:
            exposure_frames = design.exposure_frames
        elif design.timing is Timing.STAIRCASE:
            exposure_frames = _adapt(seat, load_stimuli(database, session.id))
    return Sitting(
        rater_id=rater.id,
        session_id=session.id,
        design=design,
        phase=phase,
        position=position,
        n_trials=len(rater.trials),
        n_training=sum(trial.kind is TrialKind.TRAINING for trial in rater.trials),
        upcoming=upcoming,
        exposure_frames=exposure_frames,
        can_undo=phase is Phase.TRIAL and position > 0 and _may_undo(rater, design, position - 1),
    )


def _find_phase(seat: RaterSeat) -> Phase:
    if seat.rater.revoked_at is not None:
        return Phase.REVOKED
    if seat.rater.finished_at is not None:
        return Phase.DONE
    if seat.session.closed_at is not None:
        return Phase.CLOSED
    if seat.session.prepared_at is None:
        return Phase.PREPARING
    return Phase.CONSENT if seat.rater.consented_at is None else Phase.TRIAL


def _may_undo(rater: RaterRecord, design: SessionDesign, position: int) -> bool:
    """Whether nothing that followed an answer has shown if it was right."""
    if design.timing is Timing.STAIRCASE or not 0 <= position < len(rater.trials):
        return False
    return rater.trials[position].kind is not TrialKind.TRAINING


def _adapt(seat: RaterSeat, stimuli: Sequence[StimulusRecord]) -> int:
    """Frames of the next trial: training shows the first exposure, attention checks move nothing."""
    trials = seat.rater.trials
    were_right = [
        is_right(trials[position], given.answer, stimuli)
        for position, given in seat.standing.items()
        if trials[position].kind in (TrialKind.TEST, TrialKind.REPEAT)
    ]
    return frames_of(HYPE_STAIRCASE.exposure_ms(were_right), seat.rater.screen.get("refresh_hz"))
