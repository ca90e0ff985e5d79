"""Fidelity against utility: what leads on, what the answer says, what the address holds, what was published."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.archive import save_audit_summary
from core.config import get_settings
from core.db.database import open_database
from core.db.studies import StudyRecord
from core.utility.archive import save_utility_summary
from tests.core.fidelity_utility.made import make_audit, make_experiment
from tests.pages.frame import FRAME
from tests.pages.tables import read_tables
from tests.studies import keep_study

NAMES = ("one", "two", "*three*", "four", "<b>five</b>")
VALUES = (5.0, 4.0, 3.0, 2.0, 1.0)
RISING = (0.01, 0.02, 0.03, 0.04, 0.05)


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "experiments" / "fidelity_utility.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def keep(study: StudyRecord, names: tuple[str, ...] = NAMES, *, sets: Any = None) -> tuple[str, str, str]:
    """An audit and an experiment of each kind with chosen numbers; returns their ids."""
    database = open_database(get_settings())
    metrics = {
        ("fid", "inception"): VALUES[: len(names)],
        ("precision", "inception"): VALUES[: len(names)],
        ("variety", None): VALUES[: len(names)],
    }
    audit_id, *experiments = (secrets.token_hex(8) for _ in range(3))
    save_audit_summary(database, make_audit(names, metrics), audit_id=audit_id, study_id=study.id)
    for kind, one in zip(("feature-extraction", "augmentation"), experiments, strict=True):
        summary = make_experiment(names, RISING[: len(names)], kind=kind, sets=sets)  # type: ignore[arg-type]
        save_utility_summary(database, summary, experiment_id=one, study_id=study.id)
    return audit_id, *experiments


@pytest.fixture
def kept(workspace: Path) -> Iterator[tuple[str, str, str]]:
    yield keep(keep_study())
    open_database(get_settings()).close()


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_no_study_no_audit_and_no_experiment_lead_on(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception
    study = keep_study()
    app = open_page()
    assert "no audit yet" in app.info[0].value and not app.exception
    save_audit_summary(
        open_database(get_settings()),
        make_audit(("a",), {("kid", "x"): (1,)}),
        audit_id="a1",
        study_id=study.id,
    )
    app = open_page()
    assert "no utility experiment yet" in app.info[0].value and not app.exception
    assert [link.label for link in app.get("page_link")] == ["To Utility"]
    open_database(get_settings()).close()


def test_the_answer_comes_first_then_points_then_every_pair(kept: tuple[str, str, str]) -> None:
    app = open_page()
    assert not app.exception and not app.error and not app.warning
    answer = next(text.value for text in app.markdown if "Spearman" in text.value)
    assert "Across 5 synthetic sets" in answer and "−1.0 \\[−1.0, 0.2\\]" in answer and "p = 0.017" in answer
    assert "at most a hint" in answer and "help the classifier more; after Holm's" in answer
    assert "p = 0.2." in answer
    (chart,) = charts(app)
    assert [trace["name"] for trace in chart["data"]] == [
        "one",
        "two",
        "*three*",
        "four",
        "&lt;b&gt;five&lt;/b&gt;",
    ]
    table = read_tables(app)["associations"]
    assert table.texts("metric") == ["Fréchet Inception distance (FID) ↓", "Precision ↑", "Variety ↑"]
    # The newest experiment is an augmentation in three ways; the other kind has one.
    assert list(table.columns.values())[2:] == [
        "Augmentation: synthetic × 1",
        "Augmentation: synthetic × 1 and traditional augmentation",
        "Augmentation: synthetic images alone",
        "Feature extraction: pretrained on synthetic images",
    ]
    assert table.texts("utility0") == ["−1.0"] * 3
    assert table.rows[0]["utility0"]["detail"].endswith("p = 0.017, Holm 0.2, n = 5")
    assert "12 correlations over 5 synthetic sets" in table.caption
    assert len(app.get("download_button")) == 3
    assert [text.value for text in app.expander[0].caption] == ["Six repeats are few."]


def test_choices_stand_in_the_address(kept: tuple[str, str, str]) -> None:
    _, features, _ = kept
    app = open_page(
        metric="precision/inception",
        experiment=features,
        score="recall:a",
        **{"feature-extraction": "pretrained/untrained"},
    )
    assert not app.exception and not app.warning
    answer = next(text.value for text in app.markdown if "Spearman" in text.value)
    assert "Precision" in answer and "do less for recall of a" in answer
    (chart,) = charts(app)
    assert "against not pretrained" in chart["layout"]["yaxis"]["title"]["text"].replace("<br>", " ")
    app.selectbox(key="choose_metric").set_value("variety/").run()
    assert app.query_params["metric"] == "variety/" and not app.warning
    # A parameter of the other kind stays aside.
    app.selectbox(key="choose_experiment").set_value(kept[2]).run()
    assert not app.warning and not app.exception
    gone = open_page(metric="gone")
    assert "not there" in gone.warning[0].value


def test_an_address_that_names_an_audit_alone_shows_its_study(workspace: Path) -> None:
    audit_id, *_ = keep(keep_study("First"))
    keep(keep_study("Later"))
    app = open_page(audit=audit_id)
    assert not app.warning and not app.exception
    assert app.selectbox(key="choose_study").format_func(app.selectbox(key="choose_study").value) == "First"
    # Another study has another audit: that needs no word.
    other = next(one for one in app.selectbox(key="choose_study").options if one != "First")
    app.selectbox(key="choose_study").select(other).run()
    assert not app.warning and app.query_params["study"]
    open_database(get_settings()).close()


def test_published_results_stand_behind_on_demand(kept: tuple[str, str, str]) -> None:
    app = open_page(published="1")
    assert not app.exception
    (chart,) = charts(app)
    assert sum(trace.get("yaxis") == "y2" for trace in chart["data"]) == 2
    assert any("IEEE CBMS 2023" in text.value for text in app.caption)
    other = open_page(published="1", metric="variety/")
    assert "Nothing was published" in other.info[0].value and len(charts(other)[0]["data"]) == 5


def test_sets_that_differ_are_told_above_the_points(workspace: Path) -> None:
    made = {one.name: one for one in make_experiment(NAMES, RISING).sets}
    keep(keep_study(), sets={"two": made["two"].model_copy(update={"n": 61, "images_digest": ""})})
    app = open_page()
    assert not app.exception
    (warning,) = app.warning
    assert "The set two is not the same" in warning.value
    open_database(get_settings()).close()


def test_three_sets_are_too_few(workspace: Path) -> None:
    keep(keep_study(), NAMES[:3])
    app = open_page()
    assert not app.exception
    assert any("cannot be stated" in text.value and "at least 4" in text.value for text in app.markdown)
    assert len(charts(app)) == 1
    assert read_tables(app)["associations"].texts("utility0") == ["–"] * 3
    open_database(get_settings()).close()


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1
