"""A rating session of a small study, and raters whose answers are known."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from core.config import get_settings
from core.db.database import Database, open_database
from core.db.raters import begin_rating, list_raters
from core.db.rating_answers import add_answers
from core.db.rating_record import Answer, Background, NewAnswer, RatingSessionRecord
from core.db.rating_sessions import close_rating_session, load_rating_session, load_stimuli
from core.db.studies import StudyRecord
from core.rating.design import SessionDesign, SetCount
from core.rating.session import create_session
from core.rating.stimuli import prepare_session

__all__ = ["COUNTS", "answer_all", "keep_session"]

COUNTS: Final = tuple(
    SetCount(synthetic=name, class_name=one, n=n)
    for name, n in ((None, 8), ("gan", 4), ("ddpm", 4))
    for one in ("a", "b")
)
"""For the sets of `tests.experiments.keep_classified_study`: 16 real images, 8 of each synthetic set."""


def keep_session(
    study: StudyRecord,
    *,
    name: str = "First",
    prepared: bool = True,
    is_simulated: bool = False,
    **design: Any,
) -> RatingSessionRecord:
    """Make a session of three raters, with its images unless told otherwise."""
    settings = get_settings()
    database = open_database(settings)
    asked = SessionDesign.model_validate({"counts": COUNTS, "side_px": 64, "seed": 5} | design)
    session = create_session(
        database, settings, study=study, name=name, design=asked, is_simulated=is_simulated
    )
    if prepared:
        prepare_session(database, settings, session.id)
    return load_rating_session(database, session.id)


def answer_all(
    session: RatingSessionRecord,
    fakes: Mapping[str | None, float],
    *,
    n_raters: int | None = None,
    closes: bool = True,
    seed: int = 0,
) -> Database:
    """Let raters answer all of their trials.

    Args:
        session: a prepared one.
        fakes: chance that an image of a set is called fake; None for real images. In a pair the fake is
            named with the chance of its set.
        n_raters: the first so many; all by default.
        closes: whether the session is closed afterwards.
        seed: seeds the answers.
    """
    database, rng = open_database(get_settings()), np.random.default_rng(seed)
    stimuli = load_stimuli(database, session.id)
    for rater in list_raters(database, session.id)[:n_raters]:
        begin_rating(
            database,
            rater.id,
            background=[Background("radiologist", 8)],
            screen={"width": 1280, "height": 720, "pixel_ratio": 1, "refresh_hz": 60},
        )
        answers = []
        for position, trial in enumerate(rater.trials):
            shown = [stimuli[number] for number in trial.stimuli]
            says_fake = rng.random() < max(
                1.0 if one.is_fake and one.synthetic is None else fakes[one.synthetic] for one in shown
            )
            answer = Answer.FAKE if says_fake else Answer.REAL
            if len(shown) == 2:
                fake, other = ("left", "right") if shown[0].is_fake else ("right", "left")
                chance = fakes[next(one.synthetic for one in shown if one.is_fake)]
                answer = Answer(fake if rng.random() < chance else other)
            answers.append(
                NewAnswer(
                    position,
                    secrets.token_hex(8),
                    answer,
                    confidence=int(rng.integers(1, 6)) if session.design["with_confidence"] else None,
                    reaction_time_ms=float(np.round(rng.lognormal(7.3, 0.4))),
                    frame_rate_hz=60.0,
                )
            )
        add_answers(database, rater.id, answers)
    if closes:
        close_rating_session(database, session.id)
    return database
