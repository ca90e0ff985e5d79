"""How soon the first page is there, and that nothing heavy is loaded to show any page."""

from __future__ import annotations

import os
import statistics
import time
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.browser.demo import FinishedDemo

HEAVY = {"torch", "torchvision", "timm", "umap", "numba", "sklearn", "scipy.stats"}
# On two idle cores it takes less than three; a busy machine gets more.
LIMIT_S = float(os.environ.get("MEDSYN_TEST_START_LIMIT_S", "6"))


@pytest.mark.alone
@pytest.mark.slow
def test_the_first_page_is_there_within_seconds(
    new_page: Callable[..., Page],
    dashboard: Callable[..., Dashboard],
    capsys: pytest.CaptureFixture[str],
) -> None:
    took = []
    for _ in range(3):
        page = new_page()
        began = time.monotonic()
        server = dashboard()
        page.goto(server.url)
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        took.append(time.monotonic() - began)
        page.context.close()
        server.kill()
    middle = statistics.median(took)
    with capsys.disabled():
        print(f"\nfirst page after {middle:.2f} s (median of {', '.join(f'{one:.2f}' for one in took)})")
    assert middle < LIMIT_S


@pytest.mark.slow
def test_no_page_loads_what_is_heavy(
    demo: FinishedDemo, page: Page, dashboard: Callable[..., Dashboard]
) -> None:
    server = dashboard("tests/browser/scripts/modules_app.py", home=demo.server.home)
    for path, sign in (
        ("", page.get_by_role("row").first),
        ("setup", page.get_by_role("heading", name="Study setup")),
        ("run-audit", page.get_by_role("button", name="Run audit")),
        ("quality", page.get_by_role("button", name="audit.json")),
        (f"jobs?job={demo.audit_id}", page.get_by_role("button", name="Run again")),
    ):
        page.goto(f"{server.url}/{path}")
        expect(sign).to_be_visible()
    # A preview decodes images, which is the heaviest thing that a page does.
    page.goto(f"{server.url}/setup?name=x&real=demo:real&synthetic=fresh%3Ddemo:synthetic/fresh")
    expect(page.locator(".thumbnails img").first).to_be_visible()
    with urllib.request.urlopen(f"{server.url}/loaded-modules", timeout=10) as answer:
        loaded = set(answer.read().decode().split())
    assert {"streamlit", "plotly.graph_objects", "core.db.database", "PIL.Image"} <= loaded
    assert not loaded & HEAVY
