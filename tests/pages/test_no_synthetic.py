"""A study without synthetic sets: pages that compare sets lead on, and what was found before stays in view."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import NO_SYNTHETIC, StudyFolders
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord, list_studies, save_study
from core.utility.presets import UtilityProtocol
from tests.experiments import keep_classified_study, keep_experiment
from tests.images import write_images
from tests.pages.frame import FRAME, run_frame
from tests.pages.tables import read_tables
from tests.studies import keep_study

NEED_SETS = (
    "audit/launch.py",
    "audit/quality.py",
    "audit/privacy.py",
    "audit/feature_space.py",
    "audit/mean_images.py",
    "audit/bias.py",
    "audit/compare.py",
    "experiments/utility.py",
    "experiments/fidelity_utility.py",
    "experiments/crop.py",
    "rating/sessions.py",
    "rating/results.py",
)
LINKS = ["Train a generator", "Change the study"]


@pytest.fixture
def real_only(workspace: Path, idle_jobs: None) -> Iterator[StudyRecord]:
    """A study of real images alone."""
    write_images(workspace / "data" / "real", 10, classes=("a", "b"))
    folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=())
    yield save_study(open_database(get_settings()), name="Films", folders=folders)
    open_database(get_settings()).close()


def links(app: AppTest) -> list[str]:
    return [link.label for link in app.get("page_link")]


def drop_sets(study: StudyRecord) -> None:
    folders = study.folders.model_copy(update={"synthetic": ()})
    save_study(open_database(get_settings()), name=study.name, folders=folders, study_id=study.id)


def test_pages_that_compare_sets_lead_to_where_sets_come_from(real_only: StudyRecord) -> None:
    app = run_frame()
    for page in NEED_SETS:
        app.switch_page(str(FRAME.parents[1] / page)).run()
        assert not app.exception and not app.error, page
        assert [one.value for one in app.info] == [NO_SYNTHETIC], page
        assert links(app)[-2:] == LINKS, page
        assert not app.text_input and not app.number_input, page


def test_older_audits_stay_in_view(study: StudyRecord, audit_id: str) -> None:
    drop_sets(study)
    app = run_frame("audit/quality.py")
    assert not app.exception and not app.error
    assert NO_SYNTHETIC not in [one.value for one in app.info]
    assert read_tables(app)
    app = run_frame("audit/launch.py")
    assert [one.value for one in app.info] == [NO_SYNTHETIC] and links(app)[-2:] == LINKS


@pytest.mark.parametrize("page", ["utility", "crop"])
def test_older_experiments_stay_in_view_and_no_new_one_is_offered(workspace: Path, page: str) -> None:
    study = keep_classified_study()
    keep_experiment(study, UtilityProtocol(repeats=1, train_on_synthetic=False))
    drop_sets(study)
    app = run_frame(f"experiments/{page}.py")
    assert not app.exception and not app.error
    if page == "utility":
        assert read_tables(app)["changes"].rows
        app.query_params["experiment"] = "new"
        app.run()
    assert [one.value for one in app.info] == [NO_SYNTHETIC] and links(app)[-2:] == LINKS


def test_a_study_with_sets_is_asked_for_as_before(study: StudyRecord, workspace: Path) -> None:
    folders = study.folders.model_copy(update={"synthetic": ()})
    bare = save_study(open_database(get_settings()), name="Bare", folders=folders)
    app = run_frame("audit/launch.py")
    app.selectbox[0].set_value(study.id).run()
    assert not app.info and "Run audit" in [one.label for one in app.button]
    app.selectbox[0].set_value(bare.id).run()
    assert [one.value for one in app.info] == [NO_SYNTHETIC]


def test_setup_saves_real_images_alone_and_leads_to_generators(workspace: Path) -> None:
    write_images(workspace / "data" / "real", 10)
    app = run_frame()
    app.switch_page(str(FRAME.parents[1] / "study" / "setup.py"))
    app.query_params["name"], app.query_params["real"] = "Films", "data:real"
    app.run()
    assert not app.exception and not app.error
    assert any("A generator can be trained on the real images" in one.value for one in app.text)
    next(one for one in app.button if one.label == "Save study").click().run()
    (saved,) = list_studies(open_database(get_settings()))
    assert saved.folders == StudyFolders(real=FolderRef(root="data", path="real"), synthetic=())
    assert [title.value for title in app.title] == ["Generators"] and not app.exception


def test_the_overview_offers_a_generator_where_an_audit_has_nothing_to_compare(
    real_only: StudyRecord,
) -> None:
    keep_study("With sets")
    (table,) = (one for key, one in read_tables(run_frame()).items() if key == "studies")
    runs = {row["name"]["text"]: (row["run"]["text"], row["run"]["action"]) for row in table.rows}
    assert runs["Films"] == ("Train a generator", f"train {real_only.id}")
    assert runs["With sets"][0] == "Run audit"
    assert not list_jobs(open_database(get_settings()))
