"""How pages look: in light and dark, on a small and a large screen, empty and full of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.browser.demo import NAME, FinishedDemo

pytestmark = pytest.mark.slow

SIZES = ((1280, 900), (1920, 1080))
# What a page shows once it is complete; the path, and the heading of a page that is not called by its name.
PAGES = {
    "overview": "",
    "setup": "setup",
    "run-audit": "run-audit",
    "quality": "quality",
    "privacy": "privacy",
    "feature-space": "feature-space",
    "mean-images": "mean-images",
    "compare": "compare",
    "rating-sessions": "rating-sessions",
    "rating-results": "rating-results",
    "jobs": "jobs",
}

# Every text that is seen, with the contrast of its colour to what it stands on. Colours are laid over each
# other on a canvas, as the browser does it: they may be transparent, and of any notation.
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (colour, alpha) => {
    canvas.globalAlpha = alpha;
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
  };
  const light = (pixel) => {
    const [r, g, b] = [...pixel.data].map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const grounds = new Map();
  // What lies below a node's text, and how opaque the node is; its parents' ground is laid once for all in them.
  const ground = (node) => {
    if (!grounds.has(node)) {
      const above = parent(node);
      const below = above ? ground(above) : null;
      const style = getComputedStyle(node);
      const alpha = (below?.alpha ?? 1) * Number(style.opacity);
      if (below) canvas.putImageData(below.pixel, 0, 0);
      else paint('white', 1);
      paint(style.backgroundColor, alpha);
      grounds.set(node, { alpha, color: style.color, pixel: canvas.getImageData(0, 0, 1, 1) });
    }
    return grounds.get(node);
  };
  const contrast = (node) => {
    const { alpha, color, pixel } = ground(node);
    canvas.putImageData(pixel, 0, 0);
    paint(color, alpha);
    const [below, text] = [light(pixel), light(canvas.getImageData(0, 0, 1, 1))];
    return (Math.max(below, text) + 0.05) / (Math.min(below, text) + 0.05);
  };
  const seen = [];
  const visit = (node) => {
    const style = getComputedStyle(node);
    if (style.display === 'none' || style.visibility === 'hidden') return;
    // Icons are ligatures of a font; figures are drawn with colours of their own; disabled controls may fade.
    if (node.matches('[data-testid=stIconMaterial], svg, canvas, script, style, :disabled, [aria-disabled=true]')) return;
    const box = node.getBoundingClientRect();
    const text = [...node.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data.trim()).join(' ').trim();
    if (text && box.width > 1 && box.height > 1) seen.push({ text: text.slice(0, 60), contrast: contrast(node) });
    for (const child of (node.shadowRoot ?? node).children) visit(child);
  };
  for (const root of document.querySelectorAll('[data-testid=stMain], [data-testid=stSidebar]')) visit(root);
  return seen;
}"""

# Everything that could be wider than its room: the document, Streamlit's scrolling main part, and tables.
ROOM = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const right = main.getBoundingClientRect().left + main.clientWidth;
  const hosts = [...document.querySelectorAll('.stBidiComponent *, .stBidiComponent')];
  const scrollers = hosts.flatMap((one) => [...(one.shadowRoot ?? one).querySelectorAll('.scroller')]);
  return {
    document: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    main: main.scrollWidth - main.clientWidth,
    tables: [...new Set(scrollers)].filter((one) => one.offsetParent).map((one) => ({
      beyond: one.getBoundingClientRect().right - right,
      hidden: one.scrollWidth - one.clientWidth,
      scrolls: ['auto', 'scroll'].includes(getComputedStyle(one).overflowX),
    })),
  };
}"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[Dashboard]:
    """A dashboard that nobody has used."""
    server = Dashboard(tmp_path_factory.mktemp("empty") / "server")
    server.start()
    yield server
    server.close()


def wait_until_drawn(page: Page) -> None:
    """Until the script has ended and nothing on the page moves any more."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator(".stApp[data-test-script-state=running]")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_function(
        """async () => {
          await document.fonts.ready;
          const look = () => [...document.querySelectorAll('.stApp *')].length + ':'
            + document.querySelector('[data-testid=stMain]').scrollHeight;
          const before = look();
          await new Promise((done) => setTimeout(done, 250));
          return look() === before;
        }"""
    )


def check(page: Page, name: str, folder: Path | None) -> list[str]:
    """List what is wrong at each width, and take pictures of it where a folder is named."""
    wrong = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        wait_until_drawn(page)
        if folder is not None:
            page.screenshot(path=folder / f"{name}-{width}.png")
            # The page scrolls inside the window: a window as high as the page shows all of it.
            whole = page.get_by_test_id("stMain").evaluate("node => node.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(int(whole) + 40, 8000)})
            wait_until_drawn(page)
            page.screenshot(path=folder / f"{name}-{width}-whole.png")
            page.set_viewport_size({"width": width, "height": height})
        room: dict[str, Any] = page.evaluate(ROOM)
        if room["document"] > 0 or room["main"] > 0:
            wrong.append(f"{name} at {width}: wider than its window, {room}")
        wrong += [
            f"{name} at {width}: a table neither fits nor scrolls, {table}"
            for table in room["tables"]
            if table["beyond"] > 0.5 or (table["hidden"] > 0 and not table["scrolls"])
        ]
        texts: list[dict[str, Any]] = page.evaluate(CONTRASTS)
        assert len(texts) > 8, "texts are not found"
        # WCAG 2.2, 1.4.3: 4.5 to 1 for text of this size.
        wrong += [
            f"{name} at {width}: {one['text']!r} has contrast {one['contrast']:.2f}"
            for one in texts
            if one["contrast"] < 4.5
        ]
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_empty_pages(
    empty: Dashboard, new_page: Callable[..., Page], screenshots: Path | None, scheme: str
) -> None:
    page = new_page(color_scheme=scheme)
    wrong = []
    for name, path in PAGES.items():
        page.goto(f"{empty.url}/{path}")
        wrong += check(page, f"{scheme}-empty-{name}", screenshots)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_full_pages(
    demo: FinishedDemo, new_page: Callable[..., Page], screenshots: Path | None, scheme: str
) -> None:
    page = new_page(color_scheme=scheme)
    url, wrong = demo.server.url, []

    def look(name: str) -> None:
        wrong.extend(check(page, f"{scheme}-full-{name}", screenshots))

    page.goto(url)
    expect(page.get_by_role("row").filter(has_text=NAME)).to_have_count(2)
    look("overview")
    page.get_by_role("row").filter(has_text=NAME).get_by_role("button", name="Change").click()
    expect(page.locator(".thumbnails")).to_have_count(8)
    look("setup")
    page.goto(f"{url}/run-audit")
    expect(page.get_by_role("button", name="Run audit")).to_be_visible()
    look("run-audit")
    page.goto(f"{url}/quality")
    expect(page.get_by_role("button", name="audit.json")).to_be_visible()
    look("quality")
    page.goto(f"{url}/privacy?reader=A.+Reader")
    expect(page.get_by_role("button", name="Start review")).to_be_visible()
    look("privacy")
    page.goto(f"{url}/feature-space")
    expect(page.get_by_role("button", name="Make the map")).to_be_visible()
    look("feature-space")
    page.goto(f"{url}/mean-images")
    expect(page.get_by_role("button", name="Enlarge: real, mean image")).to_be_visible()
    look("mean-images")
    page.goto(f"{url}/compare?n=2&nearest=1")
    expect(
        page.get_by_role("button", name="Enlarge: blurred, nearest real of pneumonia, sample 2")
    ).to_be_visible()
    look("compare")
    page.goto(f"{url}/rating-sessions?session=new")
    expect(page.get_by_role("button", name="Make the session")).to_be_visible()
    look("rating-form")
    page.goto(f"{url}/rating-sessions")
    expect(page.get_by_role("heading", name="Raters")).to_be_visible()
    look("rating-sessions")
    page.goto(f"{url}/rating-results")
    expect(page.get_by_role("button", name="session.json")).to_be_visible(timeout=30_000)
    look("rating-results")
    page.goto(f"{url}/jobs")
    expect(page.get_by_role("row").filter(has_text=NAME)).to_be_visible()
    look("jobs")
    page.goto(f"{url}/jobs?job={demo.audit_id}")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    look("job")
    assert not wrong, "\n".join(wrong)
