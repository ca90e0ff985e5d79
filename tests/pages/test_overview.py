"""The overview page: empty, loaded, and with a damaged result."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from core.audit.protocol import Protocol
from core.audit.run import run_audit
from core.audit.study import Study
from core.audit.writer import write_audit
from tests.images import write_images

with warnings.catch_warnings():
    # Streamlit's own imports warn on some versions; what our pages do is tested below.
    warnings.simplefilter("ignore")
    from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def run_app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def test_an_empty_workspace_leads_on(workspace: Path) -> None:
    app = run_app()
    assert not app.exception
    assert "python -m core demo" in app.info[0].value


def test_a_finished_audit_is_shown(workspace: Path, tmp_path: Path) -> None:
    study = Study.from_folders(
        real=write_images(tmp_path / "real", 14, seed=1),
        synthetic={"gan": write_images(tmp_path / "gan", 12)},
    )
    write_audit(run_audit(study, Protocol(extractors=("pixels",))), workspace / "demo" / "audit")
    app = run_app()
    assert not app.exception
    table = app.dataframe[0].value
    assert "gan" in table.columns
    assert "Precision" in set(table["metric"])
    cells = table.set_index("metric")
    assert re.fullmatch(r"[\d.]+ \[[\d.]+, [\d.]+\]", cells.loc["Precision", "gan"])
    assert cells.loc["Fréchet distance", "real against real"].endswith("n = 7")
    assert cells.loc["Fréchet distance", "gan"].endswith("n = 7")


@pytest.mark.parametrize("content", ["", "{}", "not json"])
def test_a_damaged_result_is_a_sentence_not_a_traceback(workspace: Path, content: str) -> None:
    folder = workspace / "demo" / "audit"
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text(content)
    app = run_app()
    assert not app.exception
    assert "run the audit again" in app.error[0].value
