"""Bringing in a run: what lies in a folder is said before it is asked for, and then is a job."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.generators.dcgan_options import PRESETS
from core.generators.run_folder import RunFolder, RunRecord
from core.jobs.adopt_job import AdoptPayload
from tests.pages.frame import FRAME


def run_part(**params: str) -> AppTest:
    """The Generators page, which this is a part of."""
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "generators" / "runs.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture
def folder(study: StudyRecord) -> str:
    """A run below the folder root, as the address names it; its weights are not looked at before the job."""
    path = get_settings().home / "data" / "cluster" / "run_1"
    run = RunFolder(path)
    run.begin(
        RunRecord(
            family="dcgan", options=PRESETS["smoke"].model_dump(mode="json"), classes=("a*b", "c"),
            n_images=(30, 12), images_digest="", device="cuda", versions={},
        )
    )  # fmt: skip
    state = run.phase_folder("gan") / "state.safetensors"
    state.parent.mkdir()
    state.write_bytes(bytes(3 << 20))
    return "data:cluster/run_1"


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.text))


def test_nothing_chosen_offers_the_folder_tree(study: StudyRecord) -> None:
    app = run_part()
    assert not app.exception
    assert "Choose the folder" in [one.label for one in app.button]
    press(app, "Choose the folder")
    assert not app.exception
    assert "Use this folder" in [one.label for one in app.button]


def test_what_lies_there_is_said_and_asked_for(study: StudyRecord, folder: str, idle_jobs: None) -> None:
    app = run_part(bring=folder)
    assert not app.exception
    assert "data / cluster/run_1" in texts(app)
    assert "DCGAN, 32 pixels, grey, trained on 42 images of a\\*b, c; 3 MiB of weights." in texts(app)
    press(app, "Bring it in")
    assert not app.exception and not app.error
    (job,) = list_jobs(open_database(get_settings()))
    asked = AdoptPayload.model_validate(job.payload)
    assert (job.kind, asked.name, asked.study_id) == ("adopt", "DCGAN from elsewhere", study.id)
    assert (str(asked.folder), asked.real) == ("'data/cluster/run_1'", study.folders.real)
    assert "bring" not in app.query_params
    assert "Cancel" in [one.label for one in app.button]


def test_what_is_no_run_or_misnamed_is_one_sentence(study: StudyRecord, folder: str) -> None:
    app = run_part(bring="data:real")
    assert not app.exception and "no trained generator" in app.error[0].value
    assert "Bring it in" not in [one.label for one in app.button]
    app = run_part(bring=folder)
    next(one for one in app.text_input if "bring" in str(one.key)).set_value("  ")
    press(app, "Bring it in")
    assert not app.exception and "needs a name" in app.error[0].value
    press(app, "Leave out")
    assert "bring" not in app.query_params


def test_a_link_out_of_the_root_is_refused(study: StudyRecord, folder: str, tmp_path: Path) -> None:
    data = get_settings().home / "data"
    (data / "cluster").rename(tmp_path / "outside")
    (data / "cluster").symlink_to(tmp_path / "outside")
    app = run_part(bring=folder)
    assert not app.exception and "leads out of its folder root" in app.error[0].value
