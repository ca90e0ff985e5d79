"""Takes README's pictures from the demo: `python -m tests.screenshots`.

Runs the demo through the dashboard in a workspace of its own, and writes `assets/screenshots/`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.dashboard import ROOT, Dashboard
from tests.browser.demo import NAME

FOLDER = ROOT / "assets" / "screenshots"
PICTURES: Final[tuple[tuple[str, str, Literal["dark", "light"], str], ...]] = (
    ("overview-light", "", "light", "Last audits"),
    ("quality-dark", "quality", "dark", "Fréchet distance from the real set"),
    ("rating-results-light", "rating-results", "light", "Do sets differ?"),
)
SESSION = "Reading"
DEMO_S = 300


def main() -> None:
    """Run the demo and take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = os.environ.get("MEDSYN_TEST_BROWSER") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        server = Dashboard(Path(folder) / "dashboard")
        server.start()
        try:
            page = take(browser.new_page(), server, "", "Run the demo")
            page.get_by_role("button", name="Run the demo").click()
            expect(page.get_by_text("Last audits")).to_be_visible(timeout=DEMO_S * 1000)
            page.close()
            for name, path, scheme, sign in PICTURES:
                keep(take(open_page(browser, scheme), server, path, sign), name)
            keep(take_review(browser, server), "privacy-dark")
            keep(take_map(browser, server), "feature-space-light")
            page = open_page(browser, "dark", height=1160)
            keep(take(page, server, "bias", "Patches behind this place"), "bias-dark")
            keep(take_rating(browser, server), "rating-page")
            run_utility(server)
            page = open_page(browser, "light", height=1160)
            keep(take(page, server, "utility", "Change of accuracy"), "utility-light")
        finally:
            server.close()
            browser.close()


def take_review(browser: Browser, server: Dashboard) -> Page:
    """Start a review and read its first pair."""
    page = open_page(browser, "dark")
    take(page, server, "privacy?reader=A.+Reader", "Start review")
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_text("0 of")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(2000)
    page.keyboard.press("1")
    expect(page.get_by_text("Last verdict")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000)
    return page


def take_map(browser: Browser, server: Dashboard) -> Page:
    """Make a map and choose all that it shows."""
    page = open_page(browser, "light", height=1160)
    take(page, server, "feature-space", "Make the map")
    page.get_by_role("button", name="Make the map").click()
    page.get_by_role("button", name="Select all shown").click(timeout=DEMO_S * 1000)
    expect(page.get_by_text("images selected")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(2000)
    return page


def take_rating(browser: Browser, server: Dashboard) -> Page:
    """Make a session of the demo's films and open its first rater's link."""
    counts = ("real=30", "fresh=15", "blurred=15")
    run_core(
        server,
        *("rating", "create", "--study", NAME, "--name", SESSION),
        *(part for count in counts for part in ("--count", count)),
    )
    links = run_core(server, "rating", "links", SESSION, "--base", server.url)
    page = open_page(browser, "light")
    page.goto(next(word for word in links.split() if word.startswith(f"{server.url}/rate/")))
    page.get_by_label("Role").select_option(index=1)
    page.get_by_label("Years").fill("5")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Start").click(timeout=30_000)
    expect(page.get_by_text("1 of 60")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000)
    return page


def run_utility(server: Dashboard) -> None:
    """Pretrain on four of the demo's sets, as a job."""
    chosen = ("fresh", "collapsed", "marker-inherited", "marker-free")
    options = [part for name in chosen for part in ("--synthetic", name)]
    run_core(server, "study", "utility", NAME, "--kind", "feature-extraction", "--wait", *options)


def run_core(server: Dashboard, *command: str) -> str:
    """Run the command line in the dashboard's workspace; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *command],
        env={**os.environ, "MEDSYN_HOME": str(server.home), "MEDSYN_OFFLINE": "1", "COLUMNS": "200"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def open_page(browser: Browser, scheme: Literal["dark", "light"], *, height: int = 860) -> Page:
    """Open an empty page in the colours asked for."""
    return browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": height})


def keep(page: Page, name: str) -> None:
    """Keep a picture of a page and close it: pages that stay open ask the server every second."""
    page.wait_for_timeout(3000)  # Tables, maps and images come after the text.
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def take(page: Page, server: Dashboard, path: str, sign: str) -> Page:
    """Open a page and wait until it is whole."""
    page.goto(f"{server.url}/{path}")
    expect(page.get_by_text(sign).first).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(500)
    return page


if __name__ == "__main__":
    main()
