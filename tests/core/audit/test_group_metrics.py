"""Groups of images in an audit: measured like classes, worse where they are worse, and never invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.audit.checks import summarise_set
from core.audit.feature_metrics import compute_feature_metrics
from core.audit.items import AuditItems, tabulate_items
from core.audit.plan import MetricGroup
from core.audit.protocol import Protocol
from core.audit.result import AuditResult, AuditSummary, MetricRow
from core.audit.run import run_audit
from core.audit.sampling import draw_samples
from core.audit.selection import select_results
from core.audit.set_comparison import FeatureAuditOptions
from core.audit.set_features import SetFeatures
from core.cli import main
from core.config import get_settings
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import ImageSetError
from core.features.base import FeatureBatch, FeatureKind
from core.progress import SilentProgress
from core.report.content import ReportContent
from core.report.document import render_report
from tests.images import write_images

N = 24
"""Images of each set, of which half are of each sex."""


def write_study(base: Path) -> Study:
    """A synthetic set whose images of one sex are blurred, and one of which nothing is known."""
    lines = ["file,patient,Sex,age"]
    for seed, name in enumerate(("real", "heldout", "gan", "other")):
        folder = write_images(base / name, N, seed=seed, classes=("a", "b"))
        for at, path in enumerate(sorted(folder.rglob("*.png"))):
            sex = "F" if at % 2 else "M"
            if name == "gan" and sex == "F":
                Image.open(path).filter(ImageFilter.GaussianBlur(6)).save(path)
            if name != "other":
                lines.append(f"{path.relative_to(base).as_posix()},{name}{at},{sex},{20 + 40 * (at > 18)}")
    (base / "labels.csv").write_text("\n".join(lines) + "\n")
    return Study.from_folders(
        real=base / "real",
        heldout=base / "heldout",
        synthetic={"gan": base / "gan", "other": base / "other"},
        labels=base / "labels.csv",
    )


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """An audit of `write_study` by sex and age."""
    base = tmp_path_factory.mktemp("groups")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(base / "home"))
        get_settings.cache_clear()
        result = run_audit(
            write_study(base), Protocol(extractors=("pixels",), group_by=("sex", "AGE"), false_flag_rate=0.1)
        )
    get_settings.cache_clear()
    return result


def rows_of(summary: AuditSummary, metric: str, part: str | None, name: str = "gan") -> list[MetricRow]:
    return [
        row for row in summary.results if (row.metric, row.class_name, row.synthetic) == (metric, part, name)
    ]


def test_the_blurred_group_is_worse_than_the_other(audited: AuditResult) -> None:
    """Blurred images of one sex lie alike, and their mean is flatter than that of real ones."""
    alike = {sex: rows_of(audited.summary, "ms_ssim", f"Sex={sex}")[0] for sex in "FM"}
    worse, fine = (alike[sex].value for sex in "FM")
    assert worse is not None and fine is not None
    assert worse > fine + 0.1
    assert alike["F"].n_synthetic == N / 2
    assert alike["F"].floor_detail is not None
    assert alike["F"].floor_detail.n == N / 2


@pytest.mark.parametrize(
    "metric", ["precision_privacy", "authenticity", "flagged", "mean_image_ljpeg_bytes", "variety", "ms_ssim"]
)
def test_whatever_is_measured_by_class_is_measured_by_group(audited: AuditResult, metric: str) -> None:
    by_class = rows_of(audited.summary, metric, "a")
    by_group = rows_of(audited.summary, metric, "Sex=M")
    assert len(by_class) == len(by_group) >= 1
    assert {row.n_synthetic for row in by_group} == {N // 2}
    assert audited.summary.groups == ("Sex=F", "Sex=M", "age=18-39")


def test_nothing_is_invented_of_small_groups_and_sets_of_which_nothing_is_known(audited: AuditResult) -> None:
    summary = audited.summary
    assert {row.synthetic for row in summary.results if row.class_name in summary.groups} == {"gan"}
    assert not any(row.class_name == "age=40-64" for row in summary.results)
    told = [
        sentence for sentence in summary.warnings if "roup" in sentence and "left out with" not in sentence
    ]
    assert told == [
        "Groups of fewer than 10 real images are not measured: age=40-64.",
        "Numbers by group (sex, AGE) leave out 'other': the labels CSV says nothing of their images.",
    ]
    real, other = summary.sets[0], summary.sets[3]
    assert real.groups == {"Sex=F": 12, "Sex=M": 12, "age=18-39": 19}
    assert real.classes == {"a": 12, "b": 12}
    assert other.groups == {}


def test_mean_images_of_groups_are_means_of_their_images(audited: AuditResult) -> None:
    means = audited.mean_images
    halves = (means["real", "Sex=F"], means["real", "Sex=M"])
    assert [half.n for half in halves] == [12, 12]
    np.testing.assert_allclose((halves[0].mean + halves[1].mean) / 2, means["real", None].mean)
    assert ("real", "age=40-64") not in means
    assert ("other", "Sex=F") not in means
    assert ("heldout", "Sex=F") in means


def test_samples_of_a_group_are_of_it(audited: AuditResult) -> None:
    assert audited.items is not None
    items = AuditItems.from_table(audited.items)
    drawn = draw_samples(items, sets=("real", "other"), classes=("Sex=F", "a"), n=100, seed=0)
    assert [len(drawn["real", part]) for part in ("Sex=F", "a")] == [12, 12]
    assert drawn["other", "Sex=F"] == ()


def test_one_group_can_be_selected_like_a_class(audited: AuditResult) -> None:
    chosen = select_results(audited.summary, class_name="Sex=F")
    assert {row.n_synthetic for row in chosen.results} == {12}


def test_the_report_tells_groups_from_classes(audited: AuditResult) -> None:
    page = render_report(audited, content=ReportContent.DEIDENTIFIED)
    assert "By class and group" in page
    assert "Group <bdi>Sex=F</bdi>" in page
    assert "Class <bdi>a</bdi>" in page
    assert "Groups of fewer than 10 real images are not measured." in page
    assert "leave out sets of whose images the labels file says nothing." in page


def test_without_groups_nothing_is_kept_of_them(tmp_path: Path, workspace: Path) -> None:
    study = write_study(tmp_path)
    settings, progress = get_settings(), SilentProgress()
    plain = scan_study(study, settings=settings, progress=progress)
    grouped = scan_study(study, group_by=("Sex",), settings=settings, progress=progress)
    assert "groups" not in tabulate_items(plain).column_names
    assert [one.digest for one in plain] == [one.digest for one in grouped]
    assert summarise_set(plain[0]).groups == {}
    with pytest.raises(ImageSetError, match="read from a labels CSV, and none is given"):
        scan_study(
            study.model_copy(update={"labels": None}), group_by=("x",), settings=settings, progress=progress
        )


def test_a_group_whose_features_are_off_gets_the_worse_distance() -> None:
    rng = np.random.default_rng(0)
    groups = tuple((("sex=F",) if at % 2 else ("sex=M",)) for at in range(80))
    shift = np.array([[3.0 * (at % 2)] for at in range(80)])

    def make(name: str, features: np.ndarray) -> SetFeatures:
        ids = tuple(map(str, range(80)))
        return SetFeatures(name, ids, (None,) * 80, FeatureBatch(features.astype(np.float32), None), groups)

    audit = compute_feature_metrics(
        real=make("real", rng.normal(size=(80, 4))),
        synthetic=[make("gan", rng.normal(size=(80, 4)) + shift)],
        heldout=None,
        options=FeatureAuditOptions(
            extractor="made",
            kind=FeatureKind.CONTINUOUS,
            is_fid=False,
            groups=frozenset({MetricGroup.DISTRIBUTION}),
            nearest_k=3,
            collapse_margin=False,
            seed=0,
        ),
        progress=SilentProgress(),
    )
    found = {(row.metric, row.class_name): row for row in audit.rows}
    for metric in ("fd", "kid"):
        off, fine = found[metric, "sex=F"], found[metric, "sex=M"]
        assert off.value is not None and fine.value is not None
        assert off.value > fine.value + 1
        assert off.n_real == off.n_synthetic == 40
    assert found["recall", "sex=F"].value < found["recall", "sex=M"].value  # type: ignore[operator]


def test_the_command_names_the_columns_that_there_are(
    tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path)
    given = {"--real": study.real, "--synthetic": tmp_path / "gan", "--labels": tmp_path / "labels.csv"}
    asked = [str(part) for pair in given.items() for part in pair]
    out = ["--output", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main(["audit", *asked, "--extractor", "pixels", "--group-by", "site", *out])
    assert ended.value.code == 2
    sentence = "has no column 'site' to group images by; its further columns are: Sex, age."
    assert sentence in " ".join(capsys.readouterr().err.split())
