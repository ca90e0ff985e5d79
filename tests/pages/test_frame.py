"""The frame: banner, what it does with errors, and the login in front of every page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.frame import FRAME, run_frame

BANNER = "For research use only. Not a medical device."


@pytest.fixture
def run_page(tmp_path: Path, workspace: Path) -> Callable[..., AppTest]:
    """Run a page of the test's own within the frame, with or without a login configured."""

    def run(source: str, *, login: bool = False) -> AppTest:
        page = tmp_path / "page.py"
        page.write_text(f"import streamlit as st\n{source}")
        # A page's path that is absolute already stays what it is.
        frame = FRAME.read_text(encoding="utf-8").replace('"study/overview.py"', repr(str(page)))
        app = AppTest.from_string(frame.replace("__file__", repr(str(FRAME))), default_timeout=30)
        if login:
            app.secrets["auth"] = {"client_id": "x"}
        return app.run()

    return run


def test_every_page_carries_the_banner(workspace: Path) -> None:
    app = run_frame()
    assert not app.exception
    assert BANNER in [caption.value for caption in app.caption]


def test_an_error_of_ours_is_its_own_sentence(run_page: Callable[..., AppTest]) -> None:
    app = run_page(
        "from core.errors import StoreError\nst.title('Page')\nraise StoreError('The disk is full; free some.')"
    )
    assert [error.value for error in app.error] == ["The disk is full; free some."]
    assert [title.value for title in app.title] == ["Page"]
    assert not app.exception
    assert BANNER in [caption.value for caption in app.caption]


def test_any_other_error_is_logged_and_tells_no_details(
    run_page: Callable[..., AppTest], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        app = run_page("raise KeyError('patient 17')")
    assert [error.value for error in app.error] == [
        "Something unexpected went wrong (KeyError); the details are in the server's log."
    ]
    assert not app.exception
    assert "patient 17" in caplog.text
    assert "Traceback" in caplog.text


def test_an_error_in_a_fragment_is_shown_once(run_page: Callable[..., AppTest]) -> None:
    app = run_page("@st.fragment\ndef part():\n    raise KeyError('patient 17')\npart()\nst.write('after')")
    assert len(app.error) + len(app.exception) == 1


def test_stop_and_rerun_pass(run_page: Callable[..., AppTest]) -> None:
    app = run_page(
        "turn = st.session_state['turn'] = st.session_state.get('turn', 0) + 1\n"
        "if turn == 1:\n    st.rerun()\nst.write(f'turn {turn}')\nst.stop()"
    )
    assert [text.value for text in app.markdown] == ["turn 2"]
    assert not app.error
    assert not app.exception


def test_no_page_runs_before_the_login(run_page: Callable[..., AppTest]) -> None:
    app = run_page("st.title('Page')", login=True)
    assert [button.label for button in app.button] == ["Log in"]
    assert [title.value for title in app.title] == ["MedSynAudit"]
    assert BANNER in [caption.value for caption in app.caption]


def test_after_the_login_pages_run(run_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.user_info._get_user_info", lambda: {"is_logged_in": True})
    app = run_page("st.title('Page')", login=True)
    assert not app.button
    assert [title.value for title in app.title] == ["Page"]


def test_without_secrets_a_dashboard_open_to_others_lets_nobody_in(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamlit.get_option", {"server.address": "0.0.0.0"}.get)
    app = run_frame()
    assert [button.label for button in app.button] == ["Log in"]
