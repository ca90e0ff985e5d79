"""A rating session in the database that needs no image."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from core.db.database import Database
from core.db.raters import begin_rating, list_raters
from core.db.rating_record import (
    Answer,
    Background,
    NewAnswer,
    RatingSessionRecord,
    StimulusRecord,
    Trial,
    TrialKind,
)
from core.db.rating_sessions import create_rating_session, mark_prepared
from core.db.studies import save_study
from tests.core.db.test_studies import folders

__all__ = ["BACKGROUND", "SCREEN", "begin_all", "keep_rated", "make_stimuli", "say_all"]

BACKGROUND = (Background("radiologist", 7.5),)
SCREEN = {"width": 1280.0, "height": 720.0, "pixel_ratio": 1.0, "refresh_hz": 60.0}


def make_stimuli(n: int) -> list[StimulusRecord]:
    """Images of which every second one is fake."""
    return [
        StimulusRecord(
            number=number,
            kind=TrialKind.TEST,
            synthetic="gan" if number % 2 else None,
            class_name="ill",
            is_fake=bool(number % 2),
            file=f"ill/{number}.png",
            digest=f"{number:064x}",
        )
        for number in range(n)
    ]


def keep_rated(
    database: Database,
    *,
    n_trials: int = 6,
    n_raters: int = 2,
    name: str = "First look",
    trials: Sequence[Trial] = (),
) -> RatingSessionRecord:
    """Keep a prepared session of a new study; its raters see its images in the order of their numbers."""
    study = save_study(database, name=secrets.token_hex(4), folders=folders())
    stimuli = make_stimuli(n_trials)
    shown = tuple(trials) or tuple(Trial(TrialKind.TEST, (one.number,)) for one in stimuli)
    session = create_rating_session(
        database,
        study_id=study.id,
        name=name,
        design={"seed": 3},
        folders=study.folders.model_dump(mode="json"),
        stimuli=stimuli,
        raters=[("", shown)] * n_raters,
    )
    return mark_prepared(database, session.id)


def begin_all(database: Database, session: RatingSessionRecord) -> tuple[str, ...]:
    """Let all raters begin; returns their ids."""
    raters = list_raters(database, session.id)
    for rater in raters:
        begin_rating(database, rater.id, background=BACKGROUND, screen=SCREEN)
    return tuple(rater.id for rater in raters)


def say_all(answers: Sequence[Answer | None], *, first: int = 0, name: str = "t") -> list[NewAnswer]:
    """Answers of trials that follow each other."""
    return [
        NewAnswer(first + place, f"{name}{first + place}", answer, reaction_time_ms=900.5)
        for place, answer in enumerate(answers)
    ]
