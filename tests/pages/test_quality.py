"""Quality: the numbers of the audit, class by class and extractor by extractor, and links into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.archive import load_summary
from core.audit.protocol import Protocol
from core.config import get_settings
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder
from core.report.numbers import format_value, typeset
from tests.pages.frame import FRAME, run_frame
from tests.pages.tables import read_tables
from tests.studies import keep_audit, keep_study


def open_quality(**params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "audit" / "quality.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def test_a_study_without_audits_leads_on(study: StudyRecord) -> None:
    app = open_quality()
    assert not app.exception
    assert "no audit yet" in app.info[0].value
    assert "Run an audit" in [link.label for link in app.get("page_link")]


def test_every_number_is_shown_as_the_audit_has_it(study: StudyRecord, audit_id: str) -> None:
    app = open_quality()
    assert not app.exception
    assert not app.error
    table = read_tables(app)["metrics"]
    assert table.columns["set0"] == "gan"
    summary = load_summary(audit_folder(get_settings(), audit_id))
    precision = next(row for row in summary.results if row.metric == "precision" and row.class_name is None)
    shown = next(row for row in table.rows if row["metric"]["text"].startswith("Precision ↑"))
    assert precision.value is not None
    assert shown["set0"]["text"].split()[0] == typeset(
        format_value(precision.value, precision.low, precision.high)
    )
    assert shown["set0"]["detail"].startswith("[")
    distances = [row for row in table.rows if row["metric"]["text"].startswith("Fréchet distance ↓")]
    assert any(row["floor"] and "two parts of the real set" in row["floor"]["tooltip"] for row in distances)
    assert len(app.get("plotly_chart")) >= 3


def test_the_class_and_the_audit_stand_in_the_address(study: StudyRecord, audit_id: str) -> None:
    later = keep_audit(study, Protocol(extractors=("texture", "pixels"), seed=1))
    newest = open_quality()
    assert newest.selectbox(key="choose_audit").value == later
    older = open_quality(study=study.id, audit=audit_id)
    assert older.selectbox(key="choose_audit").value == audit_id
    label = sorted({row["extractor"]["text"] for row in read_tables(newest)["metrics"].rows})
    assert label == ["", "pixels", "texture"]


def test_choosing_an_extractor_leaves_the_others_out(study: StudyRecord) -> None:
    keep_audit(study, Protocol(extractors=("texture", "pixels")))
    app = open_quality()
    app.button_group[0].set_value(["pixels"]).run()
    assert not app.exception
    assert set(read_tables(app)["metrics"].texts("extractor")) == {"", "pixels"}


def test_an_address_of_something_gone_says_so(study: StudyRecord, audit_id: str) -> None:
    app = open_quality(study=study.id, audit="0123")
    assert not app.exception
    assert "not there" in app.warning[0].value
    assert app.selectbox(key="choose_audit").value == audit_id


def test_audits_of_another_study_stay_apart(study: StudyRecord, audit_id: str) -> None:
    other = keep_study("Other")
    app = open_quality(study=other.id)
    assert "no audit yet" in app.info[0].value


@pytest.mark.parametrize("file", ["report.html", "metrics.csv", "copies.csv", "audit.json"])
def test_a_missing_file_cannot_be_downloaded(study: StudyRecord, audit_id: str, file: str) -> None:
    (audit_folder(get_settings(), audit_id) / file).unlink()
    app = open_quality()
    assert not app.exception
    closed = [one.proto.label for one in app.get("download_button") if one.proto.disabled]
    assert closed == ["Report of the audit" if file == "report.html" else file]


def test_classes_are_chosen_by_address(workspace: Path) -> None:
    from tests.images import write_images

    study = keep_study("Classes")
    data = workspace / "data"
    for name in ("real", "gan"):
        for label in ("a", "b"):
            write_images(data / name / label, 12, seed=ord(label))
    audit_id = keep_audit(study)
    app = open_quality(study=study.id, audit=audit_id, **{"class": "class:a"})
    assert not app.exception
    assert app.selectbox(key="choose_class").value == "class:a"
    assert read_tables(app)["metrics"].rows
    whole = run_frame("audit/quality.py")
    assert whole.selectbox(key="choose_class").value == ""
