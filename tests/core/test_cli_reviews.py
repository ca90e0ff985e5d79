"""`python -m core review`: reviews without a browser."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from core.cli import main
from core.config import get_settings
from core.db.database import Database, open_database
from core.db.review_record import Verdict
from core.db.reviews import load_review, load_review_pairs
from core.db.verdicts import add_verdicts
from core.review.plan import ReviewPlan
from tests.reviews import PairedAudit, keep_paired_audit, say


@pytest.fixture
def database(workspace: Path) -> Database:
    return open_database(get_settings())


@pytest.fixture
def audit(database: Database) -> PairedAudit:
    return keep_paired_audit(database)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["review", *(str(argument) for argument in arguments)])
    output, errors = capsys.readouterr()
    return int(stop.value.code or 0), output, errors


def create(capsys: pytest.CaptureFixture[str], audit: PairedAudit, *options: object) -> str:
    status, output, errors = run(
        capsys, "create", audit.id, "--name", "First", "--by", "Ada", "--strongest", 8, *options
    )
    assert (status, errors) == (0, "8 pairs to read and 10 controls among them.\n")
    return output.strip()


def test_a_review_is_made_listed_and_locked(
    capsys: pytest.CaptureFixture[str], database: Database, audit: PairedAudit
) -> None:
    review_id = create(capsys, audit, "--set", "gan", "--class", "a", "--max-q", 1, "--seed", 5)
    plan = ReviewPlan(sets=("gan",), classes=("a",), max_q=1, n_strongest=8, seed=5)
    assert ReviewPlan.model_validate(load_review(database, review_id).plan) == plan
    line = f"{review_id}\tFirst\t{audit.id}\t18 pairs\t"
    assert run(capsys, "list")[1] == f"{line}open\n"
    assert run(capsys, "list", "--audit", "another")[1] == ""
    assert run(capsys, "lock", "first", "--by", "Bo")[1] == f"{review_id}\tlocked by Bo\n"
    assert run(capsys, "list", "--audit", audit.id)[1] == f"{line}locked by Bo\n"
    status, _, errors = run(capsys, "lock", "first", "--by", "Bo")
    assert status == 2
    assert "was locked by Bo" in errors


def test_show_says_what_was_found(
    capsys: pytest.CaptureFixture[str], database: Database, audit: PairedAudit
) -> None:
    review_id = create(capsys, audit, "--set", "gan")
    pairs = load_review_pairs(database, review_id)
    calls = {pair.number: Verdict.NOT_A_COPY if pair.is_control else Verdict.COPY for pair in pairs}
    control = next(pair.number for pair in pairs if pair.is_control)
    add_verdicts(database, review_id, "Ada", say(calls))
    add_verdicts(database, review_id, "Bo", say(calls | {control: Verdict.NEAR_COPY}))
    output = run(capsys, "show", "First")[1]
    assert f"First: 8 pairs and 10 controls of the audit {audit.id}\nOpen.\n" in output
    assert "Ada: 18 of 18 read\nBo: 18 of 18 read\n" in output
    assert "Ada: 0 of 10 controls called copies, a false-alarm rate of 0 % [0 %, 28 %]" in output
    assert "Bo: 1 of 10 controls called copies" in output
    assert (
        "Ada and Bo, copy or near copy against not a copy: kappa 0.89 [0.68, 1.00], equal on 17 of 18"
        in output
    )
    assert "gan: 8 copies and 0 near copies confirmed among 8 of 8 pairs (100 % [68 %, 100 %]" in output
    assert "at least 40 % [22 %, 61 %] of its 20 images; 0 open" in output
    assert f"To be settled: pairs {control + 1}\n" in output


def test_show_copes_with_an_unread_review(capsys: pytest.CaptureFixture[str], audit: PairedAudit) -> None:
    create(capsys, audit, "--set", "gan")
    status, output, _ = run(capsys, "show", "First")
    assert status == 0
    assert "gan: 0 copies and 0 near copies confirmed among 0 of 8 pairs; at least 0 %" in output


def test_export_and_clean(
    capsys: pytest.CaptureFixture[str], database: Database, audit: PairedAudit, tmp_path: Path
) -> None:
    review_id = create(capsys, audit, "--set", "gan")
    number = {pair.query_id: pair.number for pair in load_review_pairs(database, review_id)}
    gan = audit.of("gan")
    add_verdicts(database, review_id, "Ada", say({number[gan[0]]: Verdict.COPY}))
    out = tmp_path / "export"
    status, output, _ = run(capsys, "export", "First", "--output", out)
    assert status == 0
    assert output.splitlines() == [str(out / name) for name in ("verdicts.csv", "calls.csv", "review.json")]
    assert json.loads((out / "review.json").read_text())["review"]["id"] == review_id
    assert len((out / "verdicts.csv").read_text().splitlines()) == 2

    folder, listed = tmp_path / "clean", tmp_path / "list.sha256"
    status, output, errors = run(
        capsys, "clean", "First", "--set", "gan", "--output", folder, "--list", listed
    )
    assert (status, output) == (0, "19 images stay, 1 go.\n")
    assert "0 images that readers differ on or are unsure of, and 7 that nobody has read, stay" in errors
    lines = dict(reversed(line.split("  ")) for line in listed.read_text().splitlines())
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.png")}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == lines
    assert run(capsys, "clean", "First", "--set", "gan", "--output", folder)[0] == 2
    status, _, errors = run(capsys, "clean", "First", "--set", "gan")
    assert status == 2
    assert "--output" in errors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nobody"), "There is no review 'nobody'; there are: none yet."),
        (("create", "nobody", "--name", "A", "--by", "B"), "run the audit again"),
        (("create", "../x", "--name", "A", "--by", "B"), "There is no job '../x'"),
    ],
)
def test_strangers_are_one_line(
    capsys: pytest.CaptureFixture[str], workspace: Path, arguments: tuple[str, ...], says: str
) -> None:
    status, _, errors = run(capsys, *arguments)
    assert status == 2
    assert says in errors
    assert len(errors.splitlines()) == 1
