"""Rating results: the answer first, then rates, images and agreement; folded while raters still rate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.raters import begin_rating, list_raters, revoke_rater
from core.db.rating_answers import add_answers
from core.db.rating_record import Answer, Background, NewAnswer, RatingSessionRecord
from core.db.rating_sessions import load_stimuli
from core.rating.loaded_session import load_whole_session
from core.rating.session_folder import session_folder
from tests.experiments import keep_classified_study
from tests.pages.frame import FRAME
from tests.pages.tables import read_tables
from tests.ratings import answer_all, keep_session

RATES = {None: 0.25, "gan": 1.0, "ddpm": 0.4}


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "rating" / "results.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.text, *app.caption)).replace("\\", "")


def read_grid(app: AppTest) -> dict[str, Any]:
    """What the grid of pictures was handed."""
    data = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return next(one for one in data if "leastPx" in one)


@pytest.fixture(scope="module")
def kept_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A workspace with sessions that have ended, made once: single images and pairs."""
    home = tmp_path_factory.mktemp("rating") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        study = keep_classified_study()
        pairs = keep_session(study, name="Pairs", task="pair")
        answer_all(pairs, RATES)
        single = keep_session(study, name="Single", n_repeats=4, n_checks=2, with_confidence=True)
        answer_all(single, RATES)
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home, {"single": single.id, "pairs": pairs.id}


@pytest.fixture
def kept(
    kept_home: tuple[Path, dict[str, str]], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """Those sessions, to be looked at and left as they are."""
    monkeypatch.setenv("MEDSYN_HOME", str(kept_home[0]))
    get_settings.cache_clear()
    yield kept_home[1]
    open_database(get_settings()).close()
    get_settings.cache_clear()


@pytest.fixture
def running(workspace: Path) -> Iterator[RatingSessionRecord]:
    """A session that two of three raters have finished."""
    session = keep_session(keep_classified_study())
    answer_all(session, RATES, n_raters=2, closes=False)
    yield session
    open_database(get_settings()).close()


def test_no_study_leads_to_the_overview(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception and len(app.error) == 1


def test_a_study_without_a_session_leads_to_the_form(workspace: Path) -> None:
    keep_classified_study()
    app = open_page()
    assert "No rating session of this study yet" in app.info[0].value and not app.exception
    assert "Design one" in [link.label for link in app.get("page_link")]
    open_database(get_settings()).close()


def test_results_open_with_what_was_recognised(kept: dict[str, str]) -> None:
    app = open_page(session=kept["single"])
    assert not app.exception and not app.error and not app.warning
    answers = load_whole_session(open_database(get_settings()), kept["single"]).tabulate()
    test = answers[answers["kind"] == "test"]
    fakes, reals = test[test["truth"] == "fake"], test[test["truth"] == "real"]
    fir, alarms = ((part["answer"] == "fake").mean() for part in (fakes, reals))
    headline = next(one.value for one in app.markdown if "recognised" in one.value).replace("\\", "")
    assert headline.startswith(f"**3 raters recognised {100 * fir:.0f} % [")
    assert "of 16 synthetic images as fake" in headline
    assert f"suspected {100 * alarms:.0f} % [" in headline and "of 16 real images" in headline
    rates = read_tables(app)["rating_rates"]
    assert rates.texts("part") == ["gan", "ddpm", "All"]  # the study's order
    ddpm = fakes[fakes["synthetic"] == "ddpm"]
    share = (ddpm["answer"] == "fake").mean()
    assert [row["fir"]["value"] for row in rates.rows] == pytest.approx([100, 100 * share, 100 * fir])
    assert "Interval:" in rates.rows[1]["fir"]["tooltip"] and rates.rows[1]["fir"]["detail"].startswith("[")
    assert "auc" in rates.columns
    # Rates, ROC, images, times.
    assert len(app.get("plotly_chart")) == 4
    assert [one.label for one in app.get("download_button")] == ["answers.csv", "session.json"]


def test_agreement_comparisons_checks_and_times(kept: dict[str, str]) -> None:
    tables = read_tables(open_page(session=kept["single"]))
    coefficients = [
        "Fleiss' kappa",
        "Krippendorff's alpha",
        "Cohen's kappa",
        "Same answers",
        "Self-consistency",
    ]
    assert tables["rating_agreement"].texts("what") == coefficients
    assert all(row["value"]["detail"] for row in tables["rating_agreement"].rows)
    (comparison,) = tables["rating_sets"].rows
    gan, ddpm = (row["fir"]["value"] for row in tables["rating_rates"].rows[:2])
    sign = 1 if comparison["first"]["text"] == "gan" else -1
    assert comparison["change"]["value"] == pytest.approx(sign * (gan - ddpm))
    assert "cannot fall below 0.05" in tables["rating_sets"].caption
    assert tables["rating_by_rater"].texts("checks") == ["2 of 2"] * 3
    whole, *kinds = (row["n"]["value"] for row in tables["rating_times"].rows)
    assert (whole, len(kinds), sum(kinds)) == (96, 4, 96)


def test_the_address_decides_what_rates_are_parted_by(kept: dict[str, str]) -> None:
    for part, names in {
        "class": ["a", "b", "All"],
        "rater": ["Rater 1", "Rater 2", "Rater 3", "All"],
        "set-class": ["gan, a", "gan, b", "ddpm, a", "ddpm, b", "All"],
    }.items():
        app = open_page(session=kept["single"], by=part)
        assert not app.exception and read_tables(app)["rating_rates"].texts("part") == names


def test_images_stand_with_every_answer(kept: dict[str, str]) -> None:
    app = open_page(session=kept["single"], images="none")
    grid = read_grid(app)
    gan = next(at for at, one in enumerate(grid["columns"]) if one["name"] == "gan")
    cell = grid["rows"][0]["cells"][gan]
    assert cell["picture"].startswith(f"/images/{kept['single']}/{int(cell['item'])}?form=stimulus")
    assert cell["caption"] == "0 of 3 called it real" and cell["about"].count("Rater") == 3
    table = read_tables(app)["rating_images"]
    assert len(table.rows) == 32
    for row in table.rows:
        said = [row[f"rater {at}"] for at in range(3)]
        wrong = "fake" if row["set"]["text"] == "real" else "real"
        assert row["fooled"]["text"] == f"{sum(one['text'] == wrong for one in said)} of 3"
        assert all(one["strong"] == (one["text"] == wrong) for one in said)
        assert all(one["detail"].startswith("sure: ") for one in said)
    real = read_grid(open_page(session=kept["single"], images="suspected"))
    assert "called it fake" in real["rows"][0]["cells"][0]["caption"]


def test_pairs_are_held_against_guessing(kept: dict[str, str]) -> None:
    app = open_page(session=kept["pairs"])
    assert not app.exception and "guessing is 50 %" in texts(app)
    table = read_tables(app)["rating_rates"]
    assert "false_alarm_rate" not in table.columns and table.columns["fake"] == "Pairs"
    assert table.texts("fir")[0] == "100"
    assert {row["rater 0"]["text"] for row in read_tables(app)["rating_images"].rows} <= {"found", "missed"}


def test_results_are_folded_while_raters_rate(running: RatingSessionRecord) -> None:
    app = open_page()
    assert not app.exception and "2 of 3 raters have finished" in app.info[0].value
    assert not read_tables(app) and "recognised" not in texts(app)
    app = next(one for one in app.button if one.label == "Show preliminary results").click().run()
    assert "**Preliminary.**" in app.warning[0].value
    assert read_tables(app)["rating_rates"].rows and "2 raters recognised" in texts(app)
    # The third will not come.
    database = open_database(get_settings())
    revoke_rater(database, list_raters(database, running.id)[2].id)
    later = open_page()
    assert not later.info and "2 raters recognised" in texts(later)


def test_a_session_without_answers_leads_to_its_links(workspace: Path) -> None:
    session = keep_session(keep_classified_study())
    open_database(get_settings()).close()
    app = open_page(session=session.id)
    app = next(one for one in app.button if one.label == "Show preliminary results").click().run()
    assert not app.exception and "No scored trial of a synthetic image" in app.info[0].value
    assert "Raters and links" in [link.label for link in app.get("page_link")]
    open_database(get_settings()).close()


def test_simulated_raters_are_marked_and_images_that_are_gone_do_not_stop_the_page(workspace: Path) -> None:
    import shutil

    session = keep_session(keep_classified_study(), is_simulated=True)
    answer_all(session, RATES, n_raters=2, closes=False)
    shutil.rmtree(session_folder(get_settings(), session.id))
    app = open_page()
    assert not app.exception and "**Simulated raters.**" in app.warning[0].value
    assert "First (simulated)" in app.selectbox[1].options
    cells = [cell for row in read_grid(app)["rows"] for cell in row["cells"] if cell]
    assert cells and not any(cell["picture"] for cell in cells)
    open_database(get_settings()).close()


def test_the_first_answers_do_not_stop_the_page(workspace: Path) -> None:
    session = keep_session(keep_classified_study())
    database = open_database(get_settings())
    fakes = {one.number for one in load_stimuli(database, session.id) if one.is_fake}
    rater = list_raters(database, session.id)[0]
    begin_rating(database, rater.id, background=[Background("radiologist", 8)], screen={})
    # As far as the first real and the first fake image.
    turns = [one.stimuli[0] in fakes for one in rater.trials]
    first = turns.index(not turns[0])
    given = [NewAnswer(at, f"token{at}", Answer.FAKE, reaction_time_ms=50.0) for at in range(first + 1)]
    for part in (given[:first], given[first:]):
        add_answers(database, rater.id, part)
        app = open_page()
        app = next(one for one in app.button if one.label == "Show preliminary results").click().run()
        assert not app.exception and not app.error
    assert f"{len(given)} of {len(given)} trials are flagged" in texts(app)
    assert len(read_tables(app)["rating_flagged"].rows) == len(given)
    database.close()
