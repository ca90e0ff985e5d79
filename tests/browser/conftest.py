"""A real browser, and a real dashboard for it to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.dashboard import Dashboard
from tests.browser.demo import FinishedDemo, run_demo
from tests.browser.rating_server import RatingServer, start_rating_server

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
# What a browser writes by itself when a test ends the server on purpose.
CONNECTION_LOST = (
    "ERR_CONNECTION",
    "ERR_NETWORK",
    "ERR_INTERNET_DISCONNECTED",
    "WebSocket",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONTENT_LENGTH",
    "ERR_SOCKET",
    "disconnected",
    "Failed to fetch",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is; without one the test is skipped, or fails where everything has to run."""
    chosen = os.environ.get("MEDSYN_TEST_BROWSER")
    found = chosen or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    reason = f"no browser: none of {', '.join(NAMES)} is on PATH, and MEDSYN_TEST_BROWSER names none"
    if os.environ.get("MEDSYN_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


# Of this package, not of the session: while Playwright runs, its event loop stands in the way of asyncio.run().
@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One browser for all tests of this folder."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path)
        yield started
        started.close()


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    """Start a dashboard: `dashboard()`, or with another script, more arguments or environment variables.

    Each has a workspace of its own, empty or, with `home`, a copy of another one; at the end it is ended with
    all jobs that it started.
    """
    started: list[Dashboard] = []

    def start(
        script: str = "app.py",
        arguments: tuple[str, ...] = (),
        *,
        home: Path | None = None,
        **environment: str,
    ) -> Dashboard:
        one = Dashboard(tmp_path / f"dashboard{len(started)}", script, arguments, **environment)
        started.append(one)
        if home is not None:
            shutil.copytree(home, one.home)
        one.start()
        return one

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedDemo]:
    """The demo, run once through the browser; to be looked at, not changed."""
    server = Dashboard(tmp_path_factory.mktemp("demo") / "server")
    try:
        server.start()
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        finished = run_demo(server, context.new_page())
        context.close()
        yield finished
    finally:
        server.close()


@pytest.fixture(scope="package")
def rating_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RatingServer]:
    """A dashboard with rating sessions; each test takes raters of its own."""
    server = start_rating_server(tmp_path_factory.mktemp("rating"))
    yield server
    server.dashboard.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser profile of its own; the test fails if the page reports an error.

    Options are those of Playwright's `new_context`, such as `timezone_id` and `color_scheme`.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        # On a deep link, Streamlit looks for its own server below the link's path first.
        probe = "/_stcore/" in where and "404" in message.text
        if (
            message.type == "error"
            and not probe
            and not any(word in message.text for word in CONNECTION_LOST)
        ):
            problems.append(f"{message.text} ({where})")

    def open_page(**options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, f"the browser reports: {problems}"


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page in a fresh browser profile."""
    return new_page()


@pytest.fixture
def screenshots() -> Path | None:
    """The folder for pictures that `MEDSYN_TEST_SCREENSHOTS` names; None where nobody asks for pictures."""
    named = os.environ.get("MEDSYN_TEST_SCREENSHOTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
