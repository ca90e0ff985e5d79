"""What people recognised as fake, where an audit's numbers stand: the quality table and against utility."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.audit.archive import load_audit_summary
from core.config import get_settings
from core.db.database import Database, open_database
from core.jobs.job_folder import audit_folder
from core.rating.design import RealSource, SessionDesign, SetCount
from core.utility.archive import save_utility_summary
from tests.core.fidelity_utility.made import make_experiment
from tests.core.rating.demo_films import answer_session, keep_session
from tests.pages.frame import FRAME
from tests.pages.tables import ShownTable, read_tables
from tests.studies import keep_audit, keep_study

TITLE = "Fake identification rate (FIR) ↓"
DESIGN = SessionDesign(
    counts=(SetCount(synthetic=None, n=6), SetCount(synthetic="gan", n=6)),
    real_source=RealSource.TRAIN,
    n_raters=4,
)


def open_page(page: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / page))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def read_row(table: ShownTable) -> dict[str, dict[str, object]] | None:
    return next((row for row in table.rows if row["metric"]["text"] == TITLE), None)


@pytest.fixture
def database(workspace: Path) -> Iterator[Database]:
    opened = open_database(get_settings())
    yield opened
    opened.close()


def test_ended_sessions_stand_in_the_quality_table(database: Database) -> None:
    study = keep_study()
    audit_id = keep_audit(study)
    before = (audit_folder(get_settings(), audit_id) / "audit.json").read_bytes()
    session = keep_session(database, get_settings(), study, DESIGN, "Two readers")
    running = keep_session(database, get_settings(), study, DESIGN, "Running")
    # Two of four raters call every synthetic image fake, and one of them every real one.
    answer_session(database, session.id, lambda rater, image: rater == 0 or (rater == 1 and image.is_fake))
    answer_session(database, running.id, lambda rater, image: image.is_fake, n=3)
    app = open_page("audit/quality.py")
    assert not app.exception
    row = read_row(read_tables(app)["metrics"])
    assert row is not None
    assert row["set0"]["text"] == "0.5 *" and row["set0"]["value"] == 0.5
    assert "n = 6, real n = 6" in str(row["set0"]["detail"]).replace("\N{NO-BREAK SPACE}", " ")
    told = str(row["set0"]["tooltip"])
    assert "Two readers: 24 answers of 4 raters to 6 images; Wilson" in told
    assert "Running" not in told
    assert row["floor"]["value"] == 0.25 and "the real set itself" in str(row["floor"]["tooltip"])
    assert row["extractor"]["text"] == ""
    assert "whoever guesses calls half of both fake" in str(row["metric"]["tooltip"])
    # The audit itself stays as it was.
    assert (audit_folder(get_settings(), audit_id) / "audit.json").read_bytes() == before
    assert "fir" not in {one.metric for one in load_audit_summary(database, audit_id)[1].results}
    app.button_group[0].set_value([]).run()
    assert "No extractor is chosen" in app.info[0].value


def test_the_rate_stands_against_utility_with_what_was_published(database: Database) -> None:
    study = keep_study()
    keep_audit(study)
    save_utility_summary(
        database, make_experiment(("gan",), (0.02,)), experiment_id="e" * 16, study_id=study.id
    )
    session = keep_session(database, get_settings(), study, DESIGN)
    answer_session(database, session.id, lambda rater, image: image.is_fake and rater < 3)
    app = open_page("experiments/fidelity_utility.py", metric="fir/", published="1")
    assert not app.exception
    titles = [app.selectbox(key="choose_metric").format_func(one) for one in ("fir/",)]
    assert titles == [TITLE]
    (chart,) = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    (point,) = [trace for trace in chart["data"] if trace["name"] == "gan"]
    assert point["x"] == [0.75] and point["y"] == [pytest.approx(2.0)]
    # VQ-VAE-2 and StyleGAN2 of the pathology table, VQ-VAE-2 and LDM of the chest films.
    published = [trace for trace in chart["data"] if trace.get("yaxis") == "y2"]
    assert sorted(x for trace in published for x in trace["x"]) == [0.08, 0.80, 0.83, 1.00]
    assert TITLE in read_tables(app)["associations"].texts("metric")
    assert any("best where real images are" in text.value for text in app.caption)
