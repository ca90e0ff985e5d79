"""Mean images: the pictures, their numbers, and audits that have none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder
from core.metrics.catalogue import METRICS
from pages._shared.mean_pictures import pack_pictures
from tests.pages.frame import FRAME
from tests.pages.grids import read_grid
from tests.pages.tables import read_tables
from tests.studies import keep_study

ROWS = ["mean image", "standard deviation", "difference from the real mean"]


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "audit" / "mean_images.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def test_no_study_and_no_audit_lead_on(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception
    keep_study()
    app = open_page()
    assert "no audit yet" in app.info[0].value and not app.exception
    assert "Run an audit" in [link.label for link in app.get("page_link")]


def test_pictures_stand_on_stated_scales_with_the_numbers_below(study: StudyRecord, audit_id: str) -> None:
    app = open_page()
    assert not app.exception and not app.error
    assert app.text[0].value.startswith("The mean image of gan is ")
    grid = read_grid(app)
    assert grid is not None
    assert [one["name"] for one in grid["columns"]] == ["real", "gan"]
    assert [row["title"] for row in grid["rows"]] == ROWS
    assert all(row["scale"] for row in grid["rows"])
    cells = [cell for row in grid["rows"] for cell in row["cells"]]
    assert [cell["picture"][:22] for cell in cells] == [
        "" if place == 4 else "data:image/png;base64," for place in range(6)
    ]
    assert "by chance" in cells[5]["caption"]
    table = read_tables(app)["variety"]
    assert list(table.columns.values())[2:] == ["real", "gan"]
    names = [METRICS[one].name for one in ("mean_image_png_bytes", "mean_image_ljpeg_bytes", "variety")]
    assert [text[:-2] for text in table.texts("metric")][:3] == names
    assert {"Feature standard deviation ↑", "Vendi score ↑", "Mean pairwise MS-SSIM ↓"} <= set(
        table.texts("metric")
    )
    assert table.rows[0]["metric"]["detail"] == METRICS["mean_image_png_bytes"].sentence
    shown = {row["metric"]["text"]: row["floor"]["text"] for row in table.rows if row["floor"]}
    assert {"Vendi score ↑", "Mean pairwise MS-SSIM ↓", f"{names[0]} ↓"} <= set(shown)
    with zipfile.ZipFile(io.BytesIO(pack_pictures(audit_folder(get_settings(), audit_id), None))) as archive:
        assert "01-difference.png" in archive.namelist()


def test_a_class_has_pictures_of_its_own(two_sets: str) -> None:
    whole = read_grid(open_page())
    one = read_grid(open_page(**{"class": "class:a"}))
    assert whole is not None and one is not None
    assert [column["detail"] for column in one["columns"]] == ["n = 8", "n = 7", "n = 6"]
    assert whole["rows"][0]["cells"][0]["picture"] != one["rows"][0]["cells"][0]["picture"]


def test_classes_that_differ_are_told_above_the_answer(mixed_sets: str) -> None:
    app = open_page()
    assert not app.exception and not app.error
    (warning,) = app.warning
    classes, sizes = warning.value.split("\n\n")
    assert "'glioma' has the classes a, the real set a, b" in classes
    assert "'both' and the real set have no image size in common" in sizes
    assert app.text[0].value.startswith("The mean image of both is ")
    assert [text.value for text in app.text if "glioma" in text.value] == [
        "Not compared as a whole: glioma, since its classes are not those of the real set. Choose a class to "
        "hold its images against real ones of that class."
    ]
    (only,) = open_page(**{"class": "class:a"}).warning
    assert "no image size in common" in only.value


def test_an_audit_without_pictures_says_so_and_keeps_its_numbers(study: StudyRecord, audit_id: str) -> None:
    (audit_folder(get_settings(), audit_id) / "mean_images.npz").unlink()
    app = open_page()
    assert not app.exception
    assert "run the audit again" in app.info[0].value
    assert read_grid(app) is None
    assert read_tables(app)["variety"].rows


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1
