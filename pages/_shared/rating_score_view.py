"""What a rating session found: scored once, and said in sentences, the answer first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from core.config import Settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.rating_record import RatingSessionRecord
from core.rating.design import SessionDesign
from core.rating.loaded_session import load_whole_session
from core.rating.rating_score import RatingScore
from core.rating.score_facts import RATING_FACTS
from pages._shared.names import escape_markdown
from pages._shared.rating_cells import write_number
from pages._shared.rating_panel import describe_standing

__all__ = ["load_score", "show_cautions", "show_findings"]

_MOST_SENTENCES: Final = 4


def load_score(database: Database, session: RatingSessionRecord) -> RatingScore | None:
    """Score a session's answers, sets in the study's order; None while no fake has a scored answer.

    Raises:
        DatabaseError: if the database does not answer.
    """
    answers = load_whole_session(database, session.id).tabulate()
    if not ((answers["kind"] == "test") & (answers["truth"] == "fake")).any():
        return None
    score = _score(answers)
    folders = StudyFolders.model_validate(session.folders)
    order = dict.fromkeys([*(one.name for one in folders.synthetic), *score.by_set])
    return score.model_copy(
        update={
            "by_set": {name: score.by_set[name] for name in order if name in score.by_set},
            "by_set_and_class": {
                name: score.by_set_and_class[name] for name in order if name in score.by_set_and_class
            },
        }
    )


def show_findings(
    database: Database, settings: Settings, session: RatingSessionRecord, score: RatingScore
) -> tuple[str, ...]:
    """Say what the session found over all sets, then of each.

    Args:
        database: where the session is kept.
        settings: the workspace.
        session: the session.
        score: its numbers.

    Returns:
        Sentences on what to know about these numbers, for below the evidence.
    """
    from core.rating.findings import SessionFacts, describe_score
    from core.rating.stimuli import load_giveaways

    design = SessionDesign.model_validate(session.design)
    # Whether raters are still rating, and whether they are people, stands above.
    facts = SessionFacts(
        n_planned=0,
        n_finished=0,
        is_joint=design.is_joint,
        timing=design.timing,
        giveaways=load_giveaways(settings, session.id),
    )
    sentences = describe_score(score, facts)
    n_sets = len(score.by_set)
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(_describe_whole(score))}**")
        if score.threshold is not None:
            value, interval = write_number("exposure_threshold_ms", score.threshold.mean)
            about = RATING_FACTS["exposure_threshold_ms"]
            st.text(f"{about.title}: {value} ms {interval}. {about.sentence}")
        many = n_sets > _MOST_SENTENCES
        with st.expander(f"{n_sets} sets, each in a sentence") if many else st.container():
            for sentence in sentences[:n_sets]:
                st.text(sentence)
        st.caption(escape_markdown(describe_standing(database, session)))
    return sentences[n_sets:]


def show_cautions(sentences: Sequence[str]) -> None:
    """Show what to know about the numbers, folded where it is much."""
    if sentences:
        title = f"What to know about these numbers ({len(sentences)})"
        with st.expander(title, expanded=len(sentences) <= _MOST_SENTENCES):
            for sentence in sentences:
                st.text(sentence)


def _describe_whole(score: RatingScore) -> str:
    whole = score.overall
    raters = "1 rater" if whole.n_raters == 1 else f"{whole.n_raters:,} raters"
    fir = _percent("fir", score)
    if score.task == "pair":
        pairs = "1 pair" if whole.n_fake == 1 else f"{whole.n_fake:,} pairs"
        return f"{raters} named the fake image in {fir} of {pairs}; guessing is 50 %."
    recognised = f"{raters} recognised {fir} of {_count(whole.n_fake)} as fake"
    if not whole.n_real:
        return f"{recognised}; no real image has been answered yet."
    alarms = _percent("false_alarm_rate", score)
    return f"{recognised}, and suspected {alarms} of {_count(whole.n_real, 'real')}."


def _count(n: int, kind: str = "synthetic") -> str:
    return f"1 {kind} image" if n == 1 else f"{n:,} {kind} images"


def _percent(name: str, score: RatingScore) -> str:
    value, interval = write_number(name, score.headline[name])
    return f"{value} %{' ' if interval else ''}{interval}"


@st.cache_data(ttl=3600, max_entries=16, show_spinner="Computing rates and intervals")
def _score(answers: pd.DataFrame) -> RatingScore:
    """Score answers; the same answers are scored once."""
    from core.rating.score import score_answers

    return score_answers(answers)
