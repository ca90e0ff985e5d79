"""Privacy review: every state of the page, what is stored, who may see what, and the queue's filters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.items import load_items
from core.audit.pairs import PAIRS_FILE, load_pairs
from core.audit.protocol import Protocol
from core.config import get_settings
from core.db.database import open_database
from core.db.review_record import NewVerdict, PairEvidence, ReviewPair, ReviewRecord, Stage, Verdict
from core.db.reviews import create_review, list_reviews, load_review, load_review_pairs, lock_review
from core.db.studies import StudyRecord
from core.db.verdicts import add_verdicts, list_verdicts
from core.jobs.job_folder import audit_folder
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from pages._shared.review_evidence import describe_evidence
from pages._shared.review_filters import QueueFilters
from tests.films import keep_films
from tests.pages.frame import FRAME, run_frame
from tests.studies import keep_audit

PAGE = "audit/privacy.py"


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / PAGE))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture(scope="module")
def audited_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with an audit of films with planted copies; made once, and copied for each test."""
    home = tmp_path_factory.mktemp("films") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        get_settings.cache_clear()
        keep_audit(keep_films(), Protocol(extractors=("pixels",)))
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home


@pytest.fixture
def films(audited_home: Path, workspace: Path) -> Iterator[str]:
    """The id of that audit, in a workspace of the test's own."""
    shutil.copytree(audited_home, workspace)
    (folder,) = (workspace / "audits").iterdir()
    yield folder.name
    open_database(get_settings()).close()


@pytest.fixture
def review(films: str) -> ReviewRecord:
    """A review of all its pairs that nobody has read."""
    folder, plan = audit_folder(get_settings(), films), ReviewPlan(seed=1)
    return create_review(
        open_database(get_settings()),
        audit_id=films,
        name="First look",
        created_by="Chief",
        plan=plan.model_dump(mode="json"),
        pairs=plan_review(load_pairs(folder), load_items(folder), plan),
    )


def say(
    review: ReviewRecord, reviewer: str, verdicts: dict[int, Verdict], stage: Stage = Stage.READING
) -> None:
    rows = [
        NewVerdict(number, verdict, f"{reviewer} {stage} {number}", stage=stage)
        for number, verdict in verdicts.items()
    ]
    add_verdicts(open_database(get_settings()), review.id, reviewer, rows)


def read_queue(app: AppTest) -> dict[str, Any]:
    """What the viewer was handed."""
    handed = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (queue,) = [data for data in handed if "queue" in data]
    return queue


def unfold(app: AppTest, review: ReviewRecord) -> AppTest:
    app.session_state[f"outcome_{review.id}"] = True
    return app.run()


def labels(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


def test_a_workspace_without_studies_leads_to_the_overview(workspace: object) -> None:
    app = run_frame(PAGE)
    assert not app.exception
    assert "No study yet" in app.info[0].value
    assert "To the overview" in [link.label for link in app.get("page_link")]


def test_a_study_without_audits_leads_on(study: StudyRecord) -> None:
    app = open_page()
    assert not app.exception
    assert "no audit yet" in app.info[0].value
    assert "Run an audit" in [link.label for link in app.get("page_link")]


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = run_frame(PAGE)
    assert not app.exception
    assert len(app.error) == 1
    assert "secret" not in app.error[0].value


def test_an_audit_of_an_earlier_version_says_so(films: str) -> None:
    (audit_folder(get_settings(), films) / PAIRS_FILE).unlink()
    app = open_page(reader="A")
    assert not app.exception
    assert "run the audit again" in app.info[0].value
    assert not app.error


def test_a_review_is_started_and_opened(films: str) -> None:
    app = open_page()
    assert "Enter your name" in app.info[0].value
    app.text_input(key="reader_name").set_value("  Dr   One ").run()
    next(one for one in app.button if one.label == "Start review").click()
    app.run()
    assert not app.exception
    assert not app.error
    (made,) = list_reviews(open_database(get_settings()), films)
    assert (made.name, made.created_by) == ("Review 1", "Dr One")
    assert app.query_params["review"] in ([made.id], made.id)
    assert read_queue(app)["queue"] == list(range(made.n_pairs))


def test_only_addresses_and_the_alignment_are_handed_over(review: ReviewRecord) -> None:
    queue = read_queue(open_page(review=review.id, reader="A"))
    assert {frozenset(pair) for pair in queue["pairs"].values()} == {
        frozenset({"query", "real", "transform", "warp", "remark"})
    }
    assert (queue["evidence"], queue["verdicts"]) == ({}, {})
    assert all(pair["query"].startswith(f"/images/{review.audit_id}/") for pair in queue["pairs"].values())


def test_own_verdicts_come_with_evidence_and_others_do_not_come(review: ReviewRecord) -> None:
    say(review, "A", {0: Verdict.COPY, 1: Verdict.UNSURE})
    say(review, "B", {2: Verdict.NOT_A_COPY})
    queue = read_queue(open_page(review=review.id, reader="A"))
    assert {number: one["verdict"] for number, one in queue["verdicts"].items()} == {
        "0": "copy",
        "1": "unsure",
    }
    assert queue["history"] == [0, 1]
    assert set(queue["evidence"]) == {"0", "1"}
    assert set(read_queue(open_page(review=review.id, reader="C"))["verdicts"]) == set()


def hand_in(app: AppTest, *entries: dict[str, Any]) -> dict[str, Any]:
    """Hand verdicts in as the browser does; returns what the viewer is told."""
    key = f"viewer_{read_queue(app)['identity']}"
    app.session_state[key] = {"pending": {"entries": list(entries), "turn": 0}}
    return read_queue(app.run())


def test_what_is_no_verdict_is_refused_and_stays_with_the_browser(review: ReviewRecord) -> None:
    good = {"number": 0, "verdict": "copy", "token": "t", "confidence": 5, "note": "x", "seen": True}
    database = open_database(get_settings())
    wrong: list[dict[str, Any]] = [
        {"verdict": "maybe"}, {"number": "0"}, {"number": True}, {"confidence": 6}, {"confidence": "5"},
        {"note": None}, {"number": 10_000}, {"token": 3}, {"note": "x" * 3000},
    ]  # fmt: skip
    for change in wrong:
        told = hand_in(open_page(review=review.id, reader="A"), good, good | {"token": "u"} | change)
        assert told["problem"], change
        assert told["acknowledged"] == []
    assert list_verdicts(database, review.id) == ()
    told = hand_in(open_page(review=review.id, reader="A"), good)
    assert (told["problem"], told["acknowledged"]) == ("", ["t"])
    (row,) = list_verdicts(database, review.id)
    assert (row.verdict, row.confidence, row.note, row.seen) == (Verdict.COPY, 5, "x", True)


def test_the_outcome_is_shown_to_nobody_who_reads_unless_asked_for(review: ReviewRecord) -> None:
    say(review, "A", {0: Verdict.COPY})
    app = unfold(open_page(review=review.id, reader="A"), review)
    assert not app.exception
    assert "are left for you to read" in app.warning[0].value
    assert set(read_tables_of(app)) == set()
    next(one for one in app.button if one.label == "Show the outcome all the same").click()
    app.run()
    assert {"review_sets", "review_readers"} <= set(read_tables_of(app))


def read_tables_of(app: AppTest) -> dict[str, Any]:
    """Tables beside the viewer."""
    keys = [element.proto.id.rsplit("-", 1)[-1] for element in app.get("bidi_component")]
    return {key: None for key in keys if key.startswith("review_")}


def test_two_readers_agree_differ_and_settle(review: ReviewRecord) -> None:
    pairs = load_review_pairs(open_database(get_settings()), review.id)
    truth = {
        pair.number: Verdict.NOT_A_COPY
        if pair.is_control or pair.evidence.distance is None or pair.evidence.distance > 0.4
        else Verdict.COPY
        for pair in pairs
    }
    first = next(number for number, verdict in truth.items() if verdict is Verdict.COPY)
    say(review, "A", truth)
    say(review, "B", truth | {first: Verdict.NOT_A_COPY})
    app = unfold(open_page(review=review.id, reader="A"), review)
    assert not app.exception
    assert not app.error
    n_copies = sum(verdict is Verdict.COPY for verdict in truth.values())
    assert f"copies: {n_copies - 1}" in " ".join(one.value for one in app.markdown)
    next(one for one in app.button if one.label == "Settle disagreements (1 open)").click()
    app.run()
    queue = read_queue(app)
    assert queue["queue"] == [first]
    assert queue["pairs"][str(first)]["remark"] == "Readers said: copy, not a copy."
    told = hand_in(app, {"number": first, "verdict": "copy", "token": "s", "confidence": None, "note": ""})
    assert told["acknowledged"] == ["s"]
    last = list_verdicts(open_database(get_settings()), review.id)[-1]
    assert (last.number, last.stage) == (first, Stage.ADJUDICATION)
    app = unfold(open_page(review=review.id, reader="B"), review)
    assert f"copies: {n_copies}" in " ".join(one.value for one in app.markdown)
    assert {"review_agreement", "review_confirmed"} <= set(read_tables_of(app))
    assert {"Verdicts, CSV", "Review, JSON", "Kept, as checksums"} <= set(labels(app))


def test_somebody_who_still_reads_does_not_settle(review: ReviewRecord) -> None:
    say(review, "A", {0: Verdict.COPY})
    say(review, "B", {0: Verdict.NOT_A_COPY})
    app = open_page(review=review.id, reader="A", stage="adjudication")
    assert "Read your own pairs first" in app.info[0].value
    queue = read_queue(app)
    assert len(queue["queue"]) == review.n_pairs
    assert not any(pair["remark"] for pair in queue["pairs"].values())


def test_a_lock_is_for_good(review: ReviewRecord) -> None:
    say(review, "A", {0: Verdict.COPY})
    app = unfold(open_page(review=review.id, reader="A"), review)
    next(one for one in app.button if one.label == "Show the outcome all the same").click()
    app.run()
    next(one for one in app.button if one.label == "Lock the review").click()
    app.run()
    assert load_review(open_database(get_settings()), review.id).locked_by is None
    assert "cannot be unlocked" in " ".join(one.value for one in app.markdown)
    assert any(one.label == "Lock for good" for one in app.button)
    # The dialog's own button: tests/browser/test_privacy.py.
    lock_review(open_database(get_settings()), review.id, "A")
    app = unfold(open_page(review=review.id, reader="A"), review)
    queue = read_queue(app)
    assert "no verdict is taken any more" in queue["locked"]
    late = {"number": 1, "verdict": "copy", "token": "late", "confidence": None, "note": ""}
    told = hand_in(app, late)
    assert "locked" in told["problem"]


def pair(number: int, *, q: float | None, control: bool = False, **other: Any) -> ReviewPair:
    evidence = PairEvidence("pixels", 0.5, 1.0, q, q, False, "as is", 0.5, 1.0, None)
    values: dict[str, Any] = {"query_set": "heldout" if control else "gan", "label": "a"} | other
    return ReviewPair(
        number, control, f"{number:020x}", "d", real_id="r", real_digest="e", evidence=evidence, **values
    )


def test_filters_narrow_what_is_read_and_keep_controls() -> None:
    pairs = (
        pair(0, q=0.001),
        pair(1, q=None, control=True),
        pair(2, q=0.2, query_set="ddpm"),
        pair(3, q=0.02, label="b"),
        pair(4, q=None, control=True, label="b"),
    )
    judged = {0: "copy", 1: "unsure"}

    def left(**filters: str) -> list[int]:
        return QueueFilters(**filters).apply(pairs, judged)

    assert left() == [0, 1, 2, 3, 4]
    assert left(max_q="0.05") == [0, 1, 3, 4]
    assert left(set="ddpm") == [1, 2, 4]
    assert left(label="b") == [3, 4]
    assert left(verdict="unread") == [2, 3, 4]
    assert left(verdict="unsure") == [1]
    # Nothing but controls would tell that they are: only what is judged already is shown.
    assert left(max_q="0.0001") == [1]
    assert left(extractor="texture") == []


def test_filters_stand_in_the_address(review: ReviewRecord) -> None:
    app = open_page(review=review.id, reader="A", set="is:fresh")
    assert app.selectbox(key="choose_set").value == "is:fresh"
    pairs = load_review_pairs(open_database(get_settings()), review.id)
    wanted = [one.number for one in pairs if one.is_control or one.query_set == "fresh"]
    queue = read_queue(app)
    assert queue["queue"] == wanted
    assert queue["filtered"]


def test_evidence_says_what_an_image_was() -> None:
    assert describe_evidence(pair(1, q=None, control=True))[0].startswith("It is a control: a real image")
    assert describe_evidence(pair(1, q=0.2))[0] == "An image of gan; the audit does not flag it (q = 0.2)."
    volume = describe_evidence(pair(1, q=0.2), axial=(0.1, None, 0.9), n_slices=30)
    assert volume[0] == "A volume of gan; the audit does not flag it (q = 0.2)."
    assert volume[-1] == "Axial slices 21 to 30 of 30 agree best (r = 0.90)."
