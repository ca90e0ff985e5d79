"""Volumes, joined slices and intensity on pages: what setup says, and what every form asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.protocol import Protocol
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import add_job, begin_job, end_job, list_jobs
from core.db.studies import StudyRecord, save_study
from core.features.volume_view import VolumeView
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import PRESETS, Intensity, IntensityMode
from core.jobs.audit_job import AuditPayload
from core.jobs.check_job import CheckPayload
from core.jobs.crop_job import CropPayload
from core.jobs.kinds import JOB_KINDS
from core.jobs.rating_job import RatingPayload
from core.jobs.utility_job import UtilityPayload
from core.progress import SilentProgress
from pages._shared.intensity_choice import write_choice
from tests.experiments import keep_classified_study
from tests.pages.frame import FRAME, run_frame
from tests.pages.tables import read_tables
from tests.volumes import write_series, write_volumes

LUNG = "Lung: window: center -600, width 1500"


def open_page(page: str, **params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / page))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def select(app: AppTest, label: str, value: str) -> None:
    next(one for one in app.selectbox if one.label == label).set_value(value)


def payload() -> dict[str, Any]:
    return dict(list_jobs(open_database(get_settings()))[0].payload)


def write_folders(data: Path, write: Any) -> StudyFolders:
    for seed, name in enumerate(("real", "gan")):
        write(data / name, 3, seed=seed)
    return StudyFolders(
        real=FolderRef(root="data", path="real"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )


def check(folders: StudyFolders) -> None:
    """Do the check's work as its job does."""
    database = open_database(get_settings())
    asked = CheckPayload(folders=folders).model_dump(mode="json")
    job = add_job(database, kind="check", title="Check", payload=asked)
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    run = JOB_KINDS["check"].run
    outcome = run(job, database=database, settings=get_settings(), progress=SilentProgress())
    end_job(database, job.id, state=JobState.DONE, outcome=outcome)


def open_setup() -> AppTest:
    return open_page("study/setup.py", name="CT", real="data:real", synthetic=["gan=data:gan"])


def test_setup_tells_volumes(workspace: Path) -> None:
    check(write_folders(workspace / "data", write_volumes))
    app = open_setup()
    assert not app.exception and not app.error and not app.warning
    captions = [one.value for one in app.caption]
    assert (
        sum("NIfTI; volumes of 5 × 8 × 10 voxels, shown by their middle slices" in one for one in captions)
        == 2
    )
    assert sum("<img" in one.proto.body for one in app.get("html")) == 2
    assert not app.info
    table = read_tables(app)["checked_sets"]
    assert table.texts("n") == ["3", "3"]
    assert table.texts("size") == ["5 × 8 × 10 voxels"] * 2


def test_setup_tells_series_of_slices(workspace: Path) -> None:
    check(write_folders(workspace / "data", write_series))
    app = open_setup()
    assert not app.exception and not app.error
    said = [one.value for one in app.info]
    sentence = "9 DICOM slices of 3 series; Run audit can read each series as one volume"
    assert [one.count(sentence) for one in said] == [1] * 4
    assert sum(one.startswith(("real", "gan")) for one in said) == 2


def test_run_audit_asks_how_slices_are_read(study: StudyRecord, idle_jobs: None) -> None:
    app = run_frame("audit/launch.py")
    select(app, "Intensity", LUNG)
    select(app, "DICOM slices", "Each series a volume")
    select(app, "Volumes are looked at by", "A montage of up to 16 axial slices")
    press(app, "Run audit")
    asked = AuditPayload.model_validate(payload()).protocol
    wanted = {"intensity": PRESETS["lung"], "join_slices": True, "volume_view": VolumeView.MONTAGE}
    assert asked == Protocol().model_copy(update=wanted)


def test_experiments_and_crops_are_asked_for_one_policy(workspace: Path, idle_jobs: None) -> None:
    keep_classified_study()
    app = open_page("experiments/utility.py")
    select(app, "Intensity", LUNG)
    next(one for one in app.selectbox if one.label == "DICOM slices").set_value(True)
    press(app.run(), "Start the experiment")
    protocol = UtilityPayload.model_validate(payload()).protocol
    assert (protocol.intensity, protocol.join_slices) == (PRESETS["lung"], True)
    app = open_page("experiments/crop.py", region="0,0,0.25,0.25")
    select(app, "Intensity", LUNG)
    press(app.run(), "Crop and measure again")
    request = CropPayload.model_validate(payload()).request
    assert request.protocol.intensity == request.utility.intensity == PRESETS["lung"]


def test_a_rating_session_is_asked_for_a_policy(workspace: Path, idle_jobs: None) -> None:
    keep_classified_study()
    app = open_page("rating/sessions.py")
    select(app, "Intensity", LUNG)
    press(app.run(), "Make the session")
    asked = RatingPayload.model_validate(payload()).new
    assert asked is not None
    assert asked.design.intensity == PRESETS["lung"]


def test_a_crop_of_volumes_says_what_to_do_before_it_is_asked_for(workspace: Path) -> None:
    data = workspace / "data"
    folders = {name: FolderRef(root="data", path=name) for name in ("real", "heldout", "gan")}
    for at, name in enumerate(folders):
        for label in "ab":
            write_volumes(data / name / label, 2, seed=10 * at + ord(label))
    study = StudyFolders(
        real=folders["real"],
        heldout=folders["heldout"],
        synthetic=(SyntheticFolder(name="gan", folder=folders["gan"]),),
    )
    save_study(open_database(get_settings()), name="MR", folders=study)
    app = open_page("experiments/crop.py", region="0,0,0.25,0.25")
    assert not app.exception
    assert "python -m core dataset montage" in app.error[0].value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("intensity", DEFAULT_INTENSITY.model_dump(mode="json"), "As each file says, else its own range"),
        ("intensity", PRESETS["lung"].model_dump(mode="json"), LUNG),
        (
            "intensity",
            Intensity(mode=IntensityMode.WINDOW, center=1, width=2).model_dump(mode="json"),
            "window: center 1, width 2",
        ),
        ("intensity", {"mode": "of later versions"}, "{'mode': 'of later versions'}"),
        ("join_slices", True, "yes"),
        ("resolution", None, "default"),
        ("seed", 0, "0"),
    ],
)
def test_records_say_choices_in_words(name: str, value: object, text: str) -> None:
    assert write_choice(name, value) == text
