"""Vendi score and MS-SSIM as an audit measures them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.audit.alikeness import choose_pair_count, compute_alikeness_rows
from core.audit.mean_archive import load_mean_images
from core.audit.mean_images import MeanFrame
from core.audit.protocol import Protocol
from core.audit.result import AuditResult, MetricRow
from core.audit.run import run_audit
from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.scan import scan_image_set
from core.datasets.study import Study
from core.metrics.ms_ssim import compute_ms_ssim
from core.progress import SilentProgress
from core.report.writer import write_audit
from tests.images import write_images


def read_set(folder: Path, role: Role, name: str, settings: Settings) -> ImageSet:
    return scan_image_set(folder, role=role, name=name, settings=settings, progress=SilentProgress())


def alikeness(
    sets: list[ImageSet], side: int, settings: Settings, num_channels: int = 1
) -> tuple[list[MetricRow], list[str]]:
    return compute_alikeness_rows(
        sets,
        frame=MeanFrame(side, side, num_channels),
        seed=0,
        workers=0,
        settings=settings,
        progress=SilentProgress(),
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    folder = tmp_path_factory.mktemp("variety")
    study = Study.from_folders(
        real=write_images(folder / "real", 24, seed=1, classes=("a", "b")),
        heldout=write_images(folder / "heldout", 12, seed=4, classes=("a", "b")),
        synthetic={
            "gan": write_images(folder / "gan", 20, seed=2, classes=("a", "b")),
            "ddpm": write_images(folder / "ddpm", 30, seed=3, classes=("a", "b")),
        },
    )
    settings = dataclasses.replace(Settings.from_environment(), home=folder / "home", offline=True)
    found = run_audit(study, Protocol(extractors=("pixels",)), settings=settings)
    write_audit(found, folder / "out")
    kept = load_mean_images(folder / "out")
    assert {key: one.n for key, one in kept.items()} == {k: m.n for k, m in found.mean_images.items()}
    return found


def test_each_set_and_class_has_both_beside_the_real_sets_own(result: AuditResult) -> None:
    for metric in ("vendi_score", "ms_ssim"):
        rows = {(r.synthetic, r.class_name): r for r in result.summary.results if r.metric == metric}
        assert set(rows) == {(name, label) for name in ("gan", "ddpm") for label in (None, "a", "b")}
        for row in rows.values():
            assert row.floor_detail is not None and row.floor_detail.kind == "real"
            assert row.low is not None and row.value is not None and row.high is not None
            assert row.low <= row.value <= row.high


def test_vendi_scores_are_compared_at_one_size(result: AuditResult) -> None:
    rows = {
        r.synthetic: r for r in result.summary.results if r.metric == "vendi_score" and r.class_name is None
    }
    floors = {name: row.floor_detail for name, row in rows.items()}
    assert {floor.n for floor in floors.values() if floor} == {20}
    gan, ddpm = floors["gan"], floors["ddpm"]
    assert gan is not None and ddpm is not None
    assert gan.value == ddpm.value
    assert gan.value_at_n == rows["gan"].value
    assert ddpm.value_at_n is not None and rows["ddpm"].value is not None
    assert ddpm.value_at_n < rows["ddpm"].value


def test_ms_ssim_is_that_of_the_images(tmp_path: Path, workspace: Path) -> None:
    settings = get_settings()
    sets = [
        read_set(write_images(tmp_path / name, 9, seed=seed), role, name, settings)
        for seed, (role, name) in enumerate(((Role.REAL, "real"), (Role.SYNTHETIC, "gan")))
    ]
    side = sets[0].items[0].facts.width
    rows, warnings = alikeness(sets, side, settings)
    assert not warnings
    for one, value in zip(sets, (rows[0].floor, rows[0].value), strict=True):
        images = np.stack([np.asarray(Image.open(item.path).convert("L")) for item in one.items])
        assert value == pytest.approx(compute_ms_ssim(synthetic=images, data_range=255).value)


def test_small_images_and_lonely_classes_are_left_out_and_said(tmp_path: Path, workspace: Path) -> None:
    settings = get_settings()
    real = read_set(write_images(tmp_path / "real", 6, seed=0, classes=("a",)), Role.REAL, "real", settings)
    lone = write_images(tmp_path / "lone", 2, seed=1, classes=("a", "b"))
    sets = [real, read_set(lone, Role.SYNTHETIC, "lone", settings)]
    rows, warnings = alikeness(sets, 32, settings)
    assert rows == []
    assert warnings == ["ms_ssim left out for 'lone': no two of its images are of one class."]
    rows, warnings = alikeness(sets, 10, settings)
    assert rows == [] and len(warnings) == 1 and "at least 11 pixels" in warnings[0]


def test_sets_without_classes_say_that_pairs_cross_them(tmp_path: Path, workspace: Path) -> None:
    settings = get_settings()
    real = read_set(
        write_images(tmp_path / "real", 8, seed=0, classes=("a", "b")), Role.REAL, "real", settings
    )
    flat = read_set(write_images(tmp_path / "flat", 6, seed=1), Role.SYNTHETIC, "flat", settings)
    (row,), _ = alikeness([real, flat], 32, settings)
    assert "have no classes" in row.note


def test_pairs_are_few_and_grow_with_the_classes() -> None:
    assert [choose_pair_count(n) for n in (0, 2, 10, 100)] == [300, 300, 500, 1000]
