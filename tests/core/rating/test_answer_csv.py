"""Answers as CSV: written, read back, and read from studies that were run elsewhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import core.rating.answer_csv as answer_csv
from core.errors import InputError
from core.rating.answer_csv import read_answers, render_answers, tell_repeats
from core.rating.score import score_answers
from core.rating.session_table import ANSWER_COLUMNS, make_answer_table

TITLES = "rater,trial,item,synthetic,truth,answer"
ROW = "Ada,1,0001.png,gan,fake,real"


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "answers.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


def test_the_least_file(write) -> None:  # type: ignore[no-untyped-def]
    table = read_answers(write(TITLES, ROW, "Ada,2,0001.png,,real,FAKE", ""))
    assert list(table) == list(ANSWER_COLUMNS)
    assert table.iloc[0, :6].tolist() == ["Ada", 1, "0001.png", "gan", "fake", "real"]
    assert list(table["answer"]) == ["real", "fake"]
    assert list(table["kind"]) == ["test", "test"], "an image of another set is another image"
    assert list(table["task"]) == ["single", "single"]
    assert table[["confidence", "reaction_time_ms", "exposure_ms"]].isna().all(axis=None)
    assert not table["was_hidden"].any()


def test_what_spreadsheets_make_of_a_file(write) -> None:  # type: ignore[no-untyped-def]
    table = read_answers(
        write(
            "\ufeff Answer ,TRUTH,item,Synthetic,trial,rater,note,confidence\r",
            'Real,Fake,0007,=x,1.0,Ümit,"a, b",3.0\r',
            ",,,,,,,\r",
            "fake,real,0008,gan,2,Ümit,,\r",
        )
    )
    assert table[["rater", "trial", "item", "truth", "answer"]].to_numpy().tolist() == [
        ["Ümit", 1, "0007", "fake", "real"],
        ["Ümit", 2, "0008", "real", "fake"],
    ]
    assert list(table["synthetic"]) == ["=x", ""], "a real image is of no synthetic set"
    assert table["confidence"][0] == 3


def test_fakes_without_a_set_are_of_one_set(write) -> None:  # type: ignore[no-untyped-def]
    table = read_answers(write(TITLES + ",kind", "Ada,1,a,,fake,fake,test", "Ada,2,b,,fake,fake,check"))
    assert list(table["synthetic"]) == ["synthetic", ""]


def test_an_image_seen_again_is_a_repeat_and_said_to_be_one(write) -> None:  # type: ignore[no-untyped-def]
    lines = [
        "Ada,3,x,gan,fake,real",
        "Ada,1,x,gan,fake,fake",
        "Bo,2,x,gan,fake,fake",
        "Ada,2,x,ddpm,fake,fake",
    ]
    table = read_answers(write(TITLES, *lines))
    score = score_answers(table, n_bootstrap=10)
    assert (score.overall.n_answers, score.n_repeats) == (3, 1)
    assert any("1 answers of test trials to an image that the same rater" in note for note in score.notes)
    rows = table.to_dict("records")
    assert tell_repeats(rows) == 1
    assert [row["kind"] for row in rows] == ["repeat", "test", "test", "test"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    full = {
        "rater": "=Ada",
        "trial": 1,
        "item": "0001",
        "synthetic": "-gan",
        "truth": "fake",
        "answer": "real",
        "confidence": 5,
        "reaction_time_ms": 812.4000000000001,
        "exposure_ms": 250.25,
        "class": 'a, "b"',
        "kind": "repeat",
        "task": "pair",
        "frames": 15,
        "frame_rate_hz": 59.94,
        "dropped_frames": 2,
        "was_hidden": True,
        "was_early": False,
        "n_changes": 1,
        "made_at": "2026-03-01T12:00:02.000+00:00",
    }
    nothing = dict.fromkeys(("confidence", "reaction_time_ms", "exposure_ms", "frames", "frame_rate_hz"))
    table = make_answer_table([full, full | nothing | {"trial": 2, "truth": "fake", "kind": "test"}])
    text = render_answers(table)
    assert "'=Ada" in text, "a spreadsheet would run it"
    assert ",5,812.4000000000001,250.25," in text
    path = tmp_path / "out.csv"
    path.write_text(text, encoding="utf-8")
    pd.testing.assert_frame_equal(read_answers(path), table)
    assert render_answers(make_answer_table([])).count("\n") == 1


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "lacks the columns rater, trial, item, synthetic, truth, answer; it needs"),
        (["rater,trial,item,synthetic,truth", "x"], "lacks the column answer; it needs rater, trial"),
        ([TITLES.replace(",", ";"), ROW.replace(",", ";")], "part its columns by commas"),
        ([TITLES + ",truth", ROW + ",fake"], "has two columns 'truth'; drop one"),
        ([TITLES], "holds no answer; write one row a trial below its titles"),
        ([TITLES, ROW + ",x"], "Line 2 .* has 7 fields where the first line has 6; put fields"),
        ([TITLES, "Ada,1,x,gan,fake"], "Line 2 .* has 5 fields"),
        ([TITLES, ROW, 'Ada,2,"x"y,gan,fake,real'], "Line 3 .* is no CSV"),
        (
            [TITLES, ROW, "Ada,1,y,gan,fake,real"],
            "Line 3 .*second answer of 'Ada' on trial 1, after line 2; give",
        ),
        ([TITLES, "Ada,1,x,gan,false,real"], "Line 2 .*its truth is 'false'; write real or fake"),
        ([TITLES, "Ada,1,x,gan,fake,"], "Line 2 .*its answer is ''; write real or fake"),
        ([TITLES, ",1,x,gan,fake,real"], "its rater is empty; fill it"),
        ([TITLES, "Ada,1,,gan,fake,real"], "its item is empty"),
        ([TITLES, "Ada,first,x,gan,fake,real"], "its trial is 'first'; write a whole number from 0 up"),
        ([TITLES, "Ada,1.5,x,gan,fake,real"], "its trial is '1.5'; write a whole number"),
        ([TITLES, f"Ada,1,x,{'g' * 201},fake,real"], "its synthetic has more than 200 characters; shorten"),
        ([TITLES + ",confidence", ROW + ",6"], "its confidence is '6'; write a whole number from 1 to 5"),
        ([TITLES + ",confidence", ROW + ",2.5"], "its confidence is '2.5'"),
        (
            [TITLES + ",reaction_time_ms", ROW + ",-1"],
            "its reaction_time_ms is '-1'; write a number from 0 up",
        ),
        ([TITLES + ",reaction_time_ms", ROW + ",inf"], "its reaction_time_ms is 'inf'"),
        (
            [TITLES + ",kind", ROW + ",practice"],
            "its kind is 'practice'; write training or test or repeat or check",
        ),
        ([TITLES + ",was_hidden", ROW + ",maybe"], "its was_hidden is 'maybe'; write true or false"),
        (
            [TITLES + ",task", "Ada,1,x,,real,real,pair"],
            "its task is 'pair', whose row tells of the fake image",
        ),
        ([TITLES, "A\0da,1,x,gan,fake,real"], "is no text"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(write, lines: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    path = write(*lines)
    with pytest.raises(InputError, match=says) as error:
        read_answers(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_limits_and_encodings(write, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="not in UTF-8; save it as CSV in UTF-8"):
        read_answers(write(TITLES, "Ümit,1,x,gan,fake,real", encoding="latin-1"))
    with pytest.raises(InputError, match="cannot be read \\(No such file"):
        read_answers(Path("nowhere.csv"))
    path = write(TITLES, ROW, "Ada,2,x,gan,fake,real")
    monkeypatch.setattr(answer_csv, "_MOST_ROWS", 2)
    assert len(read_answers(path)) == 2
    monkeypatch.setattr(answer_csv, "_MOST_ROWS", 1)
    with pytest.raises(InputError, match="more than 1 rows; score parts of it"):
        read_answers(path)
    monkeypatch.setattr(answer_csv, "_MOST_BYTES", 20)
    with pytest.raises(InputError, match="is larger than"):
        read_answers(path)
