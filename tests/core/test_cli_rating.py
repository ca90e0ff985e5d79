"""`python -m core rating`: sessions made, followed, exported, imported and scored without a browser."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import main
from core.commands.rating_options import parse_count
from core.config import get_settings
from core.db.database import Database, open_database
from core.db.raters import list_raters
from core.db.rating_sessions import find_rating_session, load_rating_session, load_stimuli
from core.db.studies import StudyRecord
from core.errors import InputError
from core.rating.answer_csv import read_answers
from core.rating.design import RealSource, SessionDesign, SetCount, Task, Timing
from core.rating.rater_link import make_rater_path
from core.rating.stimuli import stimulus_path
from tests.experiments import keep_classified_study
from tests.ratings import COUNTS, answer_all

COUNT_OPTIONS = tuple(
    part for one in COUNTS for part in ("--count", f"{one.synthetic or 'real'}:{one.class_name}={one.n}")
)


@pytest.fixture
def study(workspace: Path) -> StudyRecord:
    return keep_classified_study()


@pytest.fixture
def database(workspace: Path) -> Database:
    return open_database(get_settings())


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["rating", *(str(argument) for argument in arguments)])
    output, errors = capsys.readouterr()
    return int(stop.value.code or 0), output, errors


def create(capsys: pytest.CaptureFixture[str], *options: object) -> str:
    status, output, errors = run(
        capsys, "create", "--study", "classified", "--name", "First", *COUNT_OPTIONS, "--side", 64, *options
    )
    assert status == 0, errors
    return output.strip()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("gan=10", SetCount(synthetic="gan", n=10)),
        ("Real : covid = 3", SetCount(synthetic=None, class_name="covid", n=3)),
        ("StyleGAN (v2)+:a=b:c=7", SetCount(synthetic="StyleGAN (v2)+", class_name="a=b:c", n=7)),
    ],
)
def test_counts_are_read(text: str, count: SetCount) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["gan", "gan=", "=3", "gan=0", "gan=-1", "gan=1.5", ":a=3", "gan=²"])
def test_other_counts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"--count takes SET\[:CLASS\]=N as in real=30"):
        parse_count(text)


def test_a_session_is_made_followed_and_closed(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord
) -> None:
    status, output, errors = run(
        capsys,
        "create",
        "--study",
        "classified",
        "--name",
        "First",
        *COUNT_OPTIONS,
        "--side",
        64,
        "--raters",
        2,
    )
    assert status == 0, errors
    session_id = output.strip()
    assert "With 8 fakes a set and 2 raters, the 95 % interval" in errors
    session = load_rating_session(database, session_id)
    assert session.prepared_at is not None
    files = [
        stimulus_path(get_settings(), session_id, one.number) for one in load_stimuli(database, session_id)
    ]
    assert len({path.stat().st_size for path in files}) == 1

    assert run(capsys, "list")[1] == (f"{session_id}\tFirst\tClassified\topen\t0 of 2 raters\t0 answers\n")
    assert run(capsys, "list", "--study", study.id)[1].startswith(session_id)
    answer_all(session, {None: 0.3, "gan": 0.9, "ddpm": 0.5}, n_raters=1, closes=False)
    first, second = list_raters(database, session_id)
    assert run(capsys, "links", "first", "--base", "https://rate.example/")[1] == (
        f"Rater 1\t32 of 32 trials\tfinished\thttps://rate.example{make_rater_path(get_settings(), first.id)}\n"
        f"Rater 2\t0 of 32 trials\topen\thttps://rate.example{make_rater_path(get_settings(), second.id)}\n"
    )
    output = run(capsys, "invite", session_id, "--name", "Chest reader")[1]
    assert re.fullmatch(r"Chest reader\thttp://localhost:8501/rate/[0-9a-f]{16}-[0-9a-f]{32}\n", output)
    assert run(capsys, "revoke", session_id, "rater 2") == (0, "", "")
    assert "Rater 2\t0 of 32 trials\tlink taken back" in run(capsys, "links", session_id)[1]
    status, _, errors = run(capsys, "revoke", session_id, "nobody")
    assert status == 2
    assert "there are: 'Rater 1', 'Rater 2', 'Chest reader'" in errors
    assert run(capsys, "close", session_id)[1] == f"{session_id}\tclosed\n"
    assert "closed\t1 of 2 raters\t32 answers" in run(capsys, "list")[1]
    assert run(capsys, "reopen", session_id)[1] == f"{session_id}\topen\n"


def test_every_option_reaches_the_design(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord
) -> None:
    options = (
        "--real-source train --task pair --timing fixed --exposure-frames 12 --training 1 --repeats 4 "
        "--confidence --joint --show-score --raters 5 --seed 9"
    )
    counts = tuple(one.model_copy(update={"n": 2 * (1 + (one.synthetic is None))}) for one in COUNTS)
    arguments = [
        part for one in counts for part in ("--count", f"{one.synthetic or 'real'}:{one.class_name}={one.n}")
    ]
    status, output, errors = run(
        capsys, "create", "--study", "Classified", "--name", "B", *arguments, "--side", 64, *options.split()
    )
    assert status == 0, errors
    assert SessionDesign.model_validate(
        load_rating_session(database, output.strip()).design
    ) == SessionDesign(
        counts=counts,
        real_source=RealSource.TRAIN,
        task=Task.PAIR,
        timing=Timing.FIXED,
        exposure_frames=12,
        n_training=1,
        n_repeats=4,
        with_confidence=True,
        is_joint=True,
        shows_score=True,
        side_px=64,
        n_raters=5,
        seed=9,
    )


def test_checks_are_prepared_in_pairs_too(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord
) -> None:
    counts = [part for name in ("real", "gan") for one in "ab" for part in ("--count", f"{name}:{one}=2")]
    status, output, errors = run(
        capsys, "create", "--study", "Classified", "--name", "P", *counts, "--task", "pair", "--checks", 2
    )
    assert status == 0, errors
    stimuli = load_stimuli(database, output.strip())
    assert sum(one.is_fake and one.synthetic is None for one in stimuli) == 2
    paths = [stimulus_path(get_settings(), output.strip(), one.number) for one in stimuli]
    assert len({path.stat().st_size for path in paths}) == 1
    assert len({path.read_bytes() for path in paths}) == len(paths)


def test_power_needs_no_study(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    status, output, _ = run(capsys, "power", "--count", "real=30", "--count", "gan=30", "--raters", 3)
    assert status == 0
    assert "With 30 fakes of 'gan' and 3 raters, the 95 % interval" in output
    assert not workspace.exists()
    status, _, errors = run(capsys, "power", "--count", "gan=30", "--count", "gan:a=1")
    assert (status, errors) == (2, "Error: a session needs real images, too; give a count for them\n")


def test_what_may_give_answers_away_is_said(capsys: pytest.CaptureFixture[str], study: StudyRecord) -> None:
    from tests.images import write_images

    data = get_settings().home / "data"
    write_images(data / "gan", 12, seed=2, size=48, classes=("a", "b"))
    status, _, errors = run(
        capsys, "create", "--study", "Classified", "--name", "First", *COUNT_OPTIONS, "--side", 64
    )
    assert status == 0
    says = "Note: Real images are 32 pixels long and those of gan 48"
    assert says in errors
    assert says in run(capsys, "power", *COUNT_OPTIONS, "--study", "Classified")[1]
    assert (
        says not in run(capsys, "power", "--count", "real=4", "--count", "ddpm=4", "--study", "Classified")[1]
    )


def test_images_are_written_again(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord
) -> None:
    session_id = create(capsys)
    path = stimulus_path(get_settings(), session_id, 0)
    before = path.read_bytes()
    path.unlink()
    assert run(capsys, "prepare", "First") == (0, "", "")
    assert path.read_bytes() == before
    source = load_stimuli(database, session_id)[0]
    path.unlink()
    for folder in ("heldout", "gan", "ddpm"):
        (get_settings().home / "data" / folder / source.file).unlink(missing_ok=True)
    status, _, errors = run(capsys, "prepare", "First")
    assert status == 2
    assert f"The image {source.file!r} of " in errors


def test_export_is_scored_and_imported_to_the_same_numbers(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord, tmp_path: Path
) -> None:
    session_id = create(capsys, "--repeats", 4, "--checks", 2, "--training", 2, "--confidence")
    answer_all(load_rating_session(database, session_id), {None: 0.3, "gan": 0.9, "ddpm": 0.5})
    table, whole = tmp_path / "answers.csv", tmp_path / "deep" / "session.json"
    assert run(capsys, "export", "First", "--output", table)[:2] == (0, f"{table}\n")
    assert len(read_answers(table)) == 3 * (32 + 4 + 2 + 2)
    assert run(capsys, "export", session_id, "-o", whole)[:2] == (0, f"{whole}\n")
    status, _, errors = run(capsys, "export", session_id, "-o", tmp_path / "x.txt")
    assert (status, "--output ends with .csv or .json, not 'x.txt'" in errors) == (2, True)

    by_file, by_session = tmp_path / "file.json", tmp_path / "session-score.json"
    status, output, _ = run(capsys, "score", "--answers", table, "--output", by_file)
    assert status == 0
    assert "Fake identification rate (FIR)" in output
    assert run(capsys, "score", "--session", "First", "-o", by_session)[0] == 0
    assert by_file.read_text() == by_session.read_text()
    numbers = json.loads(by_file.read_text())
    document = json.loads(whole.read_text())
    assert document["format"] == "medsynaudit-rating-1"
    assert {key: document[key] for key in numbers} == numbers
    said = document["session"]
    assert [one["name"] for one in said["raters"]] == ["Rater 1", "Rater 2", "Rater 3"]
    assert said["raters"][0]["background"] == [{"role": "radiologist", "years": 8.0}]
    assert len(said["raters"][0]["answers"]) == len(said["raters"][0]["trials"]) == 40
    assert {one["synthetic"] for one in said["images"]} == {None, "gan", "ddpm"}

    status, output, errors = run(
        capsys, "import", "--study", "Classified", "--name", "Again", "--answers", table, "--simulated"
    )
    assert status == 0, errors
    assert "0 of 36 images were found" in errors, "numbers of images are no names of files"
    assert find_rating_session(database, "Again").id == output.strip()
    assert "Again\tClassified\tclosed, simulated raters\t3 of 3 raters\t120 answers" in run(capsys, "list")[1]
    again = tmp_path / "again.json"
    assert run(capsys, "score", "--session", "Again", "-o", again)[0] == 0
    fields = (
        "fir",
        "false_alarm_rate",
        "d_prime",
        "auc",
        "fleiss_kappa",
        "self_consistency",
        "reaction_time_ms",
    )
    imported = json.loads(again.read_text())
    assert {name: imported[name] for name in fields} == {name: numbers[name] for name in fields}
    assert imported["sets"] == numbers["sets"]


TITLES = "rater,trial,item,synthetic,truth,answer"


def foreign_rows(n: int = 20) -> list[str]:
    """Two raters who agree on all but one of ten fakes and ten real images; four fakes are missed."""
    rows = []
    for rater in ("A", "B"):
        for item in range(n):
            fake = item < n // 2
            said = fake and item >= 4
            if rater == "B" and item == 0:
                said = True
            rows.append(
                f"{rater},{item + 1},img{item},{'gan' if fake else ''},"
                f"{'fake' if fake else 'real'},{'fake' if said else 'real'}"
            )
    return rows


def test_a_file_from_elsewhere_is_scored_without_a_workspace(tmp_path: Path) -> None:
    """In a process of its own: neither torch nor the database is loaded, nothing is written but the numbers."""
    answers, output = tmp_path / "answers.csv", tmp_path / "numbers.json"
    answers.write_text("\n".join([TITLES, *foreign_rows()]))
    code = (
        "import sys\nfrom core.cli import main\n"
        f"try: main(['rating', 'score', '--answers', {str(answers)!r}, '--output', {str(output)!r}])\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print([m for m in ('torch', 'umap', 'streamlit', 'sqlalchemy.orm.session') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "MEDSYN_HOME": str(tmp_path / "home"), "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "home").exists()
    numbers = json.loads(output.read_text())
    for name in (
        "fir",
        "false_alarm_rate",
        "accuracy",
        "d_prime",
        "criterion",
        "fleiss_kappa",
        "cohen_kappa",
        "krippendorff_alpha",
    ):
        assert {"value", "low", "high"} <= set(numbers[name])
        low, value, high = (numbers[name][key] for key in ("low", "value", "high"))
        assert low <= value <= high
    assert numbers["fir"]["value"] == 13 / 20
    assert numbers["false_alarm_rate"]["value"] == 0
    assert numbers["sets"]["gan"]["fir"]["value"] == 13 / 20
    # Equal on 19 of 20; 6 and 7 of 20 called fake.
    chance = (6 * 7 + 14 * 13) / 400
    assert numbers["cohen_kappa"]["value"] == pytest.approx((0.95 - chance) / (1 - chance))


def test_a_foreign_session_is_kept_beside_the_study(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord, tmp_path: Path
) -> None:
    data = get_settings().home / "data"
    for folder, names in (("gan", "fake"), ("heldout", "film")):
        for number, path in enumerate(sorted((data / folder).rglob("*.png"))):
            path.rename(path.with_name(f"{names}{number}.png"))
    answers = tmp_path / "answers.csv"
    rows = [
        "Ann,1,fake0.png,GAN,fake,real",
        "Ann,2,a/film0.png,,real,real",
        "Ann,3,film1,,real,fake",
        "Ann,4,lost.png,gan,fake,fake",
    ]
    answers.write_text("\n".join([TITLES, *rows]))
    status, output, errors = run(
        capsys, "import", "--study", "Classified", "--name", "Clinic", "--answers", answers
    )
    assert status == 0, errors
    assert errors == "3 of 4 images were found among the study's files.\n"
    session = load_rating_session(database, output.strip())
    assert session.closed_at is not None
    assert session.prepared_at is not None
    assert not session.is_simulated
    found = {one.file: one for one in load_stimuli(database, session.id)}
    assert found["lost.png"].digest is None
    known = [one for one in found.values() if one.digest is not None]
    assert {one.synthetic for one in known} == {"gan", None}
    for one in known:
        assert stimulus_path(get_settings(), session.id, one.number).is_file()
    assert not stimulus_path(get_settings(), session.id, found["lost.png"].number).exists()
    assert SessionDesign.model_validate(session.design).real_source is RealSource.HELDOUT


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            ["A,1,x,dalle,fake,fake", "A,2,y,,real,real"],
            "no synthetic set 'dalle'; its sets are: 'gan', 'ddpm'.",
        ),
        (["A,1,x,gan,fake,fake"], "hold no real image, which a session needs; `rating score`"),
        (["A,1,y,,real,real"], "The answers name no synthetic set"),
        (["A,1,y,,real,maybe"], "Line 2 of the answers file"),
    ],
)
def test_answers_that_cannot_be_kept_leave_nothing(
    capsys: pytest.CaptureFixture[str], study: StudyRecord, tmp_path: Path, rows: list[str], says: str
) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("\n".join([TITLES, *rows]))
    status, _, errors = run(capsys, "import", "--study", "Classified", "--name", "X", "--answers", answers)
    assert status == 2
    assert says in errors
    assert len(errors.splitlines()) == 1
    assert run(capsys, "list")[1] == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("links", "nobody"), "There is no rating session 'nobody'; there are: none yet."),
        (("create", "--study", "nobody", "--name", "A", *COUNT_OPTIONS), "There is no study 'nobody'"),
        (("score",), "Name a file with --answers, or a session with --session."),
        (("score", "--answers", "a.csv", "--session", "b"), "Name a file with --answers, or a session"),
        (("score", "--answers", "nowhere.csv"), "The answers file nowhere.csv cannot be read"),
    ],
)
def test_strangers_are_one_line(
    capsys: pytest.CaptureFixture[str], workspace: Path, arguments: tuple[str, ...], says: str
) -> None:
    status, _, errors = run(capsys, *arguments)
    assert status == 2
    assert says in errors
    assert len(errors.splitlines()) == 1


def test_pairs_come_back_as_pairs(
    capsys: pytest.CaptureFixture[str], database: Database, study: StudyRecord, tmp_path: Path
) -> None:
    answers = tmp_path / "answers.csv"
    rows = [f"A,{n + 1},i{n},gan,fake,{'fake' if n % 3 else 'real'},pair,400,4" for n in range(9)]
    answers.write_text("\n".join([f"{TITLES},task,exposure_ms,confidence", *rows]))
    status, output, errors = run(
        capsys, "import", "--study", "Classified", "--name", "X", "--answers", answers
    )
    assert status == 0, errors
    design = SessionDesign.model_validate(load_rating_session(database, output.strip()).design)
    assert (design.task, design.timing, design.exposure_frames) == (Task.PAIR, Timing.FIXED, 24)
    assert design.with_confidence
    assert dataclasses.astuple(list_raters(database, output.strip())[0].trials[0])[1] == (0, 9)
    table = tmp_path / "out.csv"
    run(capsys, "export", "X", "-o", table)
    before, after = read_answers(answers), read_answers(table)
    columns = ["rater", "trial", "synthetic", "truth", "answer", "task", "exposure_ms", "confidence", "kind"]
    assert after[columns].equals(before[columns])
