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

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.dashboard import ROOT, Dashboard
from tests.browser.demo import NAME

FOLDER = ROOT / "assets" / "screenshots"
PICTURES = (
    ("overview-light", "", "light", "Last audits"),
    ("quality-dark", "quality", "dark", "Fréchet distance from the real set"),
)
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
            page = browser.new_page()
            page.goto(server.url)
            page.get_by_role("button", name="Run the demo").click()
            expect(page.get_by_text("Last audits")).to_be_visible(timeout=DEMO_S * 1000)
            for name, path, scheme, sign in PICTURES:
                take(
                    browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 860}),
                    server,
                    path,
                    sign,
                ).screenshot(path=FOLDER / f"{name}.png")
            take_review(browser, server).screenshot(path=FOLDER / "privacy-dark.png")
            take_map(browser, server).screenshot(path=FOLDER / "feature-space-light.png")
            tall = {"width": 1280, "height": 1160}
            page = browser.new_page(color_scheme="dark", viewport=tall)
            take(page, server, "bias", "Patches behind this place").screenshot(path=FOLDER / "bias-dark.png")
            run_utility(server)
            page = browser.new_page(color_scheme="light", viewport=tall)
            take(page, server, "utility", "Change of accuracy").screenshot(path=FOLDER / "utility-light.png")
        finally:
            server.close()
            browser.close()


def take_review(browser: Browser, server: Dashboard) -> Page:
    """Start a review and read its first pair."""
    page = browser.new_page(color_scheme="dark", viewport={"width": 1280, "height": 860})
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
    page = browser.new_page(color_scheme="light", viewport={"width": 1280, "height": 1160})
    take(page, server, "feature-space", "Make the map")
    page.get_by_role("button", name="Make the map").click()
    page.get_by_role("button", name="Select all shown").click(timeout=DEMO_S * 1000)
    expect(page.get_by_text("images selected")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(2000)
    return page


def run_utility(server: Dashboard) -> None:
    """Pretrain on four of the demo's sets, as a job."""
    chosen = ("fresh", "collapsed", "marker-inherited", "marker-free")
    options = [part for name in chosen for part in ("--synthetic", name)]
    subprocess.run(
        [
            *(sys.executable, "-m", "core", "study", "utility", NAME),
            *("--kind", "feature-extraction", "--wait", *options),
        ],
        env={**os.environ, "MEDSYN_HOME": str(server.home), "MEDSYN_OFFLINE": "1"},
        cwd=ROOT,
        check=True,
    )


def take(page: Page, server: Dashboard, path: str, sign: str) -> Page:
    """Open a page and wait until it is whole."""
    page.goto(f"{server.url}/{path}")
    expect(page.get_by_text(sign).first).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(500)
    return page


if __name__ == "__main__":
    main()
