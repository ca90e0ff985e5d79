"""Generators: the list, the form with every option of every family, and what the address decides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders
from core.db.database import open_database
from core.db.generator_runs import (
    GeneratorRun,
    create_generator_run,
    list_generator_runs,
    remove_generator_run,
)
from core.db.job_record import JobState
from core.db.jobs import begin_job, end_job, list_jobs
from core.db.studies import StudyRecord, save_study
from core.generators.families import FAMILIES
from core.generators.presets import choose_options
from core.generators.run_folder import RunFolder, RunRecord
from core.jobs.generator_submission import submit_train
from core.jobs.job_folder import generator_folder
from pages._shared import generator_form
from pages._shared.generator_field import fits_field, read_numbers, write_value
from pages._shared.generator_groups import COMMON, group_options, title_option
from pages._shared.generator_guide import describe_family, describe_preset, title_preset
from tests.images import write_images
from tests.pages.frame import FRAME
from tests.pages.tables import read_tables

CLASSES = ("*a*", "b")
DCGAN = FAMILIES["dcgan"]


def keep_real_study(n: int = 40, *, name: str = "Films", classes: tuple[str, ...] = CLASSES) -> StudyRecord:
    """Save a study of real images alone."""
    settings = get_settings()
    write_images(settings.home / "data" / "real", n, seed=1, classes=classes)
    folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=())
    return save_study(open_database(settings), name=name, folders=folders)


@pytest.fixture
def real_study(workspace: Any, idle_jobs: None) -> Iterator[StudyRecord]:
    """A study that has no synthetic set yet."""
    yield keep_real_study()
    open_database(get_settings()).close()


def keep_run(study: StudyRecord, name: str = "First", **changes: object) -> GeneratorRun:
    options = choose_options(DCGAN, "smoke", changes)
    return create_generator_run(
        open_database(get_settings()),
        study_id=study.id,
        name=name,
        family="dcgan",
        preset="smoke",
        options=options.model_dump(mode="json"),
        real=study.folders.real,
    )


def write_state(run: GeneratorRun, images_seen: int, n_images: int) -> None:
    """Leave the files of a training that came so far."""
    folder = RunFolder(generator_folder(get_settings(), run.id))
    record = RunRecord(
        family=run.family,
        options=run.options,
        classes=(),
        n_images=(40,),
        images_digest="0",
        device="cpu",
        versions={},
    )
    folder.begin(record)
    state = {
        "images_seen": images_seen,
        "n_images": n_images,
        "seconds": 2.0,
        "timed_images": images_seen,
        "n_parameters": {"generator": 9},
    }
    folder.phase_folder("gan").mkdir()
    (folder.phase_folder("gan") / "state.json").write_text(json.dumps(state))


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "generators" / "runs.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.text, *app.caption))


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def asked(app: AppTest, name: str) -> list[str]:
    """What the address says under a name, which the test's own address gives alone where it is one."""
    said = app.query_params.get(name, [])
    return [said] if isinstance(said, str) else list(said)


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def fields(app: AppTest) -> dict[str, Any]:
    """Widgets of the form's options by key."""
    kinds = (app.number_input, app.selectbox, app.checkbox, app.multiselect, app.text_input)
    return {one.key: one for kind in kinds for one in kind if one.key and one.key.startswith("generator_")}


def field(app: AppTest, name: str, preset: str = "smoke", family: str = "dcgan") -> Any:
    return fields(app)[f"generator_{family}_{preset}_{name}"]


def test_no_study_leads_to_the_overview(workspace: Any) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception
    assert "To the overview" in [link.label for link in app.get("page_link")]


def test_a_study_without_generators_says_what_they_are_for(real_study: StudyRecord) -> None:
    app = open_page()
    assert not app.exception and not app.error and not app.warning
    assert "No generator of this study yet" in texts(app)
    assert "40 files in 2 classes (*a* 20, b 20)" in texts(app)
    assert r"**Work: 16,000 images \(each file 400 times\)**" in texts(app)
    assert "generators" not in read_tables(app)
    assert "Train" in labels(app) and "Back to the preset" not in labels(app)


def test_every_option_has_a_field_with_its_preset_and_help(real_study: StudyRecord) -> None:
    app = open_page()
    for name in FAMILIES:
        family = FAMILIES[name]
        preset = list(family.presets)[-1]
        app.query_params["family"], app.query_params["preset"] = name, preset
        app.run()
        assert not app.exception and not app.error
        shown = fields(app)
        for option, info in family.options.model_fields.items():
            widget = shown[f"generator_{name}_{preset}_{option}"]
            assert widget.label == title_option(option)
            assert f"`--set {option}=" in widget.proto.help
            assert str(info.description) in widget.proto.help.replace("\\", "")
            expected = getattr(family.presets[preset], option)
            if isinstance(expected, tuple):
                expected = list(expected) if option == "classes" else ", ".join(map(str, expected))
            assert widget.value == expected, option


@pytest.mark.parametrize("name", FAMILIES)
def test_options_are_grouped_once_and_fields_can_show_every_preset(name: str) -> None:
    family = FAMILIES[name]
    grouped = [*COMMON, *(option for group in group_options(family).values() for option in group)]
    assert sorted(grouped) == sorted(family.options.model_fields)
    assert "More" not in group_options(family)
    assert family.paper in describe_family(family) and len(describe_family(family)) > len(family.paper) + 20
    for preset, options in family.presets.items():
        for option, value in options.model_dump(mode="json").items():
            info = family.options.model_fields[option]
            assert fits_field(info, value), option
            if info.annotation == tuple[int, ...]:
                assert read_numbers(info, write_value(value)) == value
        assert str(options.size_px) in title_preset(family, preset)
        assert ("GPU" in describe_preset(family, preset)) and describe_preset(family, preset).endswith(".")
        if "published" in preset:
            assert "Source: " in describe_preset(family, preset)


def test_train_keeps_the_generator_and_queues_its_job(real_study: StudyRecord) -> None:
    app = open_page()
    field(app, "n_images").set_value(6400)
    field(app, "latent").set_value(16)
    field(app, "generator_rate").set_value(0.0005)
    field(app, "classes").set_value(["b", "*a*"])
    field(app, "is_conditional").check()
    field(app, "precision").set_value("amp").run()
    next(one for one in app.text_input if one.label == "Name").set_value("Small *one*").run()
    assert not app.exception and not app.error
    app = press(app, "Train")
    assert not app.exception and not app.error
    (run,) = list_generator_runs(open_database(get_settings()))
    changes = {
        "n_images": 6400,
        "latent": 16,
        "generator_rate": 0.0005,
        "classes": ("b", "*a*"),
        "is_conditional": True,
        "precision": "amp",
    }
    assert (run.name, run.family, run.preset) == ("Small *one*", "dcgan", "smoke")
    assert run.options == choose_options(DCGAN, "smoke", changes).model_dump(mode="json")
    assert (run.real, run.labels) == (real_study.folders.real, None)
    (job,) = list_jobs(open_database(get_settings()))
    assert (job.kind, job.payload) == ("train", {"run_id": run.id, "tensorboard": False})
    assert dict(app.query_params) == {"study": real_study.id, "run": run.id}


def test_a_name_that_is_taken_is_said_and_another_is_suggested(real_study: StudyRecord) -> None:
    keep_run(real_study, "dcgan smoke")
    app = open_page()
    name = next(one for one in app.text_input if one.label == "Name")
    assert name.value == "DCGAN smoke 2"
    name.set_value("DCGAN smoke").run()
    app = press(app, "Train")
    assert "called 'dcgan smoke' already" in app.error[0].value and not app.exception
    assert asked(app, "name") == ["DCGAN smoke"]
    assert len(list_generator_runs(open_database(get_settings()))) == 1


def test_what_does_not_go_together_is_one_sentence(real_study: StudyRecord) -> None:
    app = open_page()
    for family, change, sentence in (
        ("dcgan", "size_px=48", "DCGAN draws 32, 64, 128, 256 pixels a side, not 48"),
        ("dcgan", "generator_rate=0", r"Generator rate \(generator\_rate\)\: Input should be greater than 0"),
        ("ddpm", 'width_factors="1, x"', r"Width factors \(width\_factors\)\: name whole numbers"),
        ("ddpm", "batch_size=7", ""),
        ("dcgan", 'classes=["c"]', "The real set has no class 'c'; its classes are"),
    ):
        app.query_params["family"], app.query_params["set"] = family, [change]
        app.run()
        assert not app.exception, change
        assert len(app.error) == bool(sentence) and all(sentence in one.value for one in app.error), change
        assert ("Train" in labels(app)) is not bool(sentence), change


def test_what_differs_from_the_preset_is_marked_and_taken_back(real_study: StudyRecord) -> None:
    app = open_page()
    field(app, "batch_size").set_value(16)
    field(app, "seed").set_value(5).run()
    assert asked(app, "set") == ["batch_size=16", "seed=5"]
    assert r"Batch size 16 \(preset\: 32\); Seed 5 \(preset\: 0\)" in texts(app)
    app = press(app, "Back to 32")
    assert field(app, "batch_size").value == 32
    assert asked(app, "set") == ["seed=5"]
    # A reload shows the same.
    again = open_page(set=["seed=5"])
    assert field(again, "seed").value == 5
    app = press(app, "Back to the preset")
    assert field(app, "seed").value == 0 and not {"set", "of"} & set(app.query_params)


def test_a_list_of_numbers_is_read_and_written_as_text(real_study: StudyRecord) -> None:
    app = open_page(family="ddpm")
    widths = field(app, "width_factors", family="ddpm")
    assert widths.value == "1, 2, 4"
    widths.set_value("1,2 ,2,4").run()
    assert not app.error
    assert asked(app, "set") == ["width_factors=[1, 2, 2, 4]"]
    assert field(app, "width_factors", family="ddpm").value == "1, 2, 2, 4"
    field(app, "attention_sides", family="ddpm").set_value("").run()
    assert not app.error and "attention_sides=[]" in asked(app, "set")


def test_the_address_cannot_ask_for_what_no_field_shows(real_study: StudyRecord) -> None:
    strange = ["batch_size=1e9", 'seed="x"', "nonsense=1", "channels=2", "is_conditional=1", "beta1=true"]
    app = open_page(set=[*strange, "latent=16"])
    assert not app.exception and not app.error
    for name in ("batch\\_size", "seed", "nonsense", "channels", "is\\_conditional", "beta1"):
        assert name in app.warning[0].value
    assert field(app, "batch_size").value == 32 and field(app, "latent").value == 16
    broken = open_page(set=["no value"])
    assert not broken.exception and "left out\\: no value" in broken.warning[0].value


def test_changes_belong_to_a_family_and_preset(real_study: StudyRecord) -> None:
    app = open_page(name="Mine")
    field(app, "batch_size").set_value(16).run()
    choice = {one.label: one for one in app.selectbox}
    choice["Family"].set_value("ddpm").run()
    assert not app.exception and not app.warning and asked(app, "name") == ["Mine"]
    assert field(app, "batch_size", family="ddpm").value == 32
    assert "Back to the preset" not in labels(app)
    # They wait for the family that they are of, until another's are written.
    next(one for one in app.selectbox if one.label == "Family").set_value("dcgan").run()
    assert field(app, "batch_size").value == 16
    next(one for one in app.selectbox if one.label == "Preset").set_value("small").run()
    assert field(app, "batch_size", preset="small").value == 64
    field(app, "seed", preset="small").set_value(3).run()
    assert asked(app, "set") == ["seed=3"]
    next(one for one in app.selectbox if one.label == "Preset").set_value("smoke").run()
    assert field(app, "batch_size").value == 32


def test_the_form_begins_like_another_generator(real_study: StudyRecord) -> None:
    run = keep_run(real_study, batch_size=8, classes=("b",))
    app = open_page(study=real_study.id, like=run.id)
    assert not app.exception and not app.warning
    assert field(app, "batch_size").value == 8 and field(app, "classes").value == ["b"]
    assert asked(app, "set") == ['classes=["b"]', "batch_size=8"]
    assert "like" not in app.query_params
    gone = open_page(like="0" * 16)
    assert "There is no generator" in gone.warning[0].value and not gone.exception


def test_few_files_are_warned_of_and_too_few_refused(workspace: Any, idle_jobs: None) -> None:
    keep_real_study(10)
    app = open_page()
    assert "learns them by heart" in app.warning[0].value and "Train" in labels(app)
    shutil.rmtree(workspace / "data" / "real" / "b")
    folder = workspace / "data" / "few"
    write_images(folder, 6)
    few = StudyFolders(real=FolderRef(root="data", path="few"), synthetic=())
    study = save_study(open_database(get_settings()), name="Few", folders=few)
    app = open_page(study=study.id)
    assert "at least 8 training images, and there are 6" in app.error[0].value
    assert "Train" not in labels(app) and "6 files without classes" in texts(app)
    shutil.rmtree(folder)
    gone = StudyFolders(real=FolderRef(root="data", path="gone"), synthetic=())
    study = save_study(open_database(get_settings()), name="Gone", folders=gone)
    app = open_page(study=study.id)
    assert app.error and not app.exception and "Train" not in labels(app)
    assert "Change the study" in [link.label for link in app.get("page_link")]


@pytest.mark.parametrize("installed", [True, False])
def test_tensorboard_is_offered_where_it_is_installed(
    real_study: StudyRecord, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    find = generator_form.importlib.util.find_spec
    monkeypatch.setattr(
        generator_form.importlib.util,
        "find_spec",
        lambda name, *rest: (object() if installed else None) if name == "tensorboard" else find(name, *rest),
    )
    app = open_page()
    boxes = [one for one in app.checkbox if one.label == "Logs for TensorBoard"]
    assert len(boxes) == installed
    if installed:
        boxes[0].check().run()
        press(app, "Train")
        (job,) = list_jobs(open_database(get_settings()))
        assert job.payload["tensorboard"] is True


def test_the_list_says_where_each_generator_stands(real_study: StudyRecord) -> None:
    database, settings = open_database(get_settings()), get_settings()
    first, second, third, broken = (keep_run(real_study, name) for name in ("One", "Two", "Three", "Four"))
    write_state(first, 16_000, 16_000)
    write_state(second, 15_999, 16_000)
    write_state(broken, 1, 2)
    (generator_folder(settings, broken.id) / "gan" / "state.json").write_text("{")
    job = submit_train(database, settings, second)
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    end_job(database, job.id, state=JobState.CANCELLED, exit_reason="Cancelled.")
    submit_train(database, settings, third)
    app = open_page()
    assert not app.exception
    table = read_tables(app)["generators"]
    assert table.texts("name") == ["Four", "Three", "Two", "One"]
    assert [row["name"]["action"] for row in table.rows] == [broken.id, third.id, second.id, first.id]
    assert table.texts("standing")[1:] == ["Begins", "Stopped at 15,999 of 16,000 images", "Done"]
    assert "damaged" in table.texts("standing")[0]
    assert table.texts("share") == ["", "0 %", "99 %", "100 %"]
    assert table.texts("job")[2:] == ["Cancelled", ""] and table.texts("job")[1] in ("Waiting", "Starting")
    assert set(table.texts("family")) == {"DCGAN"} and set(table.texts("preset")) == {"smoke"}
    # What runs is on top, with its cancel.
    assert "Cancel" in labels(app) and "No generator of this study yet" not in texts(app)


def test_removed_generators_come_back_unless_their_name_is_taken(real_study: StudyRecord) -> None:
    database = open_database(get_settings())
    run = keep_run(real_study, "Old")
    remove_generator_run(database, run.id)
    taken = keep_run(real_study, "OLD")
    app = press(open_page(), "Restore")
    assert "called 'OLD' already" in app.error[0].value and not app.exception
    remove_generator_run(database, taken.id)
    app = open_page()
    next(one for one in app.button if one.key == f"restore_{run.id}").click().run()
    assert [one.id for one in list_generator_runs(database)] == [run.id]


def test_an_address_of_a_generator_alone_means_its_study(real_study: StudyRecord) -> None:
    run = keep_run(real_study)
    save_study(open_database(get_settings()), name="Another", folders=real_study.folders)
    app = open_page(run=run.id)
    assert not app.exception and not app.error
    assert app.selectbox[0].value == real_study.id
    assert "First" in [one.value for one in app.header]
    unknown = open_page(run="0" * 16)
    assert "There is no generator" in unknown.error[0].value and not unknown.exception


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1
