"""The Crop experiment page: empty, set up from an address, and with results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.bias.archive import BIAS_FILE, BIAS_FOLDER
from core.config import get_settings
from core.crop_experiment.request import CropRequest
from core.datasets.study_folders import StudyFolders
from core.db.audits import add_audit
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord, save_study
from core.jobs.crop_job import CropPayload
from core.jobs.job_folder import audit_folder
from tests.core.crop_experiment.films import write_study
from tests.crops import keep_crop
from tests.pages.frame import run_frame
from tests.pages.grids import read_grid
from tests.pages.tables import read_tables

PAGE = "experiments/crop.py"


@pytest.fixture(scope="session")
def crop_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return keep_crop(tmp_path_factory)


@pytest.fixture
def finished(crop_home: tuple[Path, str], workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A finished experiment; to be looked at only."""
    monkeypatch.setenv("MEDSYN_HOME", str(crop_home[0]))
    get_settings.cache_clear()
    yield crop_home[1]
    open_database(get_settings()).close()


@pytest.fixture
def films(workspace: Path) -> Iterator[StudyRecord]:
    """A saved study with a held-out set."""
    settings = get_settings()
    folders = StudyFolders.describe(write_study(workspace / "data"), settings)
    yield save_study(open_database(settings), name="Films", folders=folders)
    open_database(settings).close()


def open_page(**query: str) -> AppTest:
    app = run_frame(PAGE)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run() if query else app


def test_without_a_study_it_leads_to_the_overview(workspace: Path) -> None:
    app = open_page()
    assert not app.exception
    assert "No study yet" in app.info[0].value


def test_a_study_without_held_out_images_is_told_what_it_lacks(study: StudyRecord) -> None:
    app = open_page()
    assert not app.exception
    assert "no held-out set; add one" in app.info[0].value
    assert not [one for one in app.button if one.label == "Crop and measure again"]


def test_a_region_of_the_address_is_previewed_and_asked_for(films: StudyRecord, idle_jobs: None) -> None:
    app = open_page(region="0,0,0.25,0.25")
    assert not app.exception and not app.error and not app.warning
    grid = read_grid(app)
    assert grid is not None
    assert [column["name"] for column in grid["columns"]] == ["real", "heldout", "inherits"]
    assert [row["title"] for row in grid["rows"]][:2] == [
        "sample 1 before the crop", "sample 1 after the crop"
    ]  # fmt: skip
    assert grid["rows"][1]["cells"][0]["picture"].startswith("data:image/png")
    next(one for one in app.button if one.label == "Widen by 1/16").click().run()
    assert "0,0,0.3125,0.3125" in app.query_params["region"]
    next(one for one in app.number_input if one.label == "Repeats").set_value(7).run()
    next(one for one in app.button if one.label == "Crop and measure again").click().run()
    assert not app.exception
    (job,) = list_jobs(open_database(get_settings()))
    asked = CropPayload.model_validate(job.payload)
    assert asked.folders == films.folders
    assert asked.request.region == (0, 0, 0.3125, 0.3125)
    assert asked.request.utility.repeats == 7
    assert asked.request.kinds == ("augmentation", "feature-extraction")
    assert asked.request.synthetic == ("inherits",)
    assert CropRequest.model_validate_json(asked.request.model_dump_json()) == asked.request
    assert "has not ended" in app.info[0].value


def test_suspect_regions_of_the_last_analysis_are_offered_widened(films: StudyRecord) -> None:
    add_audit(open_database(get_settings()), audit_id="abc", study_id=films.id, summary={}, results=())
    folder = audit_folder(get_settings(), "abc") / BIAS_FOLDER / "key"
    folder.mkdir(parents=True)
    edges = {"left": 0, "top": 0, "right": 0.1875, "bottom": 0.25}
    numbers = ("auroc", "low", "high", "p_value", "mean_auroc", "surround_auroc", "area", "score")
    suspect = {"rank": 1} | edges | dict.fromkeys(numbers, 0.9)
    settings = dict.fromkeys(
        ("side_px", "patch_px", "stride_px", "n_folds", "n_permutations", "seed", "max_per_class"), 8
    )
    summary = {
        "format_version": 1, "classes": ["a", "b"], "sets": [], "suspects": [suspect],
        "settings": settings | {"positions": [1, 1], "alpha": 0.05},
    }  # fmt: skip
    (folder / BIAS_FILE).write_text(json.dumps(summary))
    app = open_page(region="0,0,0.25,0.3125")
    assert not app.exception and not app.error
    (region,) = [one for one in app.selectbox if one.label == "Region"]
    assert region.options[:2] == ["No region", "Suspect region 1 (AUROC 0.90), widened"]
    assert region.value == "0,0,0.25,0.3125"


def test_nothing_to_crop_and_a_wrong_address_are_one_sentence(films: StudyRecord) -> None:
    app = open_page()
    assert not app.exception
    assert "Name what to crop" in app.info[0].value
    wrong = open_page(region="0.5,0,0.2,1")
    assert not wrong.exception
    assert "left lies before right" in wrong.warning[0].value


def test_the_answer_comes_first_then_every_number(finished: str) -> None:
    app = open_page()
    assert not app.exception and not app.error
    assert any("inherits was trained too few times to tell" in one.value for one in app.markdown)
    texts = [one.value for one in app.text]
    assert texts[0].startswith("In every image, the region x 0.00 to 0.25")
    assert any(text.startswith("inherits: too few repeats") for text in texts)
    assert any("all images are alike there" in text for text in texts)
    assert app.caption[-1].value.startswith("Small ResNet")
    assert "images\\: real 20, heldout 10, inherits 12" in app.caption[-1].value
    tables = read_tables(app)
    assert "Pretrained on inherits" in tables["crop_scores"].texts("arm")
    assert tables["crop_probes"].texts("note")[0] == "All images are alike there."
    assert len(tables["crop_metrics_table"].rows) > 5
    grid = read_grid(app)
    assert grid is not None
    assert [row["title"] for row in grid["rows"]] == [
        "a, before the crop", "a, after the crop", "b, before the crop", "b, after the crop"
    ]  # fmt: skip
    assert grid["rows"][1]["cells"][2]["picture"].startswith(f"/images/{finished}/")


def test_a_region_in_the_address_opens_the_form_beside_finished_experiments(finished: str) -> None:
    app = open_page(region="0,0,0.25,0.25")
    assert not app.exception
    chosen = next(one for one in app.selectbox if one.label == "Experiment")
    assert chosen.value == "new" and len(chosen.options) == 2


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1
