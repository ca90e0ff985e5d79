"""The page of one generator: its training, its samples, what it draws, and the way into the study."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.db.database import open_database
from core.db.generator_runs import GeneratorRun, create_generator_run, list_generator_runs
from core.db.job_record import JobState
from core.db.jobs import begin_job, end_job, list_jobs
from core.db.studies import list_studies, load_study
from core.generators import efficiency
from core.generators.families import FAMILIES
from core.generators.history import read_history
from core.generators.run_folder import RunFolder, RunRecord
from core.jobs.generate_job import GeneratePayload
from core.jobs.generator_jobs import list_drawn_sets
from core.report.generator_figures import render_history
from pages._shared import generator_sets
from pages._shared.results_links import find_results
from tests.generators import ask_images, ask_training, find_folder, finish, keep_generator, keep_real_study
from tests.pages.frame import FRAME
from tests.pages.grids import read_grid
from tests.pages.tables import read_tables


def open_page(run: GeneratorRun, /, **params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "generators" / "runs.py"))
    for name, value in ({"study": run.study_id, "run": run.id} | params).items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    shown = "\n".join(one.value for one in (*app.markdown, *app.text, *app.caption, *app.info))
    return shown.replace("\\", "")


def find(kind: Any, label: str) -> Any:
    return next(one for one in kind if one.label == label)


def buttons(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A workspace with a trained generator and a set of six images drawn from it, made once."""
    home = tmp_path_factory.mktemp("generators") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        patch.setattr(efficiency, "_TIMED_IMAGES", 16)
        get_settings.cache_clear()
        run = keep_generator(keep_real_study())
        assert finish(ask_training(run)).state is JobState.DONE
        assert finish(ask_images(run)).state is JobState.DONE
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home, run.id


@pytest.fixture
def trained(trained_home: tuple[Path, str], workspace: Path, idle_jobs: None) -> Iterator[GeneratorRun]:
    """That generator, in a copy of its workspace."""
    shutil.copytree(trained_home[0], workspace)
    yield list_generator_runs(open_database(get_settings()))[0]
    open_database(get_settings()).close()


@pytest.fixture
def untrained(workspace: Path, idle_jobs: None) -> Iterator[GeneratorRun]:
    yield keep_generator(keep_real_study(), "Small *GAN*")
    open_database(get_settings()).close()


def test_an_untrained_generator_is_trained_by_a_button(untrained: GeneratorRun) -> None:
    app = open_page(untrained)
    assert not app.exception and not app.error
    assert app.header[0].value == "Small \\*GAN\\*"
    assert "It is not trained yet." in texts(app)
    assert "as soon as training has made its first checkpoint" in texts(app)
    assert read_grid(app) is None and "Draw images" not in buttons(app)
    app = find(app.button, "Train").click().run()
    (job,) = list_jobs(open_database(get_settings()))
    assert (job.kind, job.payload) == ("train", {"run_id": untrained.id, "tensorboard": False})
    assert "Its training begins." in texts(app)
    assert "Cancel" in buttons(app) and "Train" not in buttons(app)
    assert find(app.button, "Remove").disabled
    assert "first samples appear here" in texts(app)


def test_a_job_that_stopped_says_why_and_goes_on(trained: GeneratorRun) -> None:
    database, folder = open_database(get_settings()), find_folder(trained)
    state = folder.phase_folder("gan") / "state.json"
    kept = json.loads(state.read_text())
    state.write_text(json.dumps(kept | {"images_seen": 16}))
    job = ask_training(trained)
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    app = open_page(trained)
    # Losses are newer than the checkpoint while it is trained.
    assert "In training. gan: 48 of 48 images seen" in texts(app)
    end_job(database, job.id, state=JobState.FAILED, exit_reason="The disk *is* full.")
    app = app.run()
    assert [one.value for one in app.error] == ["The disk \\*is\\* full."]
    assert "Its training is not over. gan: 16 of 48 images seen (33 %)" in texts(app)
    assert "images are drawn from the checkpoints" in texts(app)
    app = find(app.button, "Go on").click().run()
    assert list_jobs(database, active=True)[0].payload["run_id"] == trained.id
    end_job(database, list_jobs(database, active=True)[0].id, state=JobState.CANCELLED)
    app = app.run()
    assert not app.error and "was cancelled" in texts(app) and "Go on" in buttons(app)


def test_samples_stand_beside_real_images_pixel_by_pixel(trained: GeneratorRun) -> None:
    folder = find_folder(trained)
    assert list(folder.list_grids("gan")) == [0, 16, 32, 48]

    def shown(app: AppTest) -> list[bytes]:
        grid = read_grid(app)
        assert grid is not None and grid["aspect"] == "2.0149"
        (row,) = grid["rows"]
        # No address that others could ask for: the pictures lie within the page.
        prefix = "data:image/png;base64,"
        assert all(cell["picture"].startswith(prefix) for cell in row["cells"])
        return [base64.b64decode(cell["picture"].removeprefix(prefix)) for cell in row["cells"]]

    app = open_page(trained)
    assert not app.exception and not [one for one in app.warning if "checkpoint" in one.value]
    real = (folder.grids_folder / "real.png").read_bytes()
    assert shown(app) == [real, folder.grid_path("gan", 48).read_bytes()]
    assert "same noise" in texts(app)
    app = app.select_slider[0].set_value(16).run()
    assert app.query_params["checkpoint"] == "16"
    assert shown(app) == [real, folder.grid_path("gan", 16).read_bytes()]
    # Back at the newest, what comes is followed.
    app = app.select_slider[0].set_value(48).run()
    assert "checkpoint" not in app.query_params
    folder.grid_path("gan", 64).write_bytes(folder.grid_path("gan", 32).read_bytes())
    assert shown(app.run()) == [real, folder.grid_path("gan", 64).read_bytes()]
    app = open_page(trained, checkpoint="17")
    assert any("is not there; the newest one is shown" in one.value for one in app.warning)
    assert shown(app)[1] == folder.grid_path("gan", 64).read_bytes()


def test_losses_and_costs_are_shown_and_can_be_exported(trained: GeneratorRun) -> None:
    app = open_page(trained)
    assert "Lower is not always better" in texts(app)
    assert len(app.get("plotly_chart")) == 2
    metrics = {one.label: one.value for one in app.metric}
    assert list(metrics) == [
        "Memory for 8 images ↓",
        "Time for 1,000 images ↓",
        "Parameters",
        "Training, gan ↑",
    ]
    assert metrics["Memory for 8 images ↓"].endswith(" MiB")
    assert "It is trained to its end: 48 images of gan." in texts(app)
    assert not {"Train", "Go on", "Measure what it costs"} & set(buttons(app))
    assert "Losses as CSV" in [one.label for one in app.get("download_button")]
    rows = read_history(find_folder(trained).history_path)
    table = list(csv.DictReader(io.StringIO(render_history(rows))))
    assert [int(one["images"]) for one in table] == [row.images for row in rows]
    assert float(table[-1]["generator"]) == rows[-1].losses["generator"]
    find_folder(trained).efficiency_path.unlink()
    app = app.run()
    assert not app.metric and "Measure what it costs" in buttons(app)


def test_what_is_asked_is_drawn(trained: GeneratorRun) -> None:
    database = open_database(get_settings())
    app = open_page(trained)
    assert find(app.number_input, "Images").value == 16
    for widget in (*app.number_input, *app.text_input, *app.multiselect, *app.selectbox[1:], *app.metric):
        assert widget.help, widget.label
    find(app.text_input, "Name").set_value("a/b")
    app = app.run()
    assert "Such as 'a-b'" in app.error[0].value and "Draw images" not in buttons(app)
    find(app.text_input, "Name").set_value("Second set")
    find(app.number_input, "Images").set_value(12)
    find(app.number_input, "Seed").set_value(5)
    find(app.multiselect, "Classes").set_value(["b"])
    find(app.number_input, "Batch size").set_value(4)
    app = find(app.run().button, "Draw images").click().run()
    assert not app.exception and not app.error
    (job,) = list_jobs(database, active=True)
    payload = GeneratePayload.model_validate(job.payload)
    assert (payload.name, payload.count, payload.classes) == ("Second set", 12, ("b",))
    assert payload.settings.model_dump(exclude_defaults=True) == {"seed": 5, "batch_size": 4}
    assert "Cancel" in buttons(app)
    link = find_results(list_jobs(database, kind="train")[0])
    assert link is not None and link.query == {"study": trained.study_id, "run": trained.id}


@pytest.mark.parametrize(
    ("family", "labels"),
    [
        ("stylegan2", ["Truncation"]),
        ("ddpm", ["Steps", "Guidance", "Sampler"]),
        ("vqvae2", ["Temperature"]),
        ("latent-diffusion", ["Steps", "Guidance", "Sampler"]),
    ],
)
def test_settings_of_drawing_are_those_that_a_family_heeds(
    untrained: GeneratorRun, family: str, labels: list[str]
) -> None:
    options = FAMILIES[family].presets["smoke"]
    run = create_generator_run(
        open_database(get_settings()),
        study_id=untrained.study_id,
        name=family,
        family=family,
        preset="smoke",
        options=options.model_dump(mode="json") | {"seed": 9},
        real=untrained.real,
    )
    pretend_begun(find_folder(run), run)
    app = open_page(run)
    assert not app.exception and not app.error
    settings = [*app.number_input, *app.selectbox]
    shown = {one.label: one for one in settings if one.label not in ("Study", "Images", "Seed")}
    assert set(shown) == {*labels, "Precision", "Batch size"}
    assert all(one.help for one in shown.values())
    find(app.button, "Draw images").click().run()
    (job,) = list_jobs(open_database(get_settings()))
    # What nobody touched is the run's own.
    assert GeneratePayload.model_validate(job.payload).settings.model_dump(exclude_defaults=True) == {}
    table = read_tables(app)["generator_settings"]
    assert set(table.texts("setting")) == set(type(options).model_fields)
    assert all(table.texts("about"))
    assert [row["setting"]["text"] for row in table.rows if row["value"]["strong"]] == ["seed"]
    assert ("is an extractor now" in texts(app)) == (family == "vqvae2")


def pretend_begun(folder: RunFolder, run: GeneratorRun) -> None:
    """Write what a run's first checkpoints say, its first phase at its end."""
    record = RunRecord(
        family=run.family,
        options=run.options,
        classes=("a", "b"),
        n_images=(8, 8),
        images_digest="0",
        device="cpu",
        versions={},
    )
    folder.begin(record)
    phases = FAMILIES[run.family].options.model_validate(run.options).list_phases(16)
    for place, (name, n_images) in enumerate(phases.items()):
        folder.phase_folder(name).mkdir()
        state = {"n_images": n_images, "images_seen": 0 if place else n_images, "seconds": 1.0}
        text = json.dumps(state | {"timed_images": 0, "n_parameters": {}})
        (folder.phase_folder(name) / "state.json").write_text(text)


def test_a_drawn_set_is_in_the_study_by_one_click(
    trained: GeneratorRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(get_settings())
    (drawn,) = list_drawn_sets(database, trained)
    clicks = [drawn.job_id]
    show_table = generator_sets.show_table

    def click_once(*arguments: Any, **named: Any) -> str | None:
        show_table(*arguments, **named)
        return clicks.pop() if clicks else None

    app = open_page(trained)
    table = read_tables(app)["drawn_sets"]
    assert table.texts("set") == ["drawn"] and table.texts("images") == ["6"]
    assert table.rows[0]["images"]["detail"] == "a 3, b 3"
    assert table.texts("settings") == ["seed 0"]
    assert table.texts("folder") == [f"generated / {drawn.folder.path}"]
    assert table.texts("study") == ["no"] and table.rows[0]["add"]["action"] == drawn.job_id
    assert "6 files in 2 classes (a 3, b 3)." in texts(app)

    monkeypatch.setattr(generator_sets, "show_table", click_once)
    app = app.run()
    assert not app.exception and not app.error
    (added,) = load_study(database, trained.study_id).folders.synthetic
    assert (added.name, added.folder) == ("drawn", drawn.folder)
    assert "**drawn** is a synthetic set of the study now." in app.success[0].value
    assert "Run audit" in [one.label for one in app.get("page_link")]
    table = read_tables(app)["drawn_sets"]
    assert table.texts("study") == ["as drawn"] and not table.rows[0].get("add")
    app = find(app.button, "Undo").click().run()
    assert load_study(database, trained.study_id).folders.synthetic == ()
    assert not app.success and read_tables(app)["drawn_sets"].texts("study") == ["no"]


def test_a_generator_is_removed_and_restored(trained: GeneratorRun) -> None:
    database = open_database(get_settings())
    app = open_page(trained)
    links = [one for one in app.get("page_link") if one.label == "Use these settings again"]
    assert links[0].query_string == f"study={trained.study_id}&like={trained.id}"
    app = find(app.button, "Remove").click().run()
    assert list_generator_runs(database) == ()
    assert "removed from the lists" in texts(app) and "Remove" not in buttons(app)
    find(app.button, "Restore").click().run()
    assert [one.id for one in list_generator_runs(database)] == [trained.id]


def test_what_cannot_be_shown_is_one_sentence(trained: GeneratorRun) -> None:
    state = find_folder(trained).phase_folder("gan") / "state.json"
    state.write_text("{")
    app = open_page(trained)
    assert not app.exception and "is damaged; run the training again" in app.error[0].value
    app = open_page(trained, run="0" * 16)
    assert not app.exception and "There is no generator" in app.error[0].value


def test_another_study_leaves_the_generator(untrained: GeneratorRun) -> None:
    other = keep_real_study("Other")
    app = open_page(untrained)
    app = find(app.selectbox, "Study").set_value(other.id).run()
    assert not app.exception and "run" not in app.query_params
    assert len(list_studies(open_database(get_settings()))) == 2
    assert FolderRef(root="data", path="real") == untrained.real
