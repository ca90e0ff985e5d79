"""The job that analyses bias asks classifiers, too, also where the analysis itself is there already."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from core.bias import attribution_options
from core.bias.attribution_archive import load_attribution
from core.bias.attribution_options import AttributionOptions
from core.config import get_settings
from core.db.database import Database, open_database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import add_job, load_job
from core.jobs.bias_job import BiasPayload
from core.jobs.job_folder import audit_folder
from core.jobs.runner import run_job
from tests.core.utility.films import TINY
from tests.marked import QUICK, keep_marked_study
from tests.studies import keep_audit


def make(database: Database, audit_id: str, *, attribution: bool) -> JobRecord:
    choices = QUICK.model_copy(update={"attribution": attribution})
    payload = BiasPayload(audit_id=audit_id, choices=choices).model_dump(mode="json")
    job = add_job(database, kind="bias", title="Bias", payload=payload)
    run_job(database, get_settings(), job.id)
    return load_job(database, job.id)


def test_attribution_joins_the_analysis(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(AttributionOptions, protocol=TINY, repeats=1, n_images=2, cover=0.25, step=0.25)
    monkeypatch.setattr(attribution_options, "AttributionOptions", small)
    audit_id = keep_audit(keep_marked_study())
    database = open_database(get_settings())
    folder = audit_folder(get_settings(), audit_id) / "bias" / QUICK.key
    assert make(database, audit_id, attribution=False).state is JobState.DONE
    assert load_attribution(folder) is None
    analysed = (folder / "bias.json").stat().st_mtime_ns
    job = make(database, audit_id, attribution=True)
    assert (job.state, job.exit_reason) == (JobState.DONE, "")
    found = load_attribution(folder)
    assert found is not None
    assert [one.name for one in found.sets] == ["real", "gan"]
    assert found.shares[0].region == 1
    # Neither is made twice.
    assert make(database, audit_id, attribution=True).state is JobState.DONE
    assert load_attribution(folder) == found
    assert (folder / "bias.json").stat().st_mtime_ns == analysed
    database.close()
