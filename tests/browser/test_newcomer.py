"""A newcomer's path: from an empty dashboard over the demo to numbers, figures and files."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Locator, Page, expect

from tests.browser.demo import NAME, SETS, FinishedDemo

pytestmark = pytest.mark.slow

# A number, then its interval; a minus is typographic.
WITH_INTERVAL = re.compile(r"^[−-]?[\d.,]+( \*)?\s+\[[−-]?[\d.,]+, [−-]?[\d.,]+\]")


def open_quality(page: Page, demo: FinishedDemo, **params: str) -> None:
    query = "&".join(f"{key}={value}" for key, value in params.items())
    page.goto(f"{demo.server.url}/quality?{query}")
    expect(page.get_by_role("button", name="metrics.csv")).to_be_visible()


def metric_table(page: Page) -> Locator:
    return page.get_by_role("table").filter(has=page.get_by_role("columnheader", name=SETS[0]))


def number(text: str) -> tuple[float, float]:
    """What a cell says, and the half of its last digit."""
    found = re.match(r"[−-]?[\d,]+(\.\d+)?", text)
    assert found, f"no number in {text!r}"
    digits = len((found[1] or ".")[1:])
    return float(found[0].replace("−", "-").replace(",", "")), 0.5 * 10.0**-digits


def text_of(download: Download, folder: Path) -> str:
    download.save_as(folder / "file")
    return (folder / "file").read_bytes().decode("utf-8-sig")


def test_progress_is_seen_moving(demo: FinishedDemo) -> None:
    stages = {text.split(".", 1)[1].split(":")[0].strip() for text in demo.progress if ":" in text}
    assert len(demo.progress) > 10
    assert len(stages) >= 4, stages
    drawing = re.findall(r"Drawing the demo: ([\d,]+) of", " ".join(demo.progress))
    drawn = [int(n.replace(",", "")) for n in drawing]
    assert len(set(drawn)) > 3
    assert drawn == sorted(drawn)
    assert any(re.search(r"\d images/s, \d+ s left", text) for text in demo.progress)


def test_the_overview_lists_study_and_audit_by_itself(demo: FinishedDemo, page: Page) -> None:
    assert demo.reloads == 1
    page.goto(demo.server.url)
    rows = page.get_by_role("row").filter(has_text=NAME)
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name="Results").click()
    expect(page.get_by_role("heading", name="Quality")).to_be_visible()
    assert "study=" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    rows.nth(1).get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Quality")).to_be_visible()
    expect(metric_table(page)).to_be_visible()
    assert f"audit={demo.audit_id}" in page.url


def test_every_synthetic_set_has_numbers_with_intervals(demo: FinishedDemo, page: Page) -> None:
    open_quality(page, demo)
    table = metric_table(page)
    heads = table.get_by_role("columnheader").all_inner_texts()
    at = {name: next(i for i, head in enumerate(heads) if head.strip().startswith(name)) for name in SETS}
    rows = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    )
    for name in SETS:
        cells = [" ".join(row[at[name]].split()) for row in rows]
        assert sum(bool(WITH_INTERVAL.match(cell)) for cell in cells) >= 8, (name, cells)
        assert all(cells), f"{name} has empty cells"
    # The faults that the demo was made with are in its numbers.
    precision = next(row for row in rows if row[0].startswith("Precision ↑"))
    recall = next(row for row in rows if row[0].startswith("Recall"))
    assert number(precision[at["blurred"]])[0] < 0.2 < 0.8 < number(precision[at["fresh"]])[0]
    assert number(recall[at["collapsed"]])[0] < 0.2 < 0.8 < number(recall[at["fresh"]])[0]


def test_the_example_session_has_results_that_are_called_simulated(demo: FinishedDemo, page: Page) -> None:
    open_quality(page, demo)
    row = metric_table(page).get_by_role("row").filter(has_text="Fake identification rate (FIR) ↓")
    expect(row).to_contain_text("simulated raters")
    page.goto(f"{demo.server.url}/rating-results")
    expect(page.get_by_text("A program made these answers as an example")).to_be_visible()
    rates = page.get_by_role("table").filter(has=page.get_by_role("rowheader", name=SETS[0])).first
    for name in SETS:
        expect(rates.get_by_role("rowheader", name=name, exact=True)).to_be_visible()


def test_figures_are_drawn(demo: FinishedDemo, page: Page) -> None:
    open_quality(page, demo)
    plots = page.locator(".js-plotly-plot")
    expect(plots.first).to_be_visible()
    assert plots.count() >= 2
    for at in range(plots.count()):
        plot = plots.nth(at)
        plot.scroll_into_view_if_needed()
        expect(plot.locator(".main-svg").first).to_be_visible()
        # Something is drawn in it, and inside its frame.
        marks = plot.locator(".points path, .trace path, .shapelayer path")
        assert marks.count() >= len(SETS)
        box, room = plot.bounding_box(), page.get_by_test_id("stMain").bounding_box()
        assert box and room
        assert box["height"] > 150
        assert box["x"] + box["width"] <= room["x"] + room["width"]


def test_a_class_is_chosen_and_stays_in_the_address(demo: FinishedDemo, page: Page) -> None:
    classes = sorted({row["class"] for row in demo.results["results"] if row["class"] is not None})
    assert classes
    open_quality(page, demo)
    row = metric_table(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name="Precision ↑"))
    everything = row.text_content() or ""
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name=classes[0], exact=True).click()
    page.wait_for_url(re.compile(r"[?&]class="))
    expect(row).not_to_have_text(everything)
    (wanted,) = (
        one
        for one in demo.results["results"]
        if (one["class"], one["metric"], one["synthetic"]) == (classes[0], "precision", "fresh")
    )
    heads = metric_table(page).get_by_role("columnheader").all_inner_texts()
    at = next(i for i, head in enumerate(heads) if head.strip().startswith("fresh"))
    shown, half = number(row.locator("th, td").nth(at).inner_text())
    assert abs(shown - wanted["value"]) <= half * 1.001
    only_class = row.text_content() or ""
    page.reload()
    expect(page.get_by_role("combobox", name="Class")).to_have_value(classes[0])
    expect(row).to_have_text(only_class)
    page.go_back()
    expect(page.get_by_role("combobox", name="Class")).to_have_value("All images")
    expect(row).to_have_text(everything)


def test_the_tables_download_holds_the_numbers(demo: FinishedDemo, page: Page, tmp_path: Path) -> None:
    open_quality(page, demo)
    near = page.locator(".box").filter(has=metric_table(page))
    with page.expect_download() as started:
        near.get_by_role("button", name="Download CSV").click()
    assert started.value.suggested_filename.endswith(f"{demo.audit_id}.csv")
    rows = list(csv.DictReader(io.StringIO(text_of(started.value, tmp_path), newline="")))
    values = {
        (one["metric"], one["synthetic"]): one["value"]
        for one in demo.results["results"]
        if one["class"] is None
    }
    for title, metric in (("Precision", "precision"), ("Recall", "recall"), ("Coverage", "coverage")):
        (row,) = (row for row in rows if row["Metric"] == title)
        for name in SETS:
            shown, half = number(row[name])
            assert abs(shown - values[metric, name]) <= half * 1.001


def test_the_files_of_the_audit_are_downloaded_byte_for_byte(
    demo: FinishedDemo, page: Page, tmp_path: Path
) -> None:
    open_quality(page, demo)
    for name, button in (
        ("metrics.csv", "metrics.csv"),
        ("copies.csv", "copies.csv"),
        ("audit.json", "audit.json"),
        ("report.html", "Report of the audit"),
    ):
        with page.expect_download() as started:
            page.get_by_role("button", name=button, exact=True).click()
        started.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes() == (demo.folder / name).read_bytes()
    with (tmp_path / "metrics.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["synthetic"] for row in rows} == set(SETS)
    assert len(rows) == len(demo.results["results"])
    numbers = [row for row in rows if row["value"]]
    assert len(numbers) > 200
    assert all(
        float(row["low"]) <= float(row["value"]) <= float(row["high"]) for row in numbers if row["low"]
    )
