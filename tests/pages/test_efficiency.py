"""Efficiency: empty states, one table a device, what is published, and the job that measures."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.generator_runs import GeneratorRun, create_generator_run
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.generators.dcgan_options import PRESETS
from core.generators.run_folder import RunFolder, RunRecord
from core.jobs.job_folder import generator_folder
from tests.core.report.test_efficiency_table import make_cost
from tests.pages.frame import run_frame
from tests.pages.tables import read_tables
from tests.studies import keep_study

PAGE = "generators/efficiency.py"


def keep_run(study: StudyRecord, name: str, *, trained: bool = False, **cost: object) -> GeneratorRun:
    """A generator with planted costs, or without any."""
    settings, options = get_settings(), PRESETS["smoke"].model_dump(mode="json")
    run = create_generator_run(
        open_database(settings), study_id=study.id, name=name, family="dcgan", preset="smoke",
        options=options, real=study.folders.real,
    )  # fmt: skip
    folder = RunFolder(generator_folder(settings, run.id))
    folder.begin(
        RunRecord(
            family="dcgan", options=options, classes=(), n_images=(8,), images_digest="", device="cpu",
            versions={},
        )
    )  # fmt: skip
    if trained:
        state = {"images_seen": 8, "n_images": 8, "seconds": 1, "timed_images": 8, "n_parameters": {}}
        folder.phase_folder("gan").mkdir()
        (folder.phase_folder("gan") / "state.json").write_text(json.dumps(state))
    if cost:
        folder.efficiency_path.write_text(make_cost(name, **cost).cost.model_dump_json())
    return run


@pytest.fixture
def texts() -> Callable[[AppTest], str]:
    return lambda app: "\n".join(
        one.value for one in (*app.markdown, *app.caption, *app.info, *app.subheader)
    )


def test_without_a_study_or_a_generator_it_says_what_to_do(workspace: object) -> None:
    app = run_frame(PAGE)
    assert not app.exception and "No study yet" in app.info[0].value
    assert "To the overview" in [link.label for link in app.get("page_link")]


def test_a_study_without_generators_leads_to_them(study: StudyRecord) -> None:
    app = run_frame(PAGE)
    assert not app.exception and "No generator yet" in app.info[0].value
    assert "Train a generator" in [link.label for link in app.get("page_link")]


def test_devices_have_tables_of_their_own(study: StudyRecord, texts: Callable[[AppTest], str]) -> None:
    keep_run(study, "a_b", device="CPU [1]")
    keep_run(study, "slow", device="CPU [1]", seconds_per_1000=400.0, timed_images=48, size_px=64)
    keep_run(study, "far", device="H100")
    keep_run(study, "unmeasured")
    app = run_frame(PAGE)
    assert not app.exception
    shown = texts(app)
    assert "2 devices" in shown and "H100" in shown and "a\\_b is the fastest" in shown
    assert "differ in size" in shown and "Not measured: unmeasured." in shown
    tables = read_tables(app)
    one = next(table for table in tables.values() if len(table.rows) == 2)
    assert set(one.texts("name")) == {"a_b", "slow"} and len(tables) == 2
    rows = {row["name"]["text"]: row for row in one.rows}
    assert rows["slow"]["time"]["detail"] == "scaled up from 48"
    assert rows["a_b"]["time"]["strong"] and not rows["slow"]["time"]["strong"]
    assert (one.columns["memory"], one.columns["time"], one.columns["speed"]) == (
        "Memory for 8 images, MiB ↓", "Time for 1,000 images, s ↓", "Training, images/s ↑",
    )  # fmt: skip
    assert "study" not in one.columns


def test_several_studies_are_told_apart_and_chosen(study: StudyRecord) -> None:
    other = keep_study("Others", n=8)
    keep_run(study, "mine", device="CPU")
    keep_run(other, "theirs", device="CPU")
    app = run_frame(PAGE)
    (table,) = read_tables(app).values()
    assert dict(zip(table.texts("name"), table.texts("study"), strict=True)) == {
        "mine": study.name, "theirs": "Others",
    }  # fmt: skip
    app.query_params["study"] = other.id
    app.run()
    (table,) = read_tables(app).values()
    assert table.texts("name") == ["theirs"] and "study" not in table.columns


def test_published_figures_stand_behind_on_demand(study: StudyRecord) -> None:
    keep_run(study, "own", device="CPU")
    app = run_frame(PAGE)
    app.query_params["published"] = "1"
    app.query_params["study"] = study.id
    app.run()
    assert not app.exception
    published = next(table for table in read_tables(app).values() if "StyleGAN2" in table.texts("name"))
    assert published.texts("time") == ["about 60", "about 2,340"]
    assert published.texts("memory") == ["about 1,135", "about 67,329"]
    assert "no comparison" in "".join(one.value for one in app.caption)


def test_a_damaged_file_is_said_and_the_rest_shown(study: StudyRecord) -> None:
    keep_run(study, "sound", device="CPU")
    broken = keep_run(study, "broken", device="CPU")
    RunFolder(generator_folder(get_settings(), broken.id)).efficiency_path.write_text("{")
    app = run_frame(PAGE)
    assert not app.exception and "damaged" in app.warning[0].value
    (table,) = read_tables(app).values()
    assert table.texts("name") == ["sound"]


def test_measuring_is_a_job(study: StudyRecord, idle_jobs: None) -> None:
    keep_run(study, "measured", trained=True, device="CPU")
    run = keep_run(study, "stopped", trained=True)
    keep_run(study, "not begun")
    app = run_frame(PAGE)
    choice = next(one for one in app.selectbox if one.label == "Measure on this machine")
    # What was never measured is offered first, and what cannot draw not at all.
    assert choice.options == ["stopped", "measured"]
    next(one for one in app.button if one.label == "Measure").click().run()
    assert not app.exception
    (job,) = list_jobs(open_database(get_settings()))
    assert (job.kind, job.payload) == ("measure", {"run_id": run.id})
    assert "Cancel" in [one.label for one in app.button]


def test_a_failing_database_is_one_sentence(failing_database: None) -> None:
    app = run_frame(PAGE)
    assert not app.exception
    assert app.error
