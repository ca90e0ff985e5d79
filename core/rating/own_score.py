"""A rater's own result, for the end of the rating page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.db.database import Database
from core.db.rating_record import RaterRecord, StimulusRecord, TrialKind
from core.db.rating_seat import load_seat
from core.db.rating_sessions import load_stimuli
from core.rating.design import SessionDesign
from core.rating.truth import is_right

__all__ = ["OwnScore", "score_sitting"]


@dataclass(frozen=True, slots=True)
class OwnScore:
    """A rater's own result in scored trials, repeats not counted.

    Attributes:
        n_right: trials answered right.
        n_trials: scored trials.
        n_fakes_found: fakes called fake; None in pairs.
        n_fakes: fakes shown; None in pairs.
        n_false_alarms: real images called fake; None in pairs.
        n_reals: real images shown; None in pairs.
    """

    n_right: int
    n_trials: int
    n_fakes_found: int | None
    n_fakes: int | None
    n_false_alarms: int | None
    n_reals: int | None


def score_sitting(database: Database, rater_id: str) -> OwnScore | None:
    """Score a rater who has finished; None before that, and where the design does not show scores.

    Raises:
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    seat = load_seat(database, rater_id)
    rater, standing = seat.rater, seat.standing
    design = SessionDesign.model_validate(seat.session.design)
    if not design.shows_score or rater.finished_at is None or rater.revoked_at is not None:
        return None
    stimuli = load_stimuli(database, seat.session.id)
    right = {
        position: is_right(trial, standing[position].answer, stimuli)
        for position, trial in enumerate(rater.trials)
        if trial.kind is TrialKind.TEST
    }
    if any(len(rater.trials[position].stimuli) == 2 for position in right):
        return OwnScore(sum(right.values()), len(right), None, None, None, None)
    fakes = [was_right for place, was_right in right.items() if _shows_fake(rater, place, stimuli)]
    reals = [was_right for place, was_right in right.items() if not _shows_fake(rater, place, stimuli)]
    return OwnScore(
        n_right=sum(right.values()),
        n_trials=len(right),
        n_fakes_found=sum(fakes),
        n_fakes=len(fakes),
        n_false_alarms=len(reals) - sum(reals),
        n_reals=len(reals),
    )


def _shows_fake(rater: RaterRecord, position: int, stimuli: Sequence[StimulusRecord]) -> bool:
    return stimuli[rater.trials[position].stimuli[0]].is_fake
