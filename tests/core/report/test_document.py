from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from core.audit.result import AuditResult, MeanPicture
from core.metrics.catalogue import METRICS
from core.plots.style import HELDOUT, assign_styles
from core.report.document import render_report
from core.report.figures import build_report_figures
from core.report.numbers import format_value, typeset
from tests.core.audit.fixtures import (
    CLASSES,
    HOSTILE,
    HOSTILE_FILE,
    SETS,
    build_result,
    make_row,
    make_set,
    make_summary,
)

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """The parts of a page that tests ask for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self.open: list[str] = []
        self._row: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append((tag, known))
        if tag not in VOID and tag != "path":
            self.open.append(tag)
        if tag == "tr":
            self._row = known.get("data-metric")
            if self._row:
                self.rows.setdefault(self._row, []).append([])
        if tag in {"td", "th"} and self._row:
            self.rows[self._row][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
            return
        if self.open and self.open[-1] == "style":
            return
        self.texts.append(data)
        if self._row and {"td", "th"} & set(self.open):
            self.rows[self._row][-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def result() -> AuditResult:
    return build_result()


@pytest.fixture(scope="module")
def html(result: AuditResult) -> str:
    return render_report(result)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_page_is_well_formed(page: Page) -> None:
    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {str(attrs["href"])[1:] for attrs in page.all("a")}
    assert links <= set(ids)


def test_nothing_is_loaded(page: Page, html: str) -> None:
    for _, attrs in page.tags:
        for name in ("src", "href", "srcset", "action", "poster", "xlink:href"):
            value = attrs.get(name)
            assert value is None or value.startswith(("#", "data:image/png;base64,")), value
    assert not page.all("link")
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL) + [
        attrs["style"] or "" for _, attrs in page.tags if "style" in attrs
    ]
    assert not [style for style in styles if "url(" in style or "@import" in style]


def test_policy_forbids_every_network_access(page: Page) -> None:
    (policy,) = [
        str(attrs["content"])
        for attrs in page.all("meta")
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert "*" not in policy


def test_hostile_names_are_text(page: Page, html: str) -> None:
    assert len(page.all("script")) == html.count("</script>") == 3
    assert not [attrs for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert all(str(attrs["src"]).startswith("data:image/png") for attrs in page.all("img"))
    for name in (HOSTILE, HOSTILE_FILE, CLASSES[1]):
        assert " ".join(name.split()) in page.text


def test_figure_data_cannot_end_its_script(html: str, page: Page) -> None:
    text = next(script for script in page.scripts if script.startswith("{"))
    assert "<" not in text
    data = json.loads(text)
    assert {attrs["data-figure"] for _, attrs in page.tags if "data-figure" in attrs} == set(data)


def test_folders_with_names_of_any_bytes_can_be_written(result: AuditResult) -> None:
    odd = b"/data/caf\xe9".decode("utf-8", "surrogateescape")
    summary = make_summary(
        [make_row("privacy", 0.5, 0.1)],
        sets=(make_set("real", "real", folder=odd), make_set("synthetic", "one")),
    )
    text = render_report(dataclasses.replace(result, summary=summary))
    assert b"caf\\udce9" in text.encode("utf-8", "backslashreplace")


def test_every_number_stands_in_the_tables(result: AuditResult, page: Page) -> None:
    for row in result.summary.results:
        text = "–" if row.value is None else typeset(format_value(row.value, row.low, row.high))
        place = 2 + SETS.index(row.synthetic)
        cells = [cells[place] for cells in page.rows[row.metric]]
        assert any(cell.strip().startswith(text) for cell in cells), (row.metric, text, cells)


def test_each_metric_has_one_row_a_table(page: Page) -> None:
    tables = 1 + len(CLASSES)
    for metric, rows in page.rows.items():
        assert len(rows) == tables * (2 if metric == "fd" else 1)


def test_best_is_told_in_words_and_weight_not_in_colour(page: Page, html: str) -> None:
    cells = page.rows["fd"][0]
    best = [place for place, cell in enumerate(cells) if "best in row" in cell]
    assert best == [2 + SETS.index("diffusion 512")]
    assert "best in row" not in "".join(page.rows["precision"][0])
    rules = re.findall(r"\.best[^{]*\{([^}]*)\}", html)
    assert "font-weight" in rules[0]
    assert "color" not in rules[0]


def test_sections_stand_in_the_order_of_reading(html: str) -> None:
    marks = (
        "For research use only",
        'id="answer"',
        'id="cautions"',
        'id="metrics"',
        'id="classes"',
        'id="means"',
        'id="pairs"',
        'id="settings"',
        'id="sets"',
        'id="glossary"',
    )
    places = [html.index(mark) for mark in marks]
    assert places == sorted(places)


def test_everything_to_know_before_the_numbers_is_told(result: AuditResult, page: Page) -> None:
    for sentence in (
        *result.summary.notices,
        *result.summary.warnings,
        "heldout: Two of its folders are empty.",
        "collapsed: 45 files were left out of all numbers",
    ):
        assert sentence in page.text


def test_settings_and_sets_are_complete(result: AuditResult, page: Page) -> None:
    summary = result.summary
    expected = [one.digest for one in summary.sets] + [one.identity for one in summary.protocol.extractors]
    expected += ["ab" * 32, "numpy", "2.4.0", "seed", "17", "8-bit as stored", "64 × 64 to 512 × 480"]
    expected += ["it is damaged or truncated", "and 5 more; audit.json lists all", "equal pixels"]
    for text in expected:
        assert text in page.text


def test_glossary_explains_what_was_measured_and_nothing_else(result: AuditResult, page: Page) -> None:
    measured = {row.metric for row in result.summary.results}
    terms = {str(attrs["id"])[5:] for attrs in page.all("h3") if str(attrs.get("id")).startswith("term-")}
    assert terms == measured
    for metric in measured & set(METRICS):
        assert " ".join(METRICS[metric].sentence.split()) in page.text
        assert METRICS[metric].paper in page.text


def test_nearest_pairs_are_the_nearest(result: AuditResult, page: Page) -> None:
    rows = result.copies[result.copies["synthetic"] == "StyleGAN2"].sort_values("distance")
    for item in rows["synthetic_item"].iloc[1:5]:
        assert item in page.text
    assert "Of 12: 4 in the copy set, 4 in the real set, 4 in the non-real set" in page.text


def test_tables_and_figures_speak_to_screen_readers(page: Page) -> None:
    assert all("scope" in attrs for attrs in page.all("th"))
    assert all(attrs.get("alt") for attrs in page.all("img"))
    figures = [attrs for attrs in page.all("div") if "data-figure" in attrs]
    assert figures
    for attrs in figures:
        assert attrs["role"] == "img"
        assert any(character.isdigit() for character in str(attrs["aria-label"]))
    regions = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert all(attrs.get("tabindex") == "0" and attrs.get("aria-label") for attrs in regions)
    assert page.all("html")[0]["lang"] == "en"


def test_mean_images_stand_beside_their_scales(page: Page) -> None:
    galleries = 1 + len(CLASSES)
    sets = 2 + len(SETS)
    assert len(page.all("img")) == galleries * (2 * sets - 1)
    assert page.text.count("grey levels of 255, the same for all sets") == galleries
    assert page.text.count("mean image minus real mean image, the same for all sets") == galleries
    assert all("pixelated" in str(attrs.get("class")) for attrs in page.all("img"))


def test_same_result_gives_the_same_page(result: AuditResult, html: str) -> None:
    assert render_report(result) == html


def test_a_set_keeps_its_colour_and_symbol_in_every_figure(result: AuditResult) -> None:
    styles = assign_styles(SETS)
    drawn = set()
    for figure in build_report_figures(result.summary):
        for theme, data in (("light", figure.light), ("dark", figure.dark)):
            for trace in data["data"]:
                name = next(
                    n
                    for n in (*SETS, HELDOUT)
                    if n.replace("<", "&lt;").replace(">", "&gt;") == trace["name"]
                )
                style = styles[name]
                assert trace["marker"]["color"] == style.colour(theme)  # type: ignore[arg-type]
                assert trace["marker"]["symbol"].removesuffix("-open") == style.symbol
                drawn.add(name)
    assert drawn == {*SETS, HELDOUT}


def test_figures_show_the_floor_and_answer_each_question(result: AuditResult) -> None:
    figures = {figure.id: figure for figure in build_report_figures(result.summary)}
    assert {figure.group for figure in figures.values()} == {"Fidelity", "Variety", "Privacy"}
    bands = [shape for shape in figures["distances"].light["layout"]["shapes"] if shape["type"] == "rect"]
    assert {(band["x0"], band["x1"]) for band in bands} == {(33.0, 45.0)}
    assert "at 100 images a side" in figures["distances"].alt


def test_an_audit_of_one_set_without_extras_renders() -> None:
    summary = make_summary([make_row("variety", None, extractor=None, note="One set only.")])
    empty = build_result().copies.head(0)
    page = Page(render_report(AuditResult(summary, empty, {})))
    assert "Audit of 1 synthetic image set" in page.text
    assert "One set only." in page.text
    assert not [attrs for attrs in page.all("div") if "data-figure" in attrs]


def test_report_of_many_large_pictures_stays_small_to_send(result: AuditResult) -> None:
    rng = np.random.default_rng(0)
    noise = MeanPicture(rng.uniform(0, 255, (300, 300, 3)), np.zeros((300, 300, 3)), 5)
    means = {(one.name, label): noise for one in result.summary.sets for label in (None, *CLASSES, *"abcdef")}
    page = render_report(dataclasses.replace(result, mean_images=means))
    assert len(page.encode()) < 6.2e6
