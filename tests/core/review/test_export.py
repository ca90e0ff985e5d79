"""Exports: every row with digests, who and when; nothing that a spreadsheet runs; JSON that any reader reads."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import Database, open_database
from core.db.review_record import NewVerdict, ReviewRecord, Stage
from core.db.reviews import lock_review
from core.db.verdicts import add_verdicts
from core.jobs.job_folder import audit_folder
from core.review.export import FORMAT, render_calls_csv, render_review_json, render_verdicts_csv
from core.review.loaded import LoadedReview, load_whole_review
from tests.core.review.rows import COPY, NOT, UNSURE
from tests.reviews import PairedAudit, keep_paired_audit, keep_review, say


@pytest.fixture
def database(workspace: Path) -> Database:
    return open_database(get_settings())


@pytest.fixture
def audit(database: Database) -> PairedAudit:
    return keep_paired_audit(database)


def load(database: Database, record: ReviewRecord) -> LoadedReview:
    return load_whole_review(database, record.id, audit_folder(get_settings(), record.audit_id))


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_verdicts_as_csv(database: Database, audit: PairedAudit) -> None:
    review = keep_review(database, audit, name="=cmd()")
    first = NewVerdict(0, COPY, "t1", confidence=4, note='@SUM(1)\n"quoted", yes', seen=True)
    add_verdicts(database, review.id, "+Ada", [first, *say({1: NOT, 0: None})])
    add_verdicts(database, review.id, "Bo", say({0: UNSURE}))
    add_verdicts(database, review.id, "Cy", say({0: COPY}, stage=Stage.ADJUDICATION))
    loaded = load(database, review)
    rows = read_csv(render_verdicts_csv(loaded))
    assert [(row["reviewer"], row["pair"], row["verdict"], row["holds"], row["stage"]) for row in rows] == [
        ("'+Ada", "1", "copy", "False", "reading"),
        ("'+Ada", "2", "not a copy", "True", "reading"),
        ("'+Ada", "1", "", "False", "reading"),
        ("Bo", "1", "unsure", "True", "reading"),
        ("Cy", "1", "copy", "True", "adjudication"),
    ]
    assert rows[0]["note"] == '\'@SUM(1)\n"quoted", yes'
    assert (rows[0]["review"], rows[0]["seen"], float(rows[0]["confidence"])) == ("'=cmd()", "True", 4)
    pair = loaded.pairs[0]
    item, real = loaded.items[pair.query_id], loaded.items[pair.real_id]
    assert (rows[0]["item"], rows[0]["digest"], rows[0]["class"]) == (item.item, item.digest, item.label)
    assert (rows[0]["real_item"], rows[0]["real_digest"]) == (real.item, real.digest)
    assert (rows[0]["set"], rows[0]["is_control"]) == (item.set, str(pair.is_control))
    assert float(rows[0]["distance"]) == pair.evidence.distance
    made_at = datetime.fromisoformat(rows[0]["made_at"])
    assert made_at == loaded.verdicts[0].made_at
    assert rows[0]["made_at"].endswith("+00:00")


def test_a_review_without_verdicts_has_a_head(database: Database, audit: PairedAudit) -> None:
    loaded = load(database, keep_review(database, audit))
    (head,) = render_verdicts_csv(loaded).splitlines()
    assert head.startswith('"review","pair","is_control","set","item","digest"')
    assert json.loads(render_review_json(loaded))["pairs"][0]["verdicts"] == []


def test_calls_as_csv(database: Database, audit: PairedAudit) -> None:
    review = keep_review(database, audit)
    add_verdicts(database, review.id, "Ada", say({0: COPY, 1: NOT, 2: UNSURE}))
    rows = read_csv(render_calls_csv(load(database, review)))
    assert [(row["pair"], row["call"], row["basis"], row["n_readers"]) for row in rows[:4]] == [
        ("1", "copy", "one reader", "1"),
        ("2", "not a copy", "one reader", "1"),
        ("3", "", "open", "1"),
        ("4", "", "unread", "0"),
    ]
    assert len(rows) == review.n_pairs


def test_everything_as_json(database: Database, audit: PairedAudit) -> None:
    review = keep_review(database, audit)
    add_verdicts(database, review.id, "Ada", say({0: COPY, 1: NOT, 2: UNSURE}))
    add_verdicts(database, review.id, "Ada", say({1: COPY}))
    add_verdicts(database, review.id, "Bo", say({0: COPY, 1: NOT}))
    lock_review(database, review.id, "Ada")
    loaded = load(database, review)
    document = json.loads(render_review_json(loaded), parse_constant=lambda name: pytest.fail(name))
    assert document["format"] == FORMAT
    assert (document["review"]["id"], document["review"]["locked_by"]) == (review.id, "Ada")
    assert document["review"]["plan"]["n_strongest"] == 8
    assert [pair["pair"] for pair in document["pairs"]] == list(range(1, review.n_pairs + 1))
    said = document["pairs"][1]
    assert [(row["reviewer"], row["verdict"], row["holds"]) for row in said["verdicts"]] == [
        ("Ada", "not a copy", False),
        ("Ada", "copy", True),
        ("Bo", "not a copy", True),
    ]
    assert (said["call"], said["basis"]) == (None, "open")
    assert said["query"]["digest"] == loaded.pairs[1].query_digest
    assert said["evidence"]["warp"] == [1, 0, 0, 0, 1, 0]
    summary = document["summary"]
    assert summary["readers"][0] == {"reviewer": "Ada", "n_read": 3, "n_left": review.n_pairs - 3}
    assert [one["scale"] for one in summary["agreement"]] == ["verdicts", "copies"]
    assert (summary["agreement"][1]["n"], summary["n_open"]) == (2, 2)
    assert {one["name"] for one in summary["sets"]} <= {"gan", "ddpm"}


def test_infinite_ratios_are_written(database: Database, audit: PairedAudit) -> None:
    loaded = load(database, keep_review(database, audit))
    pair = replace(loaded.pairs[0], evidence=replace(loaded.pairs[0].evidence, rho=math.inf))
    odd = replace(loaded, pairs=(pair, *loaded.pairs[1:]))
    assert json.loads(render_review_json(odd))["pairs"][0]["evidence"]["rho"] == "Infinity"
    assert read_csv(render_calls_csv(odd))[0]["rho"] == "inf"


def test_names_of_files_are_guarded(database: Database, audit: PairedAudit, tmp_path: Path) -> None:
    loaded = load(database, keep_review(database, audit))
    table = loaded.items.table
    names = [f"={name}" for name in table.column("item").to_pylist()]
    place = table.column_names.index("item")
    items = type(loaded.items)(
        table.set_column(place, "item", [names]),
        {name: str(tmp_path) for name in ("real", "heldout", "gan", "ddpm")},
    )
    rows = read_csv(render_calls_csv(replace(loaded, items=items)))
    assert all(row["item"].startswith("./=") and row["real_item"].startswith("./=") for row in rows)
