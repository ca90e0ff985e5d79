"""The table component, driven as people do: with pointer and keyboard, in light and dark, far from Greenwich."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard

SCRIPT = "tests/browser/scripts/table_page.py"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[str]:
    """One server for all tests here: nothing that they do outlives their browser profile."""
    server = Dashboard(tmp_path_factory.mktemp("table") / "server", SCRIPT)
    server.start()
    yield server.url
    server.close()


def open_case(page: Page, url: str, case: str) -> None:
    page.goto(f"{url}/?case={case}")
    page.get_by_role("table").wait_for()


def column(page: Page, at: int) -> list[str]:
    return (
        page.locator("tbody tr")
        .locator(f":nth-child({at})")
        .locator(":scope > :first-child")
        .all_inner_texts()
    )


GIVEN = ["set 10", "set 2", "<img src=x onerror=alert(1)>", "@set", "Ärzte"]


def test_a_third_click_restores_the_given_order(page: Page, url: str) -> None:
    open_case(page, url, "metrics")
    head = page.get_by_role("columnheader", name="Synthetic set")
    assert column(page, 1) == GIVEN
    orders = []
    for state in ("ascending", "descending", "none"):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", state)
        orders.append(column(page, 1))
    assert orders[0].index("set 2") < orders[0].index("set 10")
    assert orders[1] == orders[0][::-1]
    assert orders[2] == GIVEN


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_sorts_and_empty_numbers_stand_last(page: Page, url: str, key: str) -> None:
    open_case(page, url, "metrics")
    page.get_by_role("button", name="Synthetic set").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Precision")).to_be_focused()
    page.keyboard.press(key)
    assert column(page, 2) == ["−1.5", "0.90", "12.00", "∞", "not computed"]
    page.keyboard.press(key)
    assert column(page, 2) == ["∞", "12.00", "0.90", "−1.5", "not computed"]
    expect(page.get_by_role("button", name="Precision")).to_be_focused()
    outline = page.get_by_role("button", name="Precision").evaluate(
        "node => getComputedStyle(node).outlineWidth"
    )
    assert outline == "2px"


def test_names_are_text_not_markup(page: Page, url: str) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    open_case(page, url, "metrics")
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    expect(page.get_by_text("Scores of <b>sets</b>.")).to_be_visible()
    assert page.get_by_role("table").locator("img, b").count() == 0
    assert dialogs == []


def test_the_download_holds_values_and_nothing_a_spreadsheet_runs(
    page: Page, url: str, tmp_path: Path
) -> None:
    open_case(page, url, "metrics")
    page.get_by_role("button", name="Precision").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download CSV").click()
    assert started.value.suggested_filename == "scores.csv"
    started.value.save_as(tmp_path / "scores.csv")
    raw = (tmp_path / "scores.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    assert text.count("\r\n") == 6
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["Synthetic set", "Precision", "Precision, 95% interval", "Note", "Finished"],
        ["set 2", "-1.5", "", '\'=HYPERLINK("x")\n, ü', ""],
        ["set 10", "0.9", "[0.85, 0.95]", "", ""],
        ["Ärzte", "12", "", "", "2026-07-15T03:05:00+00:00"],
        ["'@set", "Infinity", "", "", "2026-01-15T17:05:00+00:00"],
        ["<img src=x onerror=alert(1)>", "", "", "", ""],
    ]


def test_times_are_the_browsers_own(new_page: Callable[..., Page], url: str) -> None:
    page = new_page(timezone_id="America/New_York", locale="en-US")
    open_case(page, url, "metrics")
    assert column(page, 4)[3:] == ["Jan 15, 2026, 12:05 PM EST", "Jul 14, 2026, 11:05 PM EDT"]
    page.get_by_text("EST").hover()
    expect(page.get_by_role("tooltip")).to_have_text("2026-01-15T17:05:00+00:00")


def test_a_term_is_explained_on_focus(page: Page, url: str) -> None:
    open_case(page, url, "metrics")
    page.get_by_role("button", name="Synthetic set").focus()
    expect(page.get_by_role("tooltip")).to_have_text("The output of one generator.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()


def wait_for_turns(page: Page, more: int) -> None:
    turn = int(re.sub(r"\D", "", page.get_by_text(re.compile(r"Turn \d+")).inner_text()))
    page.wait_for_function(
        "turn => Number(document.body.innerText.match(/Turn (\\d+)/)?.[1]) >= turn", arg=turn + more
    )


def test_new_data_leaves_focus_and_scroll_alone(page: Page, url: str) -> None:
    open_case(page, url, "jobs")
    button = page.get_by_role("row", name="job 15 ").get_by_role("button")
    button.focus()
    place = button.bounding_box()
    texts = set()
    # Every other turn a job comes in on top; what the user is about to press must not move away.
    for _ in range(4):
        wait_for_turns(page, 1)
        texts.add(page.get_by_role("row", name="job 15 ").inner_text())
        expect(button).to_be_focused()
        now = button.bounding_box()
        assert now and place and abs(now["y"] - place["y"]) < 1
    assert len(texts) > 1


def test_new_data_leaves_order_and_filter_alone(page: Page, url: str) -> None:
    open_case(page, url, "jobs")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("searchbox").fill("JOB 1")
    button = page.get_by_role("row", name="job 15 ").get_by_role("button")
    button.focus()
    before = column(page, 1)
    wait_for_turns(page, 3)
    assert column(page, 1) != before, "the rows were meant to change places meanwhile"
    expect(button).to_be_focused()
    expect(page.get_by_role("columnheader", name="Done")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("searchbox")).to_have_value("JOB 1")
    assert set(column(page, 1)) == {f"job {at}" for at in (1, *range(10, 20))}
    done = [int(text.split()[0]) for text in column(page, 2)]
    assert done == sorted(done, reverse=True)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"11 of 3[01] rows"))


def test_an_action_is_reported_once(page: Page, url: str) -> None:
    open_case(page, url, "jobs")
    page.get_by_role("row", name="job 3 ").get_by_role("button", name="Cancel").click()
    page.get_by_text("Clicked: ['cancel:3']").wait_for()
    wait_for_turns(page, 3)
    page.get_by_role("row", name="job 4 ").get_by_role("button").press("Enter")
    page.get_by_text("Clicked: ['cancel:3', 'cancel:4']").wait_for()
    wait_for_turns(page, 2)
    expect(page.get_by_text("Clicked: ['cancel:3', 'cancel:4']")).to_be_visible()


def test_a_filter_without_a_match_says_so(page: Page, url: str) -> None:
    open_case(page, url, "wide")
    page.get_by_role("searchbox").fill("nothing such")
    expect(page.get_by_text("No row matches the filter.")).to_be_visible()
    open_case(page, url, "metrics")
    expect(page.get_by_role("searchbox")).to_be_hidden()


def test_a_wide_table_scrolls_inside_and_keeps_its_head_and_names_in_view(page: Page, url: str) -> None:
    open_case(page, url, "wide")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    scroller = page.get_by_role("region", name="A wide table.")
    before = [page.get_by_role("columnheader", name="Metric").bounding_box()]
    name = page.get_by_role("rowheader", name="metric 12")
    left = name.bounding_box()
    scroller.evaluate("node => { node.scrollLeft = 400; node.scrollTop = 300; }")
    assert [page.get_by_role("columnheader", name="Metric").bounding_box()] == before
    after = name.bounding_box()
    assert left and after and after["x"] == left["x"] and after["y"] < left["y"]
    heights = page.locator("td.number > span").evaluate_all("nodes => nodes.map(node => node.offsetHeight)")
    assert len(set(heights)) == 1
    scroller.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('.stBidiComponent [data-testid=stBidiComponentIsolated]')"
        ".shadowRoot.querySelector('.scroller').scrollLeft > 400"
    )


CONTRASTS = """(node) => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...node.querySelectorAll('thead button, tbody span, tbody small, .caption, .download')].map((one) => {
    const owner = one.closest('th, td') ?? document.querySelector('.stApp');
    const pair = [light(getComputedStyle(one).color), light(getComputedStyle(owner).backgroundColor)];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(new_page: Callable[..., Page], url: str, scheme: str) -> None:
    page = new_page(color_scheme=scheme)
    open_case(page, url, "metrics")
    ground = page.locator(".stApp").evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 21, 22)"}[scheme]
    contrasts = page.locator(".box").evaluate(CONTRASTS)
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text of this size.
    assert len(contrasts) > 10
    assert min(contrasts) >= 4.5
