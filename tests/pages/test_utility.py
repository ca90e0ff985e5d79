"""Utility: empty states, the form, results with flips, and what the address decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.items import load_items
from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import begin_job, end_job, list_jobs
from core.jobs.job_folder import experiment_folder, utility_runs_folder
from core.jobs.utility_job import UtilityPayload
from core.utility.presets import UtilityProtocol, get_preset
from tests.experiments import GROUP, N_GAINED, N_LOST, keep_classified_study, keep_experiment
from tests.pages.frame import FRAME
from tests.pages.tables import read_tables

PROTOCOL = UtilityProtocol(repeats=10, ratios=(1.0,), label_fractions=(0.5,))


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "experiments" / "utility.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def read_galleries(app: AppTest) -> list[list[str]]:
    """Ids of each gallery's images, from top to bottom."""
    data = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return [[one["id"] for one in found["items"]] for found in data if "sidePx" in found]


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.text, *app.caption))


def find_button(app: AppTest, label: str):  # type: ignore[no-untyped-def]  # of a private class
    return next(one for one in app.button if one.label == label)


@pytest.fixture(scope="module")
def kept_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str, str]]:
    """A workspace with an experiment of each kind, made once: its folder, the study and the experiments."""
    home = tmp_path_factory.mktemp("utility") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        study = keep_classified_study()
        features = keep_experiment(study, kind="feature-extraction")
        augmentation = keep_experiment(study, PROTOCOL)
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home, study.id, augmentation, features


@pytest.fixture
def kept(
    kept_home: tuple[Path, str, str, str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str, str]]:
    """That study and its experiments, to be looked at and left as they are."""
    monkeypatch.setenv("MEDSYN_HOME", str(kept_home[0]))
    get_settings.cache_clear()
    yield kept_home[1:]
    open_database(get_settings()).close()
    get_settings.cache_clear()


def test_no_study_leads_to_the_overview(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception
    assert "To the overview" in [link.label for link in app.get("page_link")]


@pytest.mark.parametrize(
    ("lack", "sentence"), [("heldout", "no held-out set"), ("classes", "at least two classes")]
)
def test_what_a_study_lacks_is_said_and_linked(workspace: Path, lack: str, sentence: str) -> None:
    keep_classified_study(**{lack: False})
    app = open_page()
    assert not app.exception and not app.error
    assert sentence in app.info[0].value
    assert "Change the study" in [link.label for link in app.get("page_link")]
    assert not [one for one in app.button if one.label == "Start the experiment"]


def test_the_preset_is_what_is_asked_and_its_progress_is_shown(workspace: Path, idle_jobs: None) -> None:
    study = keep_classified_study()
    app = open_page()
    assert not app.exception
    assert "8 arms × 10 repeats = 80 trainings" in texts(app)
    assert not app.warning
    app = find_button(app, "Start the experiment").click().run()
    assert not app.exception
    (job,) = list_jobs(open_database(get_settings()))
    assert UtilityPayload.model_validate(job.payload) == UtilityPayload(
        folders=study.folders, kind="augmentation", protocol=get_preset("quick"), synthetic=("gan", "ddpm")
    )
    assert app.query_params["experiment"] == job.id
    assert "has not ended" in app.info[0].value
    assert "Cancel" in [one.label for one in app.button]


def test_choices_reach_the_protocol(workspace: Path, idle_jobs: None) -> None:
    keep_classified_study()
    app = open_page(kind="feature-extraction", preset="paper", sets=["ddpm"])
    numbers = {one.label: one for one in app.number_input}
    numbers["Repeats"].set_value(2)
    numbers["Epochs of the last layer"].set_value(3)
    next(one for one in app.selectbox if one.label == "Classifier").set_value("resnet18")
    app.run()
    assert "6 repeats are the fewest that can" in app.warning[0].value
    next(one for one in app.number_input if one.label == "Repeats").set_value(8).run()
    assert not app.warning and "Enough repeats" in texts(app)
    find_button(app, "Start the experiment").click().run()
    (job,) = list_jobs(open_database(get_settings()))
    payload = UtilityPayload.model_validate(job.payload)
    changed = {"repeats": 8, "feature_epochs": 3, "classifier": "resnet18"}
    assert payload.protocol == get_preset("paper").model_copy(update=changed)
    assert (payload.kind, payload.synthetic) == ("feature-extraction", ("ddpm",))


def test_another_study_forgets_the_experiment_of_the_last_one(workspace: Path) -> None:
    first, second = keep_classified_study(), keep_classified_study("Second")
    keep_experiment(first, UtilityProtocol(repeats=1, train_on_synthetic=False))
    experiment_id = keep_experiment(second, UtilityProtocol(repeats=1, train_on_synthetic=False))
    app = open_page(experiment=experiment_id)
    assert app.selectbox[0].value == second.id
    app.selectbox[0].set_value(first.id).run()
    assert not app.exception and "experiment" not in app.query_params
    assert not [one for one in app.warning if "not there" in one.value]
    assert read_tables(app)["changes"].rows


def test_settings_that_do_not_go_together_are_one_sentence(workspace: Path, idle_jobs: None) -> None:
    keep_classified_study()
    app = open_page()
    next(one for one in app.multiselect if one.label == "Ratios").set_value(["1", "many"])
    app.run()
    assert "Ratios are numbers" in app.error[0].value and not app.exception
    next(one for one in app.multiselect if one.label == "Ratios").set_value(["1"])
    next(one for one in app.selectbox if one.label == "Classifier").set_value("inception_v3")
    app.run()
    assert "at least 75 pixels" in app.error[0].value
    assert not [one for one in app.button if one.label == "Start the experiment"]
    app = open_page(sets=[""])
    assert "at least one synthetic set" in app.info[0].value


def test_a_cancelled_experiment_is_no_error(workspace: Path, idle_jobs: None) -> None:
    keep_classified_study()
    app = find_button(open_page(), "Start the experiment").click().run()
    database, job_id = open_database(get_settings()), app.query_params["experiment"]
    begin_job(database, job_id, host="here", pid=1, pid_started=1.0)
    end_job(database, job_id, state=JobState.CANCELLED, exit_reason="Cancelled before it began.")
    app.run()
    assert not app.exception and not app.error
    assert "Cancelled before it began" in app.info[0].value


def test_a_failed_experiment_says_why_and_what_to_do(workspace: Path, idle_jobs: None) -> None:
    study = keep_classified_study()
    app = find_button(open_page(), "Start the experiment").click().run()
    database, job_id = open_database(get_settings()), app.query_params["experiment"]
    begin_job(database, job_id, host="here", pid=1, pid_started=1.0)
    end_job(database, job_id, state=JobState.FAILED, exit_reason="The test set has *one* image.")
    app = open_page(study=study.id, experiment=job_id)
    assert app.error[0].value == "The test set has \\*one\\* image."
    assert "Log, and run again" in [link.label for link in app.get("page_link")]
    # Without the address nobody is held up by it.
    assert "Start the experiment" in [one.label for one in open_page().button]


def test_results_open_with_the_answer(kept: tuple[str, str, str]) -> None:
    app = open_page(study=kept[0])
    assert not app.exception and not app.error
    said = texts(app)
    points = 100 * (N_GAINED - N_LOST) / 24
    assert f"gan × 1 raises it: +{points} points" in said.replace("\\", "")
    table = read_tables(app)["changes"]
    assert table.texts("arm")[:3] == ["Real images alone", "Traditional augmentation", "gan × 1"]
    row = table.rows[2]
    assert (row["change"]["text"], row["change"]["strong"]) == (f"+{points}", True)
    assert (row["gained"]["value"], row["lost"]["value"]) == (N_GAINED, N_LOST)
    assert table.texts("change")[0] == "baseline"
    assert len(app.get("plotly_chart")) == 3
    labels = [one.label for one in app.get("download_button")]
    assert labels == ["utility.json", "utility.csv", "runs.csv", "answers.csv", "curves.csv"]


def test_the_address_decides_the_view(kept: tuple[str, str, str]) -> None:
    study, augmentation, features = kept
    view = {"score": "recall:b", "baseline": "traditional", "curves": ["gan × 1"]}
    app = open_page(study=study, experiment=augmentation, **view)
    assert not app.exception and not app.warning
    table = read_tables(app)["changes"]
    assert table.columns["score"] == "Recall of b ↑, %" and "gained" not in table.columns
    assert "Changes are against traditional augmentation" in table.caption
    app = open_page(experiment=features)
    assert [one.value for one in app.selectbox if one.label == "Phase"] == ["network"]
    assert "Pretraining on gan raises it" in texts(app)
    app = open_page(study=study, experiment="gone", curves=[""])
    assert "not there" in app.warning[0].value and "No arm is chosen" in app.info[0].value


def test_flips_are_the_planted_ones_and_open(kept: tuple[str, str, str]) -> None:
    study, augmentation, _ = kept
    app = open_page(study=study, experiment=augmentation)
    gained, lost = read_galleries(app)
    assert (len(gained), len(lost)) == (N_GAINED, N_LOST)
    items = load_items(experiment_folder(get_settings(), augmentation))
    ids = items.table.column("id").to_pylist()
    assert set(gained) == set(ids[:N_GAINED]) and lost == ids[N_GAINED : N_GAINED + N_LOST]
    data = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    tile = next(found["items"][0] for found in data if "sidePx" in found)
    assert tile["samples"].startswith(f"/images/{augmentation}/{tile['id']}?")
    assert tile["caption"].startswith("a\narm 10/10, baseline 0/10\nwrong → right\nbaseline says b")
    rows = read_tables(app)["flips"].rows
    assert [row["change"]["text"] for row in rows].count("wrong → right") == N_GAINED
    other = open_page(study=study, experiment=augmentation, **{"class": "class:b"})
    assert not read_galleries(other) and "look at those that change in few" in other.info[0].value
    none = open_page(study=study, experiment=augmentation, arm="synthetic:ddpm:1", every="1")
    assert not read_galleries(none) and "No test image changes sides" in none.info[0].value


def test_groups_of_test_images_are_looked_at_alone(workspace: Path) -> None:
    study = keep_classified_study()
    keep_experiment(study, UtilityProtocol(repeats=2), grouped=True)
    app = open_page(group=GROUP)
    assert not app.exception and not app.error
    assert f"test accuracy in {GROUP}" in texts(app).replace("\\", "")
    tables = read_tables(app)
    assert set(tables["changes"].texts("score")) == {"25 %"} and "gained" not in tables["changes"].columns
    gap = tables["gaps"].rows[0]
    assert (gap["best"]["text"], gap["worst"]["text"], gap["gap"]["value"]) == ("sex=M", GROUP, 50)
    assert "gaps.csv" in [one.label for one in app.get("download_button")]
    assert tables["class_flips"].texts("n") == ["6", "6"]
    every = open_page()
    inside, all_of_them = ({one for ids in read_galleries(page) for one in ids} for page in (app, every))
    assert inside and inside < all_of_them
    assert "gaps" in read_tables(every) and f"in {GROUP}" not in texts(every)


def test_answers_that_are_gone_are_told_and_the_rest_stays(kept: tuple[str, str, str]) -> None:
    runs = utility_runs_folder(get_settings())
    aside = runs.rename(runs.with_name("aside"))
    try:
        app = open_page(study=kept[0], baseline="real:0.5")
    finally:
        aside.rename(runs)
    assert not app.exception
    assert "run the experiment again" in app.info[0].value
    assert read_tables(app)["changes"].rows


def test_a_new_experiment_is_set_up_beside_finished_ones(kept: tuple[str, str, str]) -> None:
    app = open_page(study=kept[0], experiment="new")
    assert "is tested on the held-out set (24 files)" in texts(app)
    assert "No utility experiment of this study yet" not in texts(app)
    assert len(app.selectbox[1].options) == 3


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1


def test_what_another_experiment_lacks_goes_without_a_warning(kept: tuple[str, str, str]) -> None:
    study, augmentation, features = kept
    app = open_page(study=study, experiment=augmentation, baseline="traditional", curves=["gan × 1"])
    app.query_params["experiment"] = features
    app.run()
    assert not app.exception and not [one for one in app.warning if "not there" in one.value]
    assert len(app.get("plotly_chart")) == 2
    # An address that never held is told.
    app.query_params["baseline"] = "gone"
    app.run()
    assert "under “Against” is not there" in app.warning[0].value
