"""Run audit: what is asked is what is queued."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.archive import load_audit_summary, save_audit_summary
from core.audit.protocol import Protocol
from core.audit.selection import name_extractors
from core.config import get_settings
from core.db.database import open_database
from core.db.generator_runs import create_generator_run
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.generators.run_folder import RunFolder, RunRecord
from core.generators.vqvae2.options import PRESETS
from core.jobs.audit_job import AuditPayload
from core.jobs.job_folder import generator_folder
from tests.pages.frame import FRAME, run_frame
from tests.pages.tables import read_tables
from tests.studies import keep_audit, keep_study


def open_page(page: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / page))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


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


def keep_vqvae(study: StudyRecord, name: str, *, seen: int) -> str:
    """A VQ-VAE-2 generator of the study whose autoencoder has seen so many of 8 images."""
    settings = get_settings()
    options = PRESETS["smoke"].model_copy(update={"n_images": 8, "batch_size": 8}).model_dump(mode="json")
    run = create_generator_run(
        open_database(settings), study_id=study.id, name=name, family="vqvae2", preset="smoke",
        options=options, real=study.folders.real,
    )  # fmt: skip
    folder = RunFolder(generator_folder(settings, run.id))
    folder.begin(
        RunRecord(
            family="vqvae2", options=options, classes=(), n_images=(8,), images_digest="", device="cpu",
            versions={},
        )
    )  # fmt: skip
    state = {"images_seen": seen, "n_images": 8, "seconds": 1, "timed_images": 8, "n_parameters": {}}
    folder.phase_folder("autoencoder").mkdir()
    (folder.phase_folder("autoencoder") / "state.json").write_text(json.dumps(state))
    return run.id


def test_codes_of_the_studys_own_generators_are_offered_by_name(study: StudyRecord, idle_jobs: None) -> None:
    run_id = keep_vqvae(study, "Mine", seen=8)
    keep_vqvae(study, "Stopped", seen=4)
    keep_vqvae(keep_study("Other", n=8), "Theirs", seen=8)
    app = open_page("audit/launch.py", study=study.id)
    codes = [label for label in app.multiselect[0].options if "codes" in label]
    assert codes == ["VQ-VAE-2 coarse codes of Mine", "VQ-VAE-2 fine codes of Mine"]
    app.multiselect[0].set_value([f"vqvae-bottom:{run_id}"])
    press_run(app)
    assert not app.exception
    assert queued()[0].protocol == Protocol(extractors=(f"vqvae-bottom:{run_id}",))


def test_results_call_them_by_name(study: StudyRecord) -> None:
    run_id = keep_vqvae(study, "Mine *", seen=8)
    audit_id = keep_audit(study)
    database = open_database(get_settings())
    _, summary = load_audit_summary(database, audit_id)
    renamed = name_extractors(summary, {"pixels": f"vqvae-top:{run_id}"})
    save_audit_summary(database, renamed, audit_id=f"{audit_id[:-1]}x", study_id=study.id)
    app = open_page("audit/quality.py", audit=f"{audit_id[:-1]}x")
    assert not app.exception
    (table,) = (one for one in read_tables(app).values() if "extractor" in one.columns)
    assert "VQ-VAE-2 coarse codes of Mine *" in table.texts("extractor")
    assert not any(run_id in text for text in table.texts("extractor"))
