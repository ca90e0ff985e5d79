"""Rates of rating sessions beside an audit's numbers: which are shown, what says where they come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from core.audit.archive import load_audit_summary
from core.audit.result import AuditSummary, MetricRow
from core.cli import main
from core.config import get_settings
from core.db.database import open_database
from core.jobs.job_folder import audit_folder
from core.rating.answer_table import tabulate_answers
from core.rating.design import RealSource, SessionDesign, SetCount
from core.rating.rates import split_rates
from core.rating.session_table import make_answer_table
from core.rating.set_rates import SetRate, load_set_rates
from core.report.metric_table import build_metric_table
from core.report.rated_summary import FIR, SIMULATED, add_rates, join_rates
from tests.core.audit.fixtures import CLASSES, SETS, make_row, make_summary
from tests.core.fidelity_utility.made import make_experiment
from tests.core.rating.demo_films import answer_session, keep_session
from tests.studies import keep_audit, keep_study

FAKES: Mapping[str, frozenset[str]] = {name: frozenset({f"{name}-{at}" for at in range(8)}) for name in SETS}
SEEN: Mapping[str, Collection[str]] = {name: {*FAKES[name], "more"} for name in SETS}
AUDIT = make_summary([make_row("precision", 0.5, 0.1, synthetic=name, note="") for name in SETS])


def rate_sets(
    shares: Mapping[str, float],
    *,
    session: str = "Reading",
    n_raters: int = 3,
    is_pair: bool = False,
    is_simulated: bool = False,
    digests: Mapping[str, frozenset[str] | None] = FAKES,
    has_heldout: bool = True,
) -> list[SetRate]:
    """The rates of a session in which that share of each set's eight images was called fake."""
    rows = []
    fakes = [(name, at, share) for name, share in shares.items() for at in range(8)]
    reals = [] if is_pair else [("", at, 0.25) for at in range(8)]
    for rater in range(n_raters):
        for trial, (name, at, share) in enumerate([*fakes, *reals]):
            rows.append(
                {
                    "rater": f"Rater {rater + 1}",
                    "trial": trial + 1,
                    "item": f"{name}{at}",
                    "synthetic": name,
                    "truth": "fake" if name else "real",
                    "answer": "fake" if at % 8 < round(share * 8) else "real",
                    "confidence": None,
                    "reaction_time_ms": None,
                    "exposure_ms": None,
                    "class": CLASSES[at % 2],
                    "kind": "test",
                    "task": "pair" if is_pair else "single",
                    "frames": None,
                    "frame_rate_hz": None,
                    "dropped_frames": 0,
                    "was_hidden": False,
                    "was_early": False,
                    "n_changes": 0,
                    "made_at": "",
                }
            )
    answers = tabulate_answers(make_answer_table(rows))
    by_set, _, _, by_class = split_rates(answers.test, task=answers.task, bootstrap=None)
    return [
        SetRate(
            session_id="0" * 16,
            session_name=session,
            synthetic=name,
            rates=rates,
            classes=by_class[name],
            finished_raters=n_raters,
            is_pair=is_pair,
            is_joint=False,
            has_heldout=has_heldout,
            is_simulated=is_simulated,
            digests=digests[name],
        )
        for name, rates in by_set.items()
    ]


def added(summary: AuditSummary, class_name: str | None = None) -> dict[str, MetricRow]:
    """What was added, by set."""
    assert summary.results[: len(AUDIT.results)] == AUDIT.results
    rows = summary.results[len(AUDIT.results) :]
    assert {row.metric for row in rows} <= {FIR}
    found = [row for row in rows if row.class_name == class_name]
    assert len({row.synthetic for row in found}) == len(found)
    return {row.synthetic: row for row in found}


def test_each_rated_set_gets_its_rate_with_what_the_same_raters_said_of_real_images() -> None:
    rates = rate_sets({SETS[0]: 0.75, SETS[1]: 0.5})
    rows = added(join_rates(AUDIT, rates, SEEN))
    assert list(rows) == [SETS[0], SETS[1]]
    first = rows[SETS[0]]
    assert (first.value, first.extractor, first.n_synthetic, first.n_real) == (0.75, None, 8, 8)
    assert first.low is not None and first.high is not None and 0 < first.low < 0.75 < first.high < 1
    assert (first.low, first.high) == (rates[0].rate.low, rates[0].rate.high)
    floor = first.floor_detail
    assert floor is not None and (floor.kind, floor.value, floor.n) == ("heldout", 0.25, 8)
    assert first.note.startswith("The rating session Reading: 24 answers of 3 raters to 8 images; Wilson")
    trained = rate_sets({SETS[0]: 0.75}, has_heldout=False)
    floor = added(join_rates(AUDIT, trained, SEEN))[SETS[0]].floor_detail
    assert floor is not None and floor.kind == "real"


def test_classes_have_their_own_rates() -> None:
    summary = join_rates(AUDIT, rate_sets({SETS[0]: 0.5}), SEEN)
    by_class = [added(summary, name)[SETS[0]] for name in CLASSES]
    # Images 0 to 3 of 8 are called fake, two of each class.
    assert [(row.value, row.n_synthetic) for row in by_class] == [(0.5, 4), (0.5, 4)]
    # A class that the audit does not know has no row.
    sets = tuple(one.model_copy(update={"classes": {CLASSES[0]: 200}}) for one in AUDIT.sets)
    fewer = join_rates(make_summary(list(AUDIT.results), sets=sets), rate_sets({SETS[0]: 0.5}), SEEN)
    assert list(added(fewer, CLASSES[0])) == [SETS[0]] and not added(fewer, CLASSES[1])


def test_an_audit_of_other_images_gets_no_rate_and_says_why() -> None:
    rates = rate_sets({SETS[0]: 0.75})
    gone = {**SEEN, SETS[0]: FAKES[SETS[0]] - {f"{SETS[0]}-3"}}
    for seen, found, words in (
        (gone, rates, "showed other images of this set than this audit measured"),
        (None, rates, "the audit's list of images is gone"),
        (SEEN, rate_sets({SETS[0]: 0.75}, digests={SETS[0]: None}), "its images are not recorded"),
    ):
        (row,) = added(join_rates(AUDIT, found, seen)).values()
        assert row.value is None and row.low is None and row.floor_detail is None
        assert words in row.note and "Reading" in row.note
    # An older session of the audit's own images still counts.
    older = rate_sets({SETS[0]: 0.25}, session="Older")
    newer = rate_sets({SETS[0]: 0.75}, digests={SETS[0]: frozenset({"other"})})
    assert added(join_rates(AUDIT, [*newer, *older], SEEN))[SETS[0]].value == 0.25


def test_the_newest_session_counts_and_names_the_others() -> None:
    rates = [*rate_sets({SETS[0]: 0.75}, session="Second"), *rate_sets({SETS[0]: 0.25}, session="First")]
    row = added(join_rates(AUDIT, rates, SEEN))[SETS[0]]
    assert row.value == 0.75
    assert "Second" in row.note and "Older sessions with this set: First." in row.note
    hidden = added(join_rates(AUDIT, rates, SEEN, with_names=False))[SETS[0]]
    assert "Second" not in hidden.note and "First" not in hidden.note
    assert "A rating session: 24 answers" in hidden.note and "with this set: 1." in hidden.note


def test_simulated_raters_are_called_so_and_never_stand_before_people() -> None:
    simulated = rate_sets({SETS[0]: 0.75, SETS[1]: 0.5}, session="Made up", is_simulated=True)
    people = rate_sets({SETS[0]: 0.25})
    rows = added(join_rates(AUDIT, [*simulated, *people], SEEN))
    assert (rows[SETS[0]].value, rows[SETS[0]].extractor) == (0.25, None)
    assert "Made up" not in rows[SETS[0]].note
    assert (rows[SETS[1]].value, rows[SETS[1]].extractor) == (0.5, SIMULATED)
    assert "3 simulated raters" in rows[SETS[1]].note
    shown = build_metric_table(join_rates(AUDIT, [*simulated, *people], SEEN), None)
    assert [row.extractor for group in shown.groups for row in group.rows if row.facts.id == FIR] == [
        None,
        SIMULATED,
    ]


def test_pairs_have_no_false_alarms_and_say_what_guessing_gives() -> None:
    (row,) = added(join_rates(AUDIT, rate_sets({SETS[0]: 0.75}, is_pair=True), SEEN)).values()
    assert (row.value, row.floor, row.floor_detail, row.n_real) == (0.75, None, None, 0)
    assert "to 8 pairs" in row.note and "guessing gives 0.5" in row.note


def test_no_set_is_marked_as_best_since_people_call_real_images_fake_too() -> None:
    rates = rate_sets({SETS[0]: 1.0, SETS[1]: 0.0}, n_raters=9)
    table = build_metric_table(join_rates(AUDIT, rates, SEEN), None)
    (row,) = [row for group in table.groups for row in group.rows if row.facts.id == FIR]
    first, second, *rest = row.cells
    assert first is not None and second is not None and rest == [None, None]
    assert (first.number, second.number, first.best, second.best) == (1.0, 0.0, False, False)
    assert row.floor is not None and row.floor.number == 0.25 and "held-out images" in row.floor.n


def test_nothing_changes_without_sessions_and_without_files(tmp_path: Path) -> None:
    assert add_rates(AUDIT, [], tmp_path) is AUDIT
    (row,) = added(add_rates(AUDIT, rate_sets({SETS[0]: 0.75}), tmp_path)).values()
    assert row.value is None and "list of images is gone" in row.note


def test_images_are_matched_by_their_bytes_and_the_command_line_shows_them(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = get_settings()
    database, study = open_database(settings), keep_study()
    counts = tuple(SetCount(synthetic=name, n=6) for name in (None, "gan"))
    design = SessionDesign(counts=counts, real_source=RealSource.TRAIN, n_raters=2)
    session = keep_session(database, settings, study, design)
    answer_session(database, session.id, lambda rater, image: rater == 0)
    (rate,) = load_set_rates(database, study.id)
    audit_id = keep_audit(study)
    summary, folder = load_audit_summary(database, audit_id)[1], audit_folder(settings, audit_id)
    rated = add_rates(summary, [rate], folder)
    assert rated.results[:-1] == summary.results
    row = rated.results[-1]
    assert (row.metric, row.value, row.floor, row.n_synthetic) == (FIR, 0.5, 0.5, 6)
    assert rate.digests is not None and len(rate.digests) == 6
    other = replace(rate, digests=rate.digests | {"0" * 64})
    assert add_rates(summary, [other], folder).results[-1].value is None

    def call(*arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        return int(ended.value.code or 0)

    # The same from the command line, for reports and for fidelity against utility.
    out = tmp_path / "out"
    asked = ("report", "--audit", folder, "--no-images", "--output", out / "report.html")
    assert call(*asked, "--ratings-of", "films") == 0
    assert "2 raters to 6 images" in (out / "report.html").read_text(encoding="utf-8")
    (tmp_path / "utility.json").write_text(make_experiment(("gan",), (0.02,)).model_dump_json())
    asked = ("utility", "against-fidelity", "--audit", folder, "--utility", tmp_path, "--output", out)
    assert call(*asked, "--ratings-of", study.id) == 0
    assert "Fake identification rate (FIR) ↓" in capsys.readouterr().out
    assert '"fir"' in (out / "points.csv").read_text(encoding="utf-8")
    assert call(*asked, "--ratings-of", "Nobody") == 2
    assert "There is no study 'Nobody'" in capsys.readouterr().err
    database.close()
