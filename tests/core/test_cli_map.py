"""Maps without a browser: by the command line and as a job."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import add_job, load_job
from core.errors import InputError
from core.jobs.job_folder import audit_folder
from core.jobs.kinds import JOB_KINDS
from core.jobs.map_job import MapPayload
from core.jobs.runner import run_job
from core.maps.map_file import list_maps, load_map
from core.maps.map_options import MapOptions
from tests.studies import keep_audit, keep_study

pytestmark = pytest.mark.slow


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_command_and_job_make_the_same_map(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit_id = keep_audit(keep_study())
    settings = get_settings()
    folder, database = audit_folder(settings, audit_id), open_database(settings)
    out = tmp_path / "map.csv"
    assert call("map", "--audit-folder", folder, "--n-neighbors", 5, "--seed", 2, "--output", out) == 0
    ((key, record),) = list_maps(folder).items()
    assert capsys.readouterr().out.split() == [str(folder / "maps" / f"{key}.parquet"), str(out)]
    assert (record.n_neighbors, record.seed, record.n) == (5, 2, 26)
    listed = pd.read_csv(out)
    made = load_map(folder, key).table
    assert listed["id"].tolist() == made.column("id").to_pylist()
    assert listed["umap_3d_3"].tolist() == pytest.approx(
        [one[2] for one in made.column("umap_3d").to_pylist()]
    )

    (folder / "maps" / f"{key}.parquet").unlink()
    payload = MapPayload(audit_id=audit_id, extractor="pixels", options=MapOptions(n_neighbors=5, seed=2))
    job = add_job(database, kind="map", title="Map", payload=payload.model_dump(mode="json"))
    assert run_job(database, settings, job.id) is JobState.DONE
    assert load_job(database, job.id).outcome == {"audit_id": audit_id, "map": key}
    assert load_map(folder, key).table.equals(made)

    wrong = MapPayload(audit_id=audit_id, extractor="texture").model_dump(mode="json")
    failed = add_job(database, kind="map", title="Map", payload=wrong)
    assert run_job(database, settings, failed.id) is JobState.FAILED
    assert "used no extractor 'texture'" in load_job(database, failed.id).exit_reason

    assert call("map") == 2
    assert call("map", "--audit", audit_id, "--audit-folder", folder) == 2
    assert call("map", "--audit", "nosuch") == 2
    assert call("map", "--audit-folder", tmp_path / "none") == 2
    assert capsys.readouterr().err.count("Error: ") == 4
    database.close()


@pytest.mark.parametrize("wrong", [{}, {"audit_id": "a", "extractor": "b", "options": {"n_neighbors": 1}}])
def test_a_payload_that_is_no_map_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        JOB_KINDS["map"].check(wrong)
