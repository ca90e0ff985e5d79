"""A small demo study, saved as the demo's job saves it, and sessions on it with chosen answers."""

from __future__ import annotations

from collections.abc import Callable

from core.audit.demo import describe_demo
from core.config import Settings
from core.datasets.phantoms.demo import write_demo
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.raters import begin_rating, list_raters
from core.db.rating_answers import add_answers
from core.db.rating_record import Answer, Background, NewAnswer, RatingSessionRecord, StimulusRecord
from core.db.rating_sessions import load_stimuli, mark_prepared
from core.db.studies import StudyRecord, save_study
from core.rating.design import SessionDesign
from core.rating.session import create_session

__all__ = ["answer_session", "keep_demo_study", "keep_session"]


def keep_demo_study(database: Database, settings: Settings, name: str = "Demo") -> StudyRecord:
    """Write films of 32 pixels where the demo has its own, enough for the demo's session, and save them."""
    demo = write_demo(settings.home / "demo" / "study", size_px=32, n_real=8, n_heldout=40, n_synthetic=16)
    return save_study(database, name=name, folders=StudyFolders.describe(describe_demo(demo), settings))


def keep_session(
    database: Database, settings: Settings, study: StudyRecord, design: SessionDesign, name: str = "Reading"
) -> RatingSessionRecord:
    """Keep a session that raters can begin; nobody looks at its images."""
    session = create_session(database, settings, study=study, name=name, design=design)
    return mark_prepared(database, session.id)


def answer_session(
    database: Database,
    session_id: str,
    says_fake: Callable[[int, StimulusRecord], bool],
    *,
    raters: slice = slice(None),
    n: int | None = None,
) -> None:
    """Answer as raters of a session.

    Args:
        database: where.
        session_id: the session.
        says_fake: from a rater's number and an image; in pairs, whether the fake one is named.
        raters: which ones.
        n: how many trials, all when None.
    """
    stimuli = load_stimuli(database, session_id)
    for rater in list_raters(database, session_id)[raters]:
        begin_rating(database, rater.id, background=[Background("Radiologist", 5)], screen={})
        answers = []
        for position, trial in enumerate(rater.trials[:n]):
            first = stimuli[trial.stimuli[0]]
            if len(trial.stimuli) == 1:
                said = Answer.FAKE if says_fake(rater.number, first) else Answer.REAL
            else:
                fake = first if first.is_fake else stimuli[trial.stimuli[1]]
                said = Answer.LEFT if says_fake(rater.number, fake) == (fake is first) else Answer.RIGHT
            answers.append(NewAnswer(position, f"t{position}", said, reaction_time_ms=900.0))
        add_answers(database, rater.id, answers)
