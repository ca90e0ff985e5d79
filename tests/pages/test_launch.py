"""Run audit: what is asked is what is queued."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.protocol import Protocol
from core.config import get_settings
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.jobs.audit_job import AuditPayload
from tests.pages.frame import run_frame


def press_run(app: AppTest) -> AppTest:
    return next(one for one in app.button if one.label == "Run audit").click().run()


def queued() -> list[AuditPayload]:
    return [AuditPayload.model_validate(job.payload) for job in list_jobs(open_database(get_settings()))]


def test_the_defaults_are_those_of_the_command_line(study: StudyRecord, idle_jobs: None) -> None:
    app = press_run(run_frame("audit/launch.py"))
    assert not app.exception
    assert queued() == [AuditPayload(folders=study.folders, protocol=Protocol())]
    assert [title.value for title in app.title] == ["Jobs"]


def test_choices_reach_the_protocol(study: StudyRecord, idle_jobs: None) -> None:
    app = run_frame("audit/launch.py")
    app.multiselect[0].set_value(["texture", "pixels"])
    app.number_input[0].set_value(3)
    app.number_input[1].set_value(7)
    press_run(app)
    assert queued()[0].protocol == Protocol(extractors=("texture", "pixels"), nearest_k=3, seed=7)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("timm:x?weights=/etc/passwd", "not chosen here"), ("nonsense", "no extractor 'nonsense'")],
)
def test_free_paths_and_strangers_are_refused(
    study: StudyRecord, idle_jobs: None, name: str, sentence: str
) -> None:
    app = run_frame("audit/launch.py")
    app.multiselect[0].set_value([name])
    press_run(app)
    assert sentence in app.error[0].value
    assert not app.exception
    assert queued() == []


def test_bias_is_looked_for_when_asked(study: StudyRecord, idle_jobs: None) -> None:
    app = run_frame("audit/launch.py")
    next(one for one in app.checkbox if one.label == "Bias").check()
    press_run(app)
    assert queued()[0].protocol == Protocol(bias=True)
