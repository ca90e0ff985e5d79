"""The demo's rating session: finished, answered by simulated raters, and marked so wherever it is shown."""

from __future__ import annotations

from typing import Final

from core.config import Settings
from core.datasets.phantoms.process import LABELS
from core.db.database import Database
from core.db.raters import begin_rating, list_raters
from core.db.rating_answers import add_answers, count_answers
from core.db.rating_record import Background, RaterRecord, RatingSessionRecord
from core.db.rating_sessions import close_rating_session, list_rating_sessions, load_stimuli
from core.db.studies import StudyRecord
from core.progress import Progress, SilentProgress
from core.rating.design import SessionDesign, SetCount
from core.rating.session import create_session
from core.rating.simulation import SimulatedRater
from core.rating.stimuli import prepare_session

__all__ = ["DEMO_SESSION", "design_demo_session", "make_demo_session"]

DEMO_SESSION: Final = "Example: simulated raters"
"""Name of the demo's session."""

# How far each set's films lie from real ones for these raters, in standard deviations of their evidence. To
# the eye fresh films are real ones, and so are copies, whatever they mean for privacy; among films of one
# patient again and again some notice the likeness, of a missing letter few think, and blur is easily seen.
_D_PRIME: Final = {
    "fresh": 0.0,
    "copies": 0.0,
    "collapsed": 0.6,
    "blurred": 1.7,
    "marker-inherited": 0.0,
    "marker-free": 0.3,
}
# Raters differ in what they call fake and in how well they see.
_CRITERIA: Final = (-0.25, -0.1, 0.0, 0.15, 0.3)
_SHARPNESS: Final = (1.0, 0.8, 1.2, 0.9, 1.1)
_N_FAKES, _N_REALS = 4, 16  # of each class, and of each set
_SIDE_PX: Final = 256


def design_demo_session(seed: int = 0) -> SessionDesign:
    """The session's design: 80 films one at a time, 32 of them held-out real ones, and all that can be asked.

    Args:
        seed: seeds the draw of films and their order.
    """
    counts = [SetCount(synthetic=None, class_name=name, n=_N_REALS) for name in LABELS]
    counts += [SetCount(synthetic=one, class_name=name, n=_N_FAKES) for one in _D_PRIME for name in LABELS]
    return SessionDesign(
        counts=tuple(counts),
        n_training=4,
        n_repeats=8,
        n_checks=3,
        with_confidence=True,
        side_px=_SIDE_PX,
        n_raters=len(_CRITERIA),
        seed=seed,
    )


def make_demo_session(
    database: Database,
    settings: Settings,
    *,
    study: StudyRecord,
    seed: int = 0,
    progress: Progress | None = None,
) -> RatingSessionRecord:
    """Make the demo's session on its films, with every answer; or find it, or go on where it was stopped.

    Args:
        database: where.
        settings: workspace and folder roots.
        study: the demo's.
        seed: the demo's; films of another seed have a session of their own.
        progress: told about every film; may cancel.

    Raises:
        InputError: if the study does not hold the demo's films.
        StoreError: if the workspace cannot be written.
        DatabaseError: if the database does not answer.
        CancelledError: if progress says so.
    """
    progress = progress or SilentProgress()
    name = f"{DEMO_SESSION}, seed {seed}" if seed else DEMO_SESSION
    design = design_demo_session(seed)
    made = [one for one in list_rating_sessions(database, study.id) if one.name == name and one.is_simulated]
    session = (
        made[0]
        if made
        else create_session(
            database, settings, study=study, name=name, design=design, progress=progress, is_simulated=True
        )
    )
    if session.closed_at is not None:
        return session
    prepare_session(database, settings, session.id, progress=progress)
    raters = [one for one in list_raters(database, session.id) if one.finished_at is None]
    progress.start("Answering as simulated raters", len(raters), unit="raters")
    for rater in raters:
        _answer(database, rater, design)
        progress.advance()
    return close_rating_session(database, session.id)


def _answer(database: Database, rater: RaterRecord, design: SessionDesign) -> None:
    """Give a rater's answers that are not there yet."""
    begin_rating(database, rater.id, background=[Background("Simulated rater", 0.0)], screen={})
    place = rater.number % len(_CRITERIA)
    simulated = SimulatedRater(
        d_prime={name: _SHARPNESS[place] * value for name, value in _D_PRIME.items()},
        criterion=_CRITERIA[place],
        # No two raters of any two seeds share their noise.
        seed=design.seed * 1000 + rater.number,
        image_seed=design.seed,
    )
    answers = simulated.answer_trials(
        rater.trials, load_stimuli(database, rater.session_id), with_confidence=design.with_confidence
    )
    n_there = count_answers(database, rater.session_id).get(rater.id, 0)
    add_answers(database, rater.id, answers[n_there:])
