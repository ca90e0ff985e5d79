"""A de-identified report holds no image and no name; what it leaves out, it counts."""

from __future__ import annotations

import dataclasses
import re

import pytest

from core.audit.items import AuditItems
from core.audit.result import AuditResult, ExtractorRecord
from core.report.content import ReportContent
from core.report.deidentify import deidentify
from core.report.document import render_report
from core.report.pictures import picture_pairs
from core.report.safe_sentences import keep_safe_sentences
from tests.core.audit.fixtures import build_result
from tests.core.audit.planted import PLANTED, PlantedAudit
from tests.core.report.test_document import Page

OWN_WEIGHTS = f"timm:resnet18?weights=/data/{PLANTED}/model.pth"


@pytest.fixture(scope="module")
def named(planted: PlantedAudit) -> AuditResult:
    """The planted audit with further names where weights, notices and warnings may hold them."""
    summary, result = planted.result.summary, planted.result
    rows = tuple(
        row.model_copy(update={"extractor": OWN_WEIGHTS, "note": f"With {OWN_WEIGHTS}."})
        if row.extractor
        else row
        for row in summary.results
    )
    choices = summary.protocol.choices | {"weights": f"/data/{PLANTED}.pth", "extractors": [OWN_WEIGHTS]}
    record = ExtractorRecord(
        name=OWN_WEIGHTS,
        identity=f"{OWN_WEIGHTS} v1",
        weights_sha256="ab" * 32,
        metrics=("copies",),
        standardised=False,
    )
    protocol = summary.protocol.model_copy(
        update={"choices": choices, "extractors": (*summary.protocol.extractors, record)}
    )
    warnings = (
        *summary.warnings,
        f"precision left out with {OWN_WEIGHTS!r} for 'gan': too few images (5)",
        f"The file {PLANTED}.png is odd.",
        f"1 hidden file or folder was passed over (names that begin with {PLANTED}).",
    )
    notices = (
        "The FID Inception's weights were not found. No number here is an FID: distances between distributions use "
        "the extractor 'texture' and copies are searched with 'pixels'. They compare sets within this audit, not "
        f"with published figures. (/data/{PLANTED} is not there)",
    )
    return dataclasses.replace(
        result,
        summary=summary.model_copy(
            update={"results": rows, "protocol": protocol, "warnings": warnings, "notices": notices}
        ),
        copies=result.copies.assign(extractor=OWN_WEIGHTS),
    )


@pytest.fixture(scope="module")
def html(planted: PlantedAudit, named: AuditResult) -> str:
    pictures = picture_pairs(planted.result, settings=planted.settings)
    return render_report(
        named, content=ReportContent.DEIDENTIFIED, pictures=pictures, study=f"Study of {PLANTED}"
    )


def test_the_full_report_names_what_the_other_must_not(planted: PlantedAudit, named: AuditResult) -> None:
    full = render_report(named, study=f"Study of {PLANTED}")
    for what in ("-folders", "_0003.png", "-broken.png", "-labels.csv", ".pth", "Study of "):
        assert re.search(rf"{re.escape(what)}{PLANTED}|{PLANTED}[^<]*{re.escape(what)}", full), what


def test_no_planted_name_is_left(html: str, planted: PlantedAudit) -> None:
    assert PLANTED.lower() not in html.lower()
    assert str(planted.folder.parent) not in html
    assert "mirrored.png" not in html


def test_no_image_is_left(html: str) -> None:
    page = Page(html)
    assert not page.all("img")
    assert "data:image" not in html.partition("<script")[0].partition("</style>")[2]


def test_items_are_called_by_digest(html: str, planted: PlantedAudit) -> None:
    assert planted.result.items is not None
    items = AuditItems.from_table(planted.result.items).to_pandas()
    copied = items[items["item"].str.contains("mirrored")].iloc[0]
    page = Page(html)
    titles = [str(attrs.get("title")) for attrs in page.all("code") if "title" in attrs]
    assert f"SHA-256 {copied['digest']}" in titles
    assert copied["digest"][:12] in page.text
    assert copied["digest"] not in page.text


def test_sets_classes_and_counts_stay(html: str) -> None:
    text = Page(html).text
    for what in (
        "gan",
        "ddpm",
        "mild",
        "severe",
        "gan: 1 file was left out of all numbers, being unreadable.",
        "2 of 30 images have no class.",
    ):
        assert what in text
    assert "the reasons stand under Image sets" not in text


def test_what_might_name_a_file_is_left_out_and_counted(html: str, planted: PlantedAudit) -> None:
    text = Page(html).text
    assert "2 sentences are left out of this version, since they might name files" in text
    assert "No number here is an FID" in text
    assert "timm:resnet18 (own weights)" in text
    for warning in planted.result.summary.warnings:
        assert warning.partition(" (")[0] in text


def test_weights_of_two_files_stay_apart(named: AuditResult) -> None:
    other = OWN_WEIGHTS.replace("model", "other")
    records = named.summary.protocol.extractors
    protocol = named.summary.protocol.model_copy(
        update={"extractors": (*records, records[-1].model_copy(update={"name": other}))}
    )
    summary = named.summary.model_copy(update={"protocol": protocol})
    found = deidentify(dataclasses.replace(named, summary=summary)).summary.protocol.extractors
    assert len({one.name for one in found}) == 3


def test_without_a_list_of_items_nobody_is_named() -> None:
    result = build_result()
    text = render_report(result, content=ReportContent.DEIDENTIFIED)
    assert "onerror=alert(1) .png" not in text
    assert "normal/0001.png" not in text
    assert "not listed" in text


def test_a_name_in_a_known_sentence_does_not_pass() -> None:
    safe = (
        "Synthetic set 'gan' and the real set have no image size in common: resizing alone moves distances."
    )
    sentences = (safe, safe.replace("gan", PLANTED), f"{safe} {PLANTED}", safe.replace("gan", "gan/x.png"))
    kept, n_left_out = keep_safe_sentences(sentences, sets=("gan",), classes=(), extractors=())
    assert (kept, n_left_out) == ((safe,), 3)
