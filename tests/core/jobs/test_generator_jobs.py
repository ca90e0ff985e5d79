"""Jobs that train and draw: the weights of the command, going on after a cancel, and where files may lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.db.database import open_database
from core.db.generator_runs import GeneratorRun
from core.db.job_record import JobState
from core.db.studies import StudyRecord
from core.errors import CancelledError, InputError
from core.features.base import Device
from core.generators import efficiency
from core.generators.run_folder import RunFolder
from core.generators.training_run import run_training
from core.jobs.generator_jobs import list_drawn_sets, list_generator_jobs
from core.jobs.generator_state import describe_state, load_generator_state
from core.jobs.generator_submission import submit_train
from core.jobs.kinds import JOB_KINDS
from core.progress import SilentProgress
from tests.core.generators.runs import read_tensors
from tests.generators import (
    OPTIONS,
    ask_images,
    ask_training,
    find_folder,
    finish,
    keep_generator,
    keep_real_study,
)
from tests.images import write_images


class StopInTraining(SilentProgress):
    """Cancels at an update of a training, whatever else is counted before."""

    def __init__(self, n: int) -> None:
        self.left, self.trains = n, False

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.trains = stage.startswith("Training ")

    def advance(self, steps: int = 1) -> None:
        self.left -= self.trains
        if self.left < 0:
            raise CancelledError


@pytest.fixture(autouse=True)
def short_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run costs is timed on few images."""
    monkeypatch.setattr(efficiency, "_TIMED_IMAGES", 16)


@pytest.fixture
def study(workspace: Path) -> StudyRecord:
    return keep_real_study()


@pytest.fixture
def run(study: StudyRecord) -> GeneratorRun:
    return keep_generator(study)


def list_files(home: Path) -> set[Path]:
    """Files of the workspace but the database and the jobs' logs."""
    return {
        path.relative_to(home)
        for path in home.rglob("*")
        if path.is_file() and path.parent != home and path.parent != home / "jobs"
    }


def test_a_job_trains_to_the_weights_of_the_command_also_after_a_cancel(
    run: GeneratorRun, tmp_path: Path
) -> None:
    settings, database = get_settings(), open_database(get_settings())
    job = ask_training(run)
    with pytest.raises(CancelledError):
        JOB_KINDS["train"].run(job, database=database, settings=settings, progress=StopInTraining(3))
    state = load_generator_state(database, settings, run)
    # The fourth update was made, and is kept.
    assert [(one.images_seen, one.n_images) for one in state.standing.phases] == [(32, 48)]
    assert state.standing.can_draw and not state.standing.is_complete
    ended = finish(job)
    assert ended.state is JobState.DONE and ended.outcome == {"run_id": run.id}
    assert ended.stage.startswith("Timing images")

    plain = RunFolder(tmp_path / "plain")
    run_training(
        "dcgan",
        OPTIONS,
        real=settings.home / "data" / "real",
        run=plain,
        device=Device.CPU,
        settings=settings,
        progress=SilentProgress(),
    )
    ours, theirs = read_tensors(find_folder(run)), read_tensors(plain)
    assert ours.keys() == theirs.keys() and len(ours) > 10
    assert all(ours[name].equal(theirs[name]) for name in ours)
    # A history that was gone on with has every row once.
    rows = load_generator_state(database, settings, run).rows
    assert [row.images for row in rows] == [8, 16, 24, 32, 40, 48]


def test_images_are_drawn_where_the_payload_says_and_nowhere_else(run: GeneratorRun) -> None:
    settings, database = get_settings(), open_database(get_settings())
    finish(ask_training(run))
    before = list_files(settings.home)
    job = ask_images(run, count=5, settings={"seed": 4})
    ended = finish(job)
    assert ended.state is JobState.DONE and ended.outcome is not None
    assert ended.outcome["n_images"] == {"a": 3, "b": 2}
    place = FolderRef.model_validate(job.payload["place"])
    assert place.root == "generated" and place.path.startswith(f"{run.name} {run.id[:6]}/")
    written = list_files(settings.home) - before
    folder = Path("generated") / place.path
    assert written == {
        folder / name
        for name in ("a/000000.png", "a/000001.png", "a/000002.png", "b/000000.png", "b/000001.png")
    }
    with Image.open(settings.home / folder / "a" / "000000.png") as image:
        assert (image.mode, image.size) == ("L", (32, 32))

    (drawn,) = list_drawn_sets(database, run)
    assert (drawn.job_id, drawn.name, drawn.folder, drawn.total) == (job.id, "drawn", place, 5)
    assert drawn.settings.seed == 4 and drawn.n_images == {"a": 3, "b": 2}
    # Run again, it is still one set; one that failed is none.
    again = finish(ask_images(run, count=5, settings={"seed": 4}, place=job.payload["place"]))
    failed = finish(ask_images(run, classes=["c"]))
    assert failed.state is JobState.FAILED and "draws no class 'c'" in failed.exit_reason
    assert [one.job_id for one in list_drawn_sets(database, run)] == [again.id]
    assert len(list_generator_jobs(database, run, kind="generate")) == 3


@pytest.mark.parametrize("place", [{"root": "data", "path": "real"}, {"root": "generated", "path": ""}])
def test_images_are_drawn_below_their_own_root_alone(run: GeneratorRun, place: dict[str, str]) -> None:
    payload = ask_images(run).payload | {"place": place}
    with pytest.raises(InputError, match="drawn into a folder below 'generated'"):
        JOB_KINDS["generate"].check(payload)


def test_nothing_is_drawn_before_there_are_weights(run: GeneratorRun) -> None:
    ended = finish(ask_images(run))
    assert ended.state is JobState.FAILED and "no trained generator" in ended.exit_reason
    assert not (get_settings().home / "generated").exists()


def test_one_run_is_trained_by_one_job_at_a_time(run: GeneratorRun, study: StudyRecord) -> None:
    settings, database = get_settings(), open_database(get_settings())
    job = ask_training(run)
    with pytest.raises(InputError, match="is being trained already"):
        submit_train(database, settings, run)
    other = keep_generator(study, "Other")
    assert list_generator_jobs(database, other, kind="train", active=True) == ()
    assert [one.id for one in list_generator_jobs(database, run, kind="train", active=True)] == [job.id]


def test_training_images_lie_below_the_roots(study: StudyRecord, tmp_path: Path) -> None:
    data = get_settings().home / "data"
    write_images(tmp_path / "outside", 4)
    (data / "link").symlink_to(tmp_path / "outside")
    linked = replace(
        study, folders=study.folders.model_copy(update={"real": FolderRef(root="data", path="link")})
    )
    ended = finish(ask_training(keep_generator(linked, "Linked")))
    assert ended.state is JobState.FAILED and "leads out of" in ended.exit_reason
    # Below the root itself, a file that is a link is no image.
    (data / "real" / "a" / "0000.png").unlink()
    (data / "real" / "a" / "0000.png").symlink_to(tmp_path / "outside" / "0000.png")
    run = keep_generator(study)
    finish(ask_training(run))
    assert find_folder(run).read_record().n_images == (7, 8)


def test_where_a_generator_stands_is_a_sentence(run: GeneratorRun) -> None:
    settings, database = get_settings(), open_database(get_settings())

    def tell() -> str:
        return describe_state(load_generator_state(database, settings, run))

    assert tell() == "It is not trained yet."
    job = ask_training(run)
    assert tell() == "Its training begins."
    with pytest.raises(CancelledError):
        JOB_KINDS["train"].run(job, database=database, settings=settings, progress=StopInTraining(2))
    # While a job works, losses are newer than checkpoints.
    assert tell().startswith("In training. gan: 24 of 48 images seen (50 %). Last losses: discriminator ")
    ended = finish(job)
    assert ended.state is JobState.DONE
    assert tell().startswith("It is trained to its end: 48 images of gan. Last losses: discriminator ")
