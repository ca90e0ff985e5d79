"""Bias as a part of an audit: its numbers, its warnings, its files and its way into reports."""

from __future__ import annotations

import dataclasses
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.audit import reopen, run
from core.audit.protocol import Protocol
from core.audit.reopen import reopen_audit
from core.audit.rescan import rescan_study
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.audit.study_bias import METRIC, compute_bias_rows, measure_bias
from core.bias.heatmap import BiasResult
from core.bias.options import BiasChoices
from core.bias.suspects import Suspect
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import InputError
from core.progress import SilentProgress
from core.report import writer
from core.report.bias_section import build_bias_section
from core.report.content import ReportContent
from core.report.document import render_report
from core.report.findings import find_answers, summarise_answers
from core.report.writer import write_audit
from tests.images import write_images
from tests.marked import QUICK, write_marked


@dataclass(frozen=True)
class Audited:
    study: Study
    settings: Settings
    result: AuditResult
    folder: Path


def choose_quick(*, seed: int) -> BiasChoices:
    """Sixteen places instead of 225, with the audit's seed."""
    return QUICK.model_copy(update={"seed": seed})


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """A set that carries the mark of its real images, one that does not, and one that is too small."""
    base = tmp_path_factory.mktemp("bias")
    settings = dataclasses.replace(
        Settings.from_environment(), home=base / "home", weights_dir=None, offline=True, confined_to=()
    )
    study = Study.from_folders(
        real=write_marked(base / "real", seed=0),
        heldout=write_marked(base / "heldout", seed=1),
        synthetic={
            "gan": write_marked(base / "gan", seed=2),
            "free": write_marked(base / "free", seed=3, marked=False),
            "few": write_marked(base / "few", 12, seed=4),
        },
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "BiasChoices", choose_quick)
        result = run_audit(study, Protocol(extractors=("pixels",), bias=True), settings=settings)
    write_audit(result, base / "audit", settings=settings)
    return Audited(study, settings, result, base / "audit")


@pytest.fixture(scope="module")
def sets(audited: Audited) -> list[ImageSet]:
    return scan_study(audited.study, settings=audited.settings, progress=SilentProgress())


def test_the_number_is_about_the_first_region(audited: Audited) -> None:
    rows = {row.synthetic: row for row in audited.result.summary.results if row.metric == METRIC}
    assert list(rows) == ["gan", "free"]
    assert audited.result.bias is not None
    found = audited.result.bias.document.summary
    carried = {(one.set, one.region): one for one in found.inheritance if one.sign == "same"}
    for name, row in rows.items():
        first = carried[name, "1"]
        assert (row.value, row.low, row.high) == (first.share, first.low, first.high)
        assert (row.n_real, row.n_synthetic, row.extractor, row.class_name) == (24, 24, None, None)
        assert row.floor_detail is not None
        assert (row.floor_detail.kind, row.floor) == ("heldout", carried["heldout", "1"].share)
        assert re.match(r"Most suspect place: upper left \(x 0 to \d+ %, y 0 to \d+ %\); one patch", row.note)
    assert rows["gan"].low is not None
    assert rows["free"].value is not None
    assert rows["gan"].low > 0.5 > rows["free"].value
    assert audited.result.summary.protocol.choices["bias"] is True


def test_what_was_left_out_is_said(audited: Audited) -> None:
    (warning,) = (one for one in audited.result.summary.warnings if one.startswith("Bias"))
    assert warning.startswith("Bias of 'few' was not analysed: The few set has 6 different images")


def test_answers_name_the_sets_that_carry_the_sign(audited: Audited) -> None:
    answers = {one.name: one.bias for one in find_answers(audited.result.summary)}
    assert {name: one.level for name, one in answers.items() if one is not None} == {
        "gan": "concern",
        "free": answers["free"].level,  # type: ignore[union-attr]
        "few": "open",
    }
    assert answers["free"].level != "concern"  # type: ignore[union-attr]
    sentences = dict(summarise_answers(find_answers(audited.result.summary)))
    assert list(sentences) == ["Fidelity", "Variety", "Privacy", "Bias"]
    assert "found to carry what may be a shortcut in the real images: gan." in sentences["Bias"]


def test_the_analysis_lies_in_the_audit_and_comes_back(
    audited: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reopen, "BiasChoices", choose_quick)
    key = choose_quick(seed=0).key
    assert [one.name for one in (audited.folder / "bias").iterdir()] == [key]
    again = reopen_audit(audited.folder)
    assert again.bias is not None
    assert audited.result.bias is not None
    assert (again.bias.key, again.bias.result) == (key, None)
    assert again.bias.document.summary == audited.result.bias.document.summary
    assert build_bias_section(again.bias.document, with_pictures=True) == build_bias_section(
        audited.result.bias.document, with_pictures=True
    )
    # A later analysis with other choices does not take the place of the audit's own.
    copied = shutil.copytree(audited.folder, tmp_path / "audit")
    shutil.copytree(copied / "bias" / key, copied / "bias" / "later")
    assert reopen_audit(copied).bias.key == key  # type: ignore[union-attr]
    shutil.rmtree(copied / "bias" / key)
    assert reopen_audit(copied).bias.key == "later"  # type: ignore[union-attr]
    shutil.rmtree(copied / "bias")
    assert reopen_audit(copied).bias is None


def test_an_audit_takes_the_place_of_an_earlier_one(
    audited: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "render_report", lambda *_, **__: "")
    copied = shutil.copytree(audited.folder, tmp_path / "audit")
    write_audit(replace(audited.result, bias=None), copied, settings=audited.settings)
    assert not (copied / "bias").exists()


def test_reports_show_maps_only_with_images(audited: Audited) -> None:
    page = (audited.folder / "report.html").read_text(encoding="utf-8")
    hidden = render_report(audited.result, content=ReportContent.DEIDENTIFIED)
    for text, n_maps in ((page, 4), (hidden, 0)):
        section = text[text.index('<h2 id="bias">') : text.index('<h2 id="pairs">')]
        assert "The most suspect place of the real images is the upper left" in section
        assert "Suspect regions of the real images" in section
        assert "How much of it other sets carry" in section
        # Real, held-out and two synthetic sets; the one that is too small has no map.
        assert section.count("<img ") == n_maps
    assert "<img " not in hidden
    assert "Bias of &#39;few&#39; was not analysed." in hidden
    assert "000.png" not in hidden
    assert "left out of this version" not in hidden


def scanned(folder: Path, settings: Settings, real: Path, **synthetic: Path) -> list[ImageSet]:
    study = Study.from_folders(real=real, synthetic=synthetic)
    return scan_study(study, settings=settings, progress=SilentProgress())


def test_without_classes_there_is_a_warning_and_no_error(audited: Audited, tmp_path: Path) -> None:
    plain, other = write_images(tmp_path / "plain", 4), write_images(tmp_path / "other", 4, seed=1)
    found = measure_bias(
        scanned(tmp_path, audited.settings, plain, gan=other),
        QUICK,
        settings=audited.settings,
        progress=SilentProgress(),
    )
    assert (found.bias, found.rows) == (None, ())
    assert found.warnings[0].startswith("Bias was not analysed: Bias is about telling classes apart")


def test_too_few_images_are_a_warning_and_no_error(audited: Audited, tmp_path: Path) -> None:
    few = write_marked(tmp_path / "few", 8, seed=5)
    sets = scanned(tmp_path, audited.settings, few, gan=audited.study.real)
    found = measure_bias(sets, QUICK, settings=audited.settings, progress=SilentProgress())
    assert found.bias is None
    assert found.warnings == (
        "Bias was not analysed: The real set has 4 different images or patients of class 'sick'; telling classes "
        "apart takes at least 10 of each.",
    )


def test_a_set_of_other_classes_is_named(audited: Audited, tmp_path: Path) -> None:
    strange = write_images(tmp_path / "strange", 4, classes=("c", "d"))
    sets = scanned(tmp_path, audited.settings, audited.study.real, strange=strange)
    found = measure_bias(sets, QUICK, settings=audited.settings, progress=SilentProgress())
    assert found.rows == ()
    assert found.warnings == (
        "Bias of 'strange' was not analysed: It has no image of the real set's classes.",
    )


def with_suspects(result: BiasResult, *suspects: Suspect) -> BiasResult:
    real = dataclasses.replace(result.sets[0], suspects=suspects)
    return dataclasses.replace(result, sets=(real, *result.sets[1:]))


def test_where_nothing_stands_out_nothing_local_is_inherited(audited: Audited) -> None:
    assert audited.result.bias is not None
    assert audited.result.bias.result is not None
    result = audited.result.bias.result
    faint = dataclasses.replace(result.suspects[0], mean_auroc=0.80, surround_auroc=0.76)
    for changed, words in (
        (with_suspects(result), "No place of the real images tells their class beyond chance"),
        (with_suspects(result, faint), "none stands out from its surroundings"),
    ):
        rows = compute_bias_rows(changed)
        assert [row.synthetic for row in rows] == ["gan", "free"]
        for row in rows:
            assert (row.value, row.low, row.high, row.floor, row.floor_detail) == (None,) * 5
            assert words in row.note
    strong = dataclasses.replace(result.suspects[0], mean_auroc=0.80, surround_auroc=0.74)
    assert all(row.value is not None for row in compute_bias_rows(with_suspects(result, strong)))


def test_audits_look_for_no_bias_unless_asked_and_older_ones_load() -> None:
    assert Protocol().bias is False
    older = Protocol().model_dump(mode="json")
    del older["bias"]
    assert Protocol.model_validate(older) == Protocol()


def test_a_study_is_read_again_as_it_was_audited(audited: Audited, sets: list[ImageSet]) -> None:
    again = rescan_study(
        audited.study, audited.result.summary, settings=audited.settings, progress=SilentProgress()
    )
    assert again == sets


def test_a_study_that_changed_is_refused(audited: Audited, tmp_path: Path) -> None:
    changed = shutil.copytree(audited.study.synthetic[0].folder, tmp_path / "gan")
    path = next(changed.rglob("*.png"))
    pixels = np.array(Image.open(path))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(path)
    sources = (
        audited.study.synthetic[0].model_copy(update={"folder": changed}),
        *audited.study.synthetic[1:],
    )
    for study, names in (
        (audited.study.model_copy(update={"synthetic": sources}), "gan"),
        (audited.study.model_copy(update={"heldout": None, "synthetic": sources[1:]}), "heldout, gan"),
    ):
        with pytest.raises(
            InputError, match=f"images or classes of {names} are not those that the audit saw"
        ):
            rescan_study(study, audited.result.summary, settings=audited.settings, progress=SilentProgress())
