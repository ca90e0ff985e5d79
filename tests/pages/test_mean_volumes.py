"""Mean images of an audit of volumes: slices of all sets side by side, moved by one slider a plane."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.audit.mean_volume_archive import VOLUMES_FOLDER
from core.audit.reopen import reopen_audit
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import save_study
from core.jobs.job_folder import audit_folder
from core.report.content import ReportContent
from core.report.document import render_report
from core.report.writer import write_audit
from pages._shared.mean_volumes import pack_volumes
from tests.core.features.volume_sets import make_volume, write_nifti
from tests.pages.frame import FRAME
from tests.pages.tables import read_tables
from tests.studies import keep_audit

SHAPE = (7, 12, 16)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A workspace with an audit of volumes in two classes, made once."""
    home = tmp_path_factory.mktemp("volumes") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        rng = np.random.default_rng(0)
        for name in ("real", "gan"):
            for at in range(6):
                path = home / "data" / name / "ab"[at % 2] / f"{at}.nii"
                write_nifti(path, make_volume(rng, SHAPE), (2.0, 1.0, 1.0))
        folders = StudyFolders(
            real=FolderRef(root="data", path="real"),
            synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
        )
        audit_id = keep_audit(save_study(open_database(get_settings()), name="Volumes", folders=folders))
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home, audit_id


@pytest.fixture
def audit_id(audited: tuple[Path, str], workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    home, audit_id = audited
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    get_settings.cache_clear()
    yield audit_id
    open_database(get_settings()).close()
    get_settings.cache_clear()


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "audit" / "mean_images.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def read_grids(app: AppTest) -> list[dict[str, Any]]:
    found = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return [data for data in found if "leastPx" in data]


def titles(app: AppTest) -> list[list[str]]:
    return [[row["title"] for row in grid["rows"]] for grid in read_grids(app)]


def test_three_planes_show_the_middle_of_every_set(audit_id: str) -> None:
    app = open_page()
    assert not app.exception and not app.error and not app.warning
    assert app.text[0].value.startswith("The mean volume of gan is ")
    assert titles(app) == [
        [f"mean volume, {place}", f"difference from the real mean, {place}"]
        for place in ("axial slice 4 of 7", "coronal slice 7 of 12", "sagittal slice 9 of 16")
    ]
    axial, coronal, _ = read_grids(app)
    assert [one["name"] for one in axial["columns"]] == ["real", "gan"]
    # 12 x 16 voxels of 1 x 1 mm; 7 x 16 of 2 x 1 mm.
    assert (axial["aspect"], coronal["aspect"]) == ("1.3333", f"{16 / 14:.4f}")
    cells = axial["rows"][1]["cells"]
    assert cells[0]["picture"] == "" and "by chance" in cells[1]["caption"]
    assert "7 × 12 × 16 voxels of 2 × 1 × 1 mm" in " ".join(one.value for one in app.caption)
    assert any("all axial slices of a mean volume side by side" in one.value for one in app.caption)
    table = read_tables(app)["variety"]
    assert table.texts("metric")[0].startswith("Size of the mean image as PNG")


def test_a_slider_moves_all_sets_and_stands_in_the_address(audit_id: str) -> None:
    app = open_page(axial="2", std="1")
    assert titles(app)[0] == [
        "mean volume, axial slice 2 of 7",
        "standard deviation, axial slice 2 of 7",
        "difference from the real mean, axial slice 2 of 7",
    ]
    before = read_grids(app)
    app.slider(key="choose_axial").set_value(5).run()
    assert app.query_params["axial"] in ("5", ["5"])
    after = read_grids(app)
    assert after[0]["rows"][0]["title"] == "mean volume, axial slice 5 of 7"
    for column in (0, 1):
        first, second = (one[0]["rows"][0]["cells"][column]["picture"] for one in (before, after))
        assert first != second
    assert [one["rows"][0]["scale"] for one in before] == [one["rows"][0]["scale"] for one in after]
    assert after[1:] == before[1:]


def test_addresses_beyond_the_ends_and_of_no_number(audit_id: str) -> None:
    app = open_page(axial="999", coronal="-3", sagittal="<b>")
    assert [one[0].partition(", ")[2] for one in titles(app)] == [
        "axial slice 7 of 7",
        "coronal slice 1 of 12",
        "sagittal slice 9 of 16",
    ]
    (warning,) = app.warning
    assert "is no number" in warning.value and "<b>" not in warning.value


def test_a_class_has_volumes_of_its_own_and_a_download(audit_id: str) -> None:
    whole, one = read_grids(open_page()), read_grids(open_page(**{"class": "class:a"}))
    assert [column["detail"] for column in one[0]["columns"]] == ["n = 3", "n = 3"]
    assert whole[0]["rows"][0]["cells"][0]["picture"] != one[0]["rows"][0]["cells"][0]["picture"]
    data = pack_volumes(audit_folder(get_settings(), audit_id), "a")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "01-difference.nii.gz" in archive.namelist()


def test_the_report_shows_middle_slices_and_counts_volumes(audit_id: str, tmp_path: Path) -> None:
    result = reopen_audit(audit_folder(get_settings(), audit_id))
    assert not result.mean_images and len(result.mean_volumes) == 6
    report = render_report(result)
    assert "6 real (train) volumes, 6 synthetic volumes" in report
    assert "n = 6, 7 × 12 × 16 voxels of 2 × 1 × 1 mm" in report
    assert "7 × 12 × 16 voxels<small>2 × 1 × 1 mm</small>" in report
    assert '<h2 id="means">Mean volumes</h2>' in report
    assert report.count('alt="Mean volume of gan"') == 3
    hidden = render_report(result, content=ReportContent.DEIDENTIFIED)
    assert 'id="means"' not in hidden
    write_audit(result, tmp_path / "again")
    again = reopen_audit(tmp_path / "again")
    for key, one in result.mean_volumes.items():
        np.testing.assert_array_equal(again.mean_volumes[key].mean, one.mean)
    assert (tmp_path / "again" / "mean_images" / "gan" / "class-a.png").exists()
    assert not (tmp_path / "again" / "mean_images.npz").exists()


def test_an_audit_whose_volumes_are_gone_says_so(audit_id: str) -> None:
    folder = audit_folder(get_settings(), audit_id) / VOLUMES_FOLDER
    away = folder.rename(folder.with_name("away"))
    try:
        app = open_page(**{"class": "class:b"})
    finally:
        away.rename(folder)
    assert not app.exception
    assert "run it again" in app.info[0].value and read_grids(app) == []
    assert read_tables(app)["variety"].rows
