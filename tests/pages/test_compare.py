"""Compare: samples by seed, sets by address, nearest real images on demand."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.items import load_items
from core.config import get_settings
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder
from tests.pages.frame import FRAME
from tests.pages.grids import read_grid
from tests.pages.tables import read_tables
from tests.studies import keep_study


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "audit" / "compare.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def item_ids(app: AppTest) -> list[list[str]]:
    grid = read_grid(app)
    assert grid is not None
    return [[cell["item"] for cell in row["cells"] if cell] for row in grid["rows"]]


def test_no_study_and_no_audit_lead_on(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception
    keep_study()
    app = open_page()
    assert "no audit yet" in app.info[0].value and not app.exception


def test_samples_numbers_and_figures_of_all_sets(two_sets: str) -> None:
    app = open_page(n="2")
    assert not app.exception and not app.error and not app.warning
    grid = read_grid(app)
    assert grid is not None
    assert [one["name"] for one in grid["columns"]] == ["real", "gan", "ddpm"]
    assert [row["heading"] for row in grid["rows"]] == ["a", "", "b", ""]
    items = load_items(audit_folder(get_settings(), two_sets))
    for row in grid["rows"]:
        for column, cell in zip(grid["columns"], row["cells"], strict=True):
            item = items[cell["item"]]
            assert (item.set, item.label) == (column["name"], row["title"].split(",")[0])
            for address in (cell["picture"], cell["samples"]):
                assert urlsplit(address).path == f"/images/{two_sets}/{cell['item']}"
    assert read_tables(app)["compared"].columns["set1"] == "ddpm"
    assert len(app.get("plotly_chart")) == 2


def test_the_seed_stands_in_the_address(two_sets: str) -> None:
    first, again, other = (item_ids(open_page(draw=seed)) for seed in ("3", "3", "4"))
    assert first == again != other
    app = open_page()
    app.button[0].click().run()
    assert app.query_params["draw"] == "1"
    assert item_ids(app) == item_ids(open_page(draw="1"))
    assert item_ids(open_page(draw="no number")) == item_ids(open_page(draw="0"))


def test_a_set_keeps_its_samples_whatever_others_are_shown(two_sets: str) -> None:
    both, alone = item_ids(open_page()), item_ids(open_page(sets=["ddpm"]))
    assert [row[2] for row in both] == [row[1] for row in alone]
    app = open_page(sets=["ddpm"])
    assert "two or more" in app.info[0].value
    assert not app.get("plotly_chart") and read_tables(app)["compared"].rows
    none = open_page(sets=[""])
    assert read_grid(none) is None and "two or more" in none.info[0].value and not none.exception
    gone = open_page(sets=["ddpm", "gone"])
    assert "not there" in gone.warning[0].value


def test_nearest_real_images_stand_below_on_demand(two_sets: str) -> None:
    app = open_page(nearest="1", n="2", **{"class": "class:a"})
    assert not app.exception and not app.error
    grid = read_grid(app)
    assert grid is not None
    items = load_items(audit_folder(get_settings(), two_sets))
    assert [row["title"] for row in grid["rows"]][:2] == ["a, sample 1", "nearest real of a, sample 1"]
    for row in grid["rows"][1::2]:
        assert row["cells"][0]["picture"] == ""
        for cell in row["cells"][1:]:
            assert items[cell["item"]].set == "real"
            assert cell["caption"].startswith("Nearest real image")
    app.toggle[0].set_value(False).run()
    assert "nearest" not in app.query_params


def test_classes_and_sizes_that_differ_are_told_above_the_numbers(mixed_sets: str) -> None:
    app = open_page(nearest="1", n="2")
    assert not app.exception and not app.error
    (warning,) = app.warning
    classes, sizes = warning.value.split("\n\n")
    assert "'glioma' has the classes a, the real set a, b" in classes
    assert "'both' and the real set have no image size in common" in sizes
    grid = read_grid(app)
    assert grid is not None
    # Two samples of class a, each with its nearest image below; then those of class b, which one set lacks.
    missing, below = (row["cells"][1] for row in grid["rows"][4:6])
    assert missing["caption"] == "no further image of this class"
    assert not below["caption"] and not below["picture"]
    assert grid["rows"][5]["cells"][2]["caption"].startswith("Nearest real image")
    assert not open_page(sets=["glioma"], **{"class": "class:a"}).warning


def test_old_audits_say_what_they_lack_and_keep_their_numbers(two_sets: str) -> None:
    folder = audit_folder(get_settings(), two_sets)
    for name, sentence, again in (
        ("pairs", "image pairs", "run the audit again"),
        ("items", "list of images", "run the audit or experiment again"),
    ):
        path = folder / f"{name}.parquet"
        aside = path.rename(folder / "aside")
        try:
            app = open_page(nearest="1")
        finally:
            aside.rename(path)
        assert not app.exception
        assert sentence in app.info[0].value and again in app.info[0].value
        assert read_grid(app) is None
        assert read_tables(app)["compared"].rows


def test_one_synthetic_set_leads_to_the_study(study: StudyRecord, audit_id: str) -> None:
    app = open_page()
    assert "one synthetic set" in app.info[0].value
    assert "Study setup" in [link.label for link in app.get("page_link")]
    assert item_ids(app)


def test_no_extractor_chosen(two_sets: str) -> None:
    app = open_page(extractor=[""])
    assert not app.exception
    assert "No extractor is chosen" in app.info[0].value


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1
