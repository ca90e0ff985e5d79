"""The page of rating sessions, opened without a browser, and what stands on it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.pages.frame import FRAME

__all__ = ["open_page", "press", "texts"]


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "rating" / "sessions.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.text, *app.caption)).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()
