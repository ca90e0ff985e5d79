"""Standing answers as a table, one row each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from core.db.rating_record import (
    Answer,
    AnswerRecord,
    NewAnswer,
    RaterRecord,
    StimulusRecord,
    Trial,
    TrialKind,
)
from core.rating.session_table import ANSWER_COLUMNS, tabulate_session

TEST, CHECK = TrialKind.TEST, TrialKind.CHECK
STIMULI = (
    StimulusRecord(0, TEST, None, "a", False, "a/1.png", "d0"),
    StimulusRecord(1, TEST, "gan", "a", True, "a/1.png", "d1"),
    StimulusRecord(2, CHECK, None, None, True, "a/1.png", None),
    StimulusRecord(3, CHECK, None, None, False, "a/2.png", "d3"),
)
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rater(name: str, *trials: Trial) -> RaterRecord:
    return RaterRecord(f"id-{name}", "s", 0, name, trials, (), None, {}, None, None)


def rows(
    who: RaterRecord, *given: tuple[int, Answer | None], first_id: int = 1, **more: Any
) -> list[AnswerRecord]:
    return [
        AnswerRecord(
            first_id + at,
            who.id,
            NewAnswer(position, f"t{at}", answer, **more),
            BEGAN + timedelta(seconds=at),
        )
        for at, (position, answer) in enumerate(given)
    ]


SINGLE = rater(
    "Rater 1", Trial(TEST, (0,)), Trial(TEST, (1,)), Trial(TrialKind.REPEAT, (0,)), Trial(CHECK, (2,))
)


def test_single_images_and_what_was_taken_back() -> None:
    answers = rows(
        SINGLE,
        (0, Answer.FAKE),
        (0, None),
        (0, Answer.REAL),
        (1, Answer.FAKE),
        (2, Answer.FAKE),
        (3, Answer.FAKE),
        (3, None),
    )
    table = tabulate_session(STIMULI, [SINGLE], answers[::-1])
    assert list(table) == list(ANSWER_COLUMNS)
    shown = ["trial", "item", "synthetic", "truth", "answer", "class", "kind", "task", "n_changes"]
    assert table[shown].to_numpy().tolist() == [
        [1, "0000", "", "real", "real", "a", "test", "single", 1],
        [2, "0001", "gan", "fake", "fake", "a", "test", "single", 0],
        [3, "0000", "", "real", "fake", "a", "repeat", "single", 0],
    ]
    assert set(table["rater"]) == {"Rater 1"}
    assert table["made_at"][0] == "2026-03-01T12:00:02.000+00:00"


@pytest.mark.parametrize(
    ("sides", "answer", "item", "said"),
    [
        ((0, 1), Answer.RIGHT, "0001", "fake"),
        ((0, 1), Answer.LEFT, "0001", "real"),
        ((1, 0), Answer.LEFT, "0001", "fake"),
        ((1, 0), Answer.RIGHT, "0001", "real"),
        ((3, 2), Answer.RIGHT, "0002", "fake"),
    ],
)
def test_a_pair_is_a_row_of_its_fake(sides: tuple[int, int], answer: Answer, item: str, said: str) -> None:
    who = rater("A", Trial(STIMULI[sides[0]].kind, sides))
    (row,) = tabulate_session(STIMULI, [who], rows(who, (0, answer))).to_dict("records")
    assert (row["item"], row["truth"], row["answer"], row["task"]) == (item, "fake", said, "pair")
    assert row["synthetic"] == ("gan" if item == "0001" else "")


def test_measurements_are_kept_and_missing_ones_are_nan() -> None:
    measured = {
        "confidence": 4,
        "reaction_time_ms": 812.5,
        "exposure_ms": 249.9,
        "frames": 15,
        "frame_rate_hz": 59.95,
        "dropped_frames": 1,
        "was_hidden": True,
        "was_early": True,
    }
    answers = [*rows(SINGLE, (0, Answer.REAL), **measured), *rows(SINGLE, (1, Answer.REAL), first_id=9)]
    table = tabulate_session(STIMULI, [SINGLE], answers)
    assert {name: table[name][0] for name in measured} == measured
    assert (
        table.loc[1, ["confidence", "reaction_time_ms", "exposure_ms", "frames", "frame_rate_hz"]]
        .isna()
        .all()
    )
    assert not table["was_hidden"][1]


def test_only_the_raters_asked_for_in_their_order() -> None:
    other = rater("Rater 0", Trial(TEST, (1,)))
    answers = rows(SINGLE, (0, Answer.REAL), (1, Answer.REAL)) + rows(other, (0, Answer.FAKE), first_id=5)
    assert list(tabulate_session(STIMULI, [SINGLE, other], answers)["rater"]) == [
        "Rater 1",
        "Rater 1",
        "Rater 0",
    ]
    assert list(tabulate_session(STIMULI, [other], answers)["rater"]) == ["Rater 0"]


def test_no_answer_is_a_table_without_rows() -> None:
    empty, full = (
        tabulate_session(STIMULI, [SINGLE], answers) for answers in ([], rows(SINGLE, (0, Answer.REAL)))
    )
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
