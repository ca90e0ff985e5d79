"""Bias: the answer, maps on one scale, the patches behind a place, and audits without an analysis."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.audit.items import load_items
from core.bias.archive import BIAS_FOLDER
from core.config import get_settings
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.jobs.job_folder import audit_folder
from tests.biased import KEY, SETS, keep_biased_audit
from tests.core.bias.archived import describe, keep_attribution
from tests.pages.frame import FRAME
from tests.pages.grids import read_grid
from tests.pages.tables import read_tables
from tests.studies import keep_study


@pytest.fixture(scope="module")
def biased_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A workspace with the marked study, audited and analysed once."""
    home = tmp_path_factory.mktemp("biased") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        audit_id = keep_biased_audit()
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home, audit_id


@pytest.fixture
def biased(biased_home: tuple[Path, str], workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of that audit, to be looked at and left as it is."""
    home, audit_id = biased_home
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    get_settings.cache_clear()
    yield audit_folder(get_settings(), audit_id)
    open_database(get_settings()).close()
    get_settings.cache_clear()


@pytest.fixture
def unanalysed(
    biased_home: tuple[Path, str], tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A copy of that audit without its analysis."""
    home = tmp_path / "copy"
    shutil.copytree(biased_home[0], home)
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    get_settings.cache_clear()
    shutil.rmtree(audit_folder(get_settings(), biased_home[1]) / BIAS_FOLDER)
    yield biased_home[1]
    open_database(get_settings()).close()
    get_settings.cache_clear()


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "audit" / "bias.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def read_maps(app: AppTest) -> dict[str, Any]:
    found = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (maps,) = [data for data in found if "isGrid" in data]
    return maps


def unpack(one: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(one["values"]), dtype="<i2").reshape(one["shape"])


def test_no_study_leads_on_and_an_audit_without_analysis_offers_one(workspace: Path, idle_jobs: None) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception
    keep_study()
    app = open_page()
    assert "no audit yet" in app.info[0].value and not app.exception


def test_classes_are_needed_before_an_analysis_is_asked_for(audit_id: str, idle_jobs: None) -> None:
    app = open_page()
    assert "and the real set has none. Put each class" in app.info[-1].value and not app.exception
    assert not app.number_input


def test_the_form_asks_for_an_analysis_once(unanalysed: str, idle_jobs: None) -> None:
    app = open_page()
    assert "has not been analysed yet" in app.info[0].value and not app.exception
    numbers = {one.label: one for one in app.number_input}
    numbers["Step (frame pixels)"].set_value(20)
    app.button[0].click().run()
    assert app.error[0].value.startswith("Steps of 20 pixels leave parts of the image out")
    for _ in range(2):
        next(one for one in app.number_input if one.label == "Step (frame pixels)").set_value(4)
        next(one for one in app.button if one.label == "Analyse").click().run()
    assert not app.exception and "being made already" in app.info[-1].value
    (job,) = list_jobs(open_database(get_settings()), kind="bias")
    assert job.payload["audit_id"] == unanalysed and job.payload["choices"]["stride_px"] == 4


def test_the_answer_the_maps_the_patches_and_the_numbers(biased: Path) -> None:
    app = open_page()
    assert not app.exception and not app.error
    texts = [one.value for one in app.text]
    assert texts[0].startswith("The most suspect place of the real images is the upper left")
    assert texts[1].startswith("Carry that sign on, as a share of the real signal: copier")
    assert texts[2].startswith("Not shown to carry it: clean")
    maps = read_maps(app)
    assert [one["name"] for one in maps["sets"]] == list(SETS)
    assert (maps["scale"]["centre"], maps["scale"]["limit"], maps["scale"]["signed"]) == (0.5, 0.5, False)
    real, copier, clean = (unpack(one) / maps["scale"]["levels"] for one in maps["sets"])
    assert real[0, 0] > 0.9 and copier[0, 0] > 0.9 and abs(clean[0, 0]) < 0.7
    assert maps["boxes"][0]["rank"] == 1 and maps["boxes"][0]["edges"][:2] == [0, 0]
    row, column = maps["cell"]
    assert max(row, column) <= 2 and real[row, column] == real.max()
    grid = read_grid(app)
    assert grid is not None
    assert [one["name"] for one in grid["columns"]] == [name for name in SETS for _ in range(2)]
    assert [one["heading"] for one in grid["rows"]] == ["ill", "", "", "well", "", ""]
    patch = grid["rows"][3]["cells"][0]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(patch["picture"].partition(",")[2]))))
    assert pixels.shape == (16, 16) and pixels.max() == 230
    assert load_items(biased)[patch["item"]].label == "well" and "form=samples" in patch["samples"]
    tables = read_tables(app)
    assert tables["suspects"].texts("place")[0] == "Upper left"
    assert tables["suspects"].rows[0]["crop"]["action"] == "crop:1"
    assert tables["inheritance"].texts("sign")[:2] == ["the same sign", "any sign"]
    assert "n = 32" in tables["inheritance"].rows[0]["set0"]["detail"]
    assert tables["markers"].texts("zone")[0] == "Anywhere"
    assert tables["shortcuts"].texts("property")[0] == "Brightness and contrast"
    assert "the same in every image" in tables["shortcuts"].rows[-1]["set0"]["tooltip"]


def test_what_is_chosen_stands_in_the_address(biased: Path) -> None:
    app = open_page(map="transfer", cell="6,5", region="0.1,0.2,0.5,0.625", order="random", patches="1",
                    opacity="40", boxes="0")  # fmt: skip
    assert not app.exception
    maps = read_maps(app)
    assert maps["scale"]["signed"] and maps["cell"] == [6, 5] and maps["region"] == [0.1, 0.2, 0.5, 0.625]
    assert maps["look"] == {"opacity": 0.4, "from": 0, "size": 200, "beyond": True, "boxes": False}
    (link,) = [one for one in app.get("page_link") if one.proto.label.startswith("Crop the drawn region")]
    assert "10 to 50 % of the width, 20 to 63 % of the height" in link.proto.label
    assert "region=0.1%2C0.2%2C0.5%2C0.625" in link.proto.query_string
    captions = " ".join(one.value for one in app.caption)
    assert "Drawn at random with seed 0" in captions and "63 to 88 % of the width" in captions


@pytest.mark.parametrize("asked", ["7,0", "a,b", "1,2,3"])
def test_a_place_that_is_not_there_is_left_out(biased: Path, asked: str) -> None:
    app = open_page(cell=asked, region="0.5,0,0.2,1")
    assert not app.exception and not app.error
    maps = read_maps(app)
    assert max(maps["cell"]) <= 2 and maps["region"] is None


def test_images_that_are_gone_have_their_reason(biased: Path) -> None:
    real = load_items(biased).folder_of("real")
    aside = real.with_name("aside")
    real.rename(aside)
    try:
        grid = read_grid(open_page(cell="3,3"))
    finally:
        aside.rename(real)
    assert grid is not None
    cells = [row["cells"] for row in grid["rows"]]
    assert all(one[1]["caption"].startswith("The image cannot be shown") for one in cells)
    assert all(one[2]["picture"] for one in cells)


def test_attribution_adds_its_maps_and_shares(biased: Path) -> None:
    folder = biased / BIAS_FOLDER / "withattribution"
    shutil.copytree(biased / BIAS_FOLDER / KEY, folder)
    try:
        keep_attribution(folder)
        app = open_page(bias="withattribution", map="grad-cam:1")
        assert not app.exception and not app.error
        maps = read_maps(app)
        assert not maps["isGrid"] and maps["scale"]["limit"] == 0.8 and maps["sets"][0]["detail"] == "n = 9"
        assert "A small network, trained once on real images, tells the classes" in " ".join(
            one.value for one in app.text
        )
        # It explained no set of that name.
        assert [one["values"] is None for one in maps["sets"]] == [False, True, True]
        assert read_tables(app)["attribution"].texts("method") == ["Grad-CAM"]
    finally:
        shutil.rmtree(folder)


def test_a_damaged_analysis_is_told_and_the_others_stay(biased: Path) -> None:
    folder = biased / BIAS_FOLDER / "damaged"
    folder.mkdir()
    (folder / "bias.json").write_text("{}", encoding="utf-8")
    try:
        app = open_page()
    finally:
        shutil.rmtree(folder)
    assert not app.exception and "is not an analysis that this version reads" in app.warning[0].value
    assert app.text[0].value.startswith("The most suspect place")


def test_nothing_found_shows_maps_without_a_place(biased: Path) -> None:
    path = biased / BIAS_FOLDER / KEY / "bias.json"
    before = path.read_bytes()
    sets = [{**one.model_dump(), "name": name} for one, name in zip(describe().sets, SETS[:2], strict=True)]
    nothing = describe(sets=[{**one, "differences": []} for one in sets], suspects=[], inheritance=[])
    path.write_text(nothing.model_dump_json(by_alias=True), encoding="utf-8")
    try:
        app = open_page()
    finally:
        path.write_bytes(before)
    assert not app.exception and not app.error
    assert app.text[0].value.startswith("No place of the real images tells ill from well beyond chance")
    assert read_maps(app)["cell"] is None and read_grid(app) is None
    assert "suspects" not in read_tables(app)


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1
