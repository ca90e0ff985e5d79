"""The answers of a session as a table, one row a standing answer: what statistics and exports start from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

import pandas as pd

from core.db.rating_record import Answer, AnswerRecord, RaterRecord, StimulusRecord, Trial

__all__ = ["ANSWER_COLUMNS", "make_answer_table", "name_item", "tabulate_session"]

ANSWER_COLUMNS: Final[Mapping[str, str]] = {
    # the rater's name
    "rater": "str",
    # place among the rater's trials, from 1
    "trial": "int64",
    # the image: number in the session's list; in a pair the fake one
    "item": "str",
    # name of its synthetic set; empty for real images and attention checks
    "synthetic": "str",
    # `real` or `fake`; `fake` in a pair
    "truth": "str",
    # `real` or `fake`; in a pair `fake` where the fake side was chosen
    "answer": "str",
    # 1 (guess) to 5 (certain); NaN where not asked
    "confidence": "float64",
    # from the first frame of the image to the answer; NaN where not measured
    "reaction_time_ms": "float64",
    # how long the image was seen, measured; NaN where untimed
    "exposure_ms": "float64",
    # empty without one
    "class": "str",
    # `training`, `test`, `repeat` or `check`
    "kind": "str",
    # `single` or `pair`
    "task": "str",
    # frames for which the image was seen; NaN where untimed
    "frames": "float64",
    # the screen's measured rate; NaN where not measured
    "frame_rate_hz": "float64",
    # frames that the screen skipped meanwhile
    "dropped_frames": "int64",
    # whether the tab or window was hidden during the trial
    "was_hidden": "bool",
    # whether the key came before the image was on the screen
    "was_early": "bool",
    # how often the answer was taken back before
    "n_changes": "int64",
    # ISO 8601, UTC; empty where not known
    "made_at": "str",
}
"""Columns of a table of answers with their types, in order."""


def tabulate_session(
    stimuli: Sequence[StimulusRecord], raters: Sequence[RaterRecord], answers: Iterable[AnswerRecord]
) -> pd.DataFrame:
    """List the standing answers of a session's raters, ordered by rater and trial.

    Args:
        stimuli: all images of the session.
        raters: those whose answers are wanted.
        answers: as `core.db.rating_answers.list_answers` lists them; those of other raters are passed over.

    Returns:
        A table with the columns of `ANSWER_COLUMNS`; no row while there is no answer.
    """
    images = {one.number: one for one in stimuli}
    given: dict[str, dict[int, list[AnswerRecord]]] = {one.id: {} for one in raters}
    for record in sorted(answers, key=lambda record: record.id):
        if record.rater_id in given:
            given[record.rater_id].setdefault(record.given.position, []).append(record)
    rows = []
    for rater in raters:
        for position, records in sorted(given[rater.id].items()):
            last = records[-1]
            if last.given.answer is not None:
                row = _describe_trial(rater.trials[position], images, last.given.answer)
                rows.append(row | _describe_answer(rater, last, n_given=len(records)))
    return make_answer_table(rows)


def make_answer_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a table of answers from rows that hold a value, or None for a number not known, in each column."""
    columns = {
        name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in ANSWER_COLUMNS.items()
    }
    return pd.DataFrame(columns)


def name_item(number: int) -> str:
    """What tables call an image of a session: its number with four digits at least."""
    return f"{number:04d}"


def _describe_trial(trial: Trial, images: Mapping[int, StimulusRecord], answer: Answer) -> dict[str, Any]:
    sides = [images[number] for number in trial.stimuli]
    is_pair = len(sides) == 2
    shown, said_fake = sides[0], answer is Answer.FAKE
    if is_pair:
        fake_side = Answer.LEFT if sides[0].is_fake else Answer.RIGHT
        shown, said_fake = sides[0 if fake_side is Answer.LEFT else 1], answer is fake_side
    return {
        "item": name_item(shown.number),
        "synthetic": shown.synthetic or "",
        "truth": "fake" if shown.is_fake else "real",
        "answer": "fake" if said_fake else "real",
        "class": shown.class_name or "",
        "kind": trial.kind.value,
        "task": "pair" if is_pair else "single",
    }


def _describe_answer(rater: RaterRecord, record: AnswerRecord, *, n_given: int) -> dict[str, Any]:
    given = record.given
    return {
        "rater": rater.name,
        "trial": given.position + 1,
        "confidence": given.confidence,
        "reaction_time_ms": given.reaction_time_ms,
        "exposure_ms": given.exposure_ms,
        "frames": given.frames,
        "frame_rate_hz": given.frame_rate_hz,
        "dropped_frames": given.dropped_frames,
        "was_hidden": given.was_hidden,
        "was_early": given.was_early,
        # Answers and withdrawals take turns, and the last row is an answer.
        "n_changes": n_given // 2,
        "made_at": record.made_at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
