"""The run: the contract of its results, and that nothing but the protocol and the images decides them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.audit.protocol import Execution, Protocol
from core.audit.result import AuditResult, AuditSummary
from core.audit.run import run_audit
from core.datasets.study import Study, name_after_folder
from core.errors import CancelledError, ImageSetError, InputError, UnknownNameError, WeightsError
from core.metrics.catalogue import METRICS
from core.output_folder import check_output_folder
from core.progress import SilentProgress
from core.report.writer import write_audit
from tests.images import write_images, write_png

FAST = Protocol(extractors=("pixels",))


@pytest.fixture
def study(tmp_path: Path, workspace: Path) -> Study:
    return Study.from_folders(
        real=write_images(tmp_path / "real", 24, seed=1, classes=("a", "b")),
        synthetic={
            "gan": write_images(tmp_path / "gan", 20, seed=2, classes=("a", "b")),
            "ddpm": write_images(tmp_path / "ddpm", 18, seed=3, classes=("a", "b")),
        },
    )


def values(result: AuditResult) -> dict[tuple[object, ...], float | None]:
    return {
        (row.synthetic, row.extractor, row.class_name, row.metric): row.value
        for row in result.summary.results
    }


def test_audit_json_holds_the_contract(study: Study, tmp_path: Path) -> None:
    result = run_audit(study, FAST)
    write_audit(result, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert {"protocol", "sets", "results"} <= written.keys()
    assert [one["role"] for one in written["sets"]] == ["real", "synthetic", "synthetic"]
    assert {"role", "name", "n", "digest", "unreadable", "duplicates", "warnings"} <= written["sets"][
        0
    ].keys()
    contract = {
        "synthetic", "extractor", "class", "metric", "value", "low", "high", "n_real", "n_synthetic", "floor",
    }  # fmt: skip
    for row in written["results"]:
        assert contract <= row.keys()
        assert row["metric"] in METRICS
    assert AuditSummary.model_validate(written) == result.summary


def test_files_of_an_audit(study: Study, tmp_path: Path) -> None:
    write_audit(run_audit(study, FAST), tmp_path / "out")
    copies = pd.read_csv(tmp_path / "out" / "copies.csv")
    assert list(copies.columns[:6]) == [
        "synthetic", "synthetic_item", "nearest_real", "distance", "set", "extractor",
    ]  # fmt: skip
    assert len(copies) == 38
    assert set(copies["set"]) <= {"copy", "real", "non-real"}
    metrics = pd.read_csv(tmp_path / "out" / "metrics.csv")
    assert {"synthetic", "extractor", "class", "metric", "value", "low", "high", "floor"} <= set(
        metrics.columns
    )
    means = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")
    )
    assert means == [
        f"mean_images/{name}/{label}.png"
        for name in ("ddpm", "gan", "real")
        for label in ("all", "class-a", "class-b")
    ]


def test_the_mean_image_is_the_mean(study: Study) -> None:
    result = run_audit(study, FAST)
    stack = [np.asarray(Image.open(path), float) for path in sorted(study.real.rglob("*.png"))]
    np.testing.assert_allclose(result.mean_images["real", None].mean[..., 0], np.mean(stack, axis=0))
    assert result.mean_images["gan", "a"].n == 10


def test_running_again_gives_the_same_numbers_and_so_does_moving_the_folders(
    study: Study, tmp_path: Path
) -> None:
    first = run_audit(study, FAST)
    moved = tmp_path / "elsewhere"
    shutil.copytree(study.real, moved)
    again = run_audit(
        study.model_copy(update={"real": moved}),
        FAST,
        execution=Execution(batch_size=7, workers=0, store=False),
    )
    assert values(again) == values(first)
    assert again.summary.sets[0].digest == first.summary.sets[0].digest


def test_heldout_gives_floors(study: Study, tmp_path: Path) -> None:
    heldout = write_images(tmp_path / "heldout", 16, seed=9, classes=("a", "b"))
    result = run_audit(study.model_copy(update={"heldout": heldout}), FAST)
    rows = [row for row in result.summary.results if row.class_name is None]
    floors = {row.metric: row.floor_detail for row in rows if row.synthetic == "gan"}
    assert floors["fd"] is not None
    assert (floors["fd"].kind, floors["fd"].n) == ("heldout", 16)
    for metric in ("precision", "density", "fidelity", "privacy", "precision_privacy", "authenticity"):
        detail = floors[metric]
        assert detail is not None
        assert (detail.kind, detail.n) == ("heldout", 16)
    assert floors["recall"] is None
    without = run_audit(study, FAST)
    fd = next(row for row in without.summary.results if row.metric == "fd" and row.class_name is None)
    assert fd.floor_detail is not None
    assert (fd.floor_detail.kind, fd.floor_detail.n) == ("halves", 12)


def test_a_heldout_set_handed_in_as_synthetic_scores_its_own_floor(study: Study, tmp_path: Path) -> None:
    heldout = write_images(tmp_path / "heldout", 16, seed=9, classes=("a", "b"))
    twin = Study.from_folders(real=study.real, heldout=heldout, synthetic={"twin": heldout})
    for row in run_audit(twin, FAST).summary.results:
        if row.metric in {"precision", "fidelity", "privacy", "authenticity", "density"}:
            assert row.value == row.floor


def test_copied_reals_have_no_privacy(study: Study, tmp_path: Path) -> None:
    shutil.copytree(study.real, tmp_path / "thief")
    thief = Study.from_folders(real=study.real, synthetic={"thief": tmp_path / "thief"})
    result = run_audit(thief, FAST)
    numbers = {row.metric: row.value for row in result.summary.results if row.class_name is None}
    assert numbers["privacy"] == 0
    assert numbers["fidelity"] == 1
    assert (result.copies.distance == 0).all()
    assert (result.copies.synthetic_item == result.copies.nearest_real).all()
    assert any("24 pictures" in warning for warning in result.summary.warnings)


def test_a_single_set_has_no_variety_and_says_so(study: Study) -> None:
    alone = study.model_copy(update={"synthetic": study.synthetic[:1]})
    row = next(row for row in run_audit(alone, FAST).summary.results if row.metric == "variety")
    assert row.value is None
    assert "two or more" in row.note


def test_mixed_sizes_are_averaged_at_the_resolution(study: Study, tmp_path: Path) -> None:
    large = write_images(tmp_path / "large", 12, seed=4, size=48)
    mixed = Study.from_folders(real=study.real, synthetic={"large": large})
    result = run_audit(mixed, FAST.model_copy(update={"resolution": 40}))
    assert result.summary.protocol.mean_image_size == (40, 40)
    assert result.mean_images["large", None].mean.shape == (40, 40, 1)
    assert any("no image size in common" in warning for warning in result.summary.warnings)


def test_format_depth_and_colour_mismatches_are_warned_of(study: Study, tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.mkdir()
    rng = np.random.default_rng(0)
    for index in range(8):
        pixels = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(odd / f"{index}.jpg")
    write_png(odd / "deep.png", rng.integers(0, 60_000, (32, 32), dtype=np.uint16))
    warnings = " ".join(
        run_audit(Study.from_folders(real=study.real, synthetic={"odd": odd}), FAST).summary.warnings
    )
    for word in ("differ in file format", "differ in bit depth", "differ in channels"):
        assert word in warnings


def test_classes_too_small_for_a_metric_are_left_out_with_a_warning(study: Study, tmp_path: Path) -> None:
    few = write_images(tmp_path / "few", 9, seed=5, classes=("a", "a", "b"))
    result = run_audit(Study.from_folders(real=study.real, synthetic={"few": few}), FAST)
    rows = {(row.class_name, row.metric) for row in result.summary.results}
    assert ("b", "precision") not in rows
    assert (None, "precision") in rows
    assert any("class 'b' of 'few'" in warning for warning in result.summary.warnings)


def test_every_broken_file_is_listed_and_the_run_ends_well(
    shared_data: Path, tmp_path: Path, workspace: Path
) -> None:
    mixed = write_images(tmp_path / "mixed", 12, seed=6)
    broken = [path for path in (shared_data / "broken").rglob("*") if path.is_file()]
    for path in broken:
        shutil.copy(path, mixed / path.name)
    clean = write_images(tmp_path / "clean", 12, seed=7)
    result = run_audit(Study.from_folders(real=mixed, synthetic={"clean": clean}), FAST)
    real = result.summary.sets[0]
    assert real.n + len(real.unreadable) == 12 + len(broken)
    assert len(real.unreadable) > 25
    assert all(bad.reason for bad in real.unreadable)
    out = tmp_path / "out"
    write_audit(result, out)
    report = (out / "report.html").read_text()
    for bad in real.unreadable:
        assert bad.file in report


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"extractors": ("nothing",)}, UnknownNameError, "known are: inception-fid"),
        ({"extractors": ("inception-fid",)}, WeightsError, "MEDSYN_WEIGHTS_DIR"),
        ({"extractors": ("pixels", "pixels")}, InputError, "twice"),
        ({"class_names": ("z",)}, ImageSetError, "its classes are: a, b"),
        ({"weights": Path("nowhere.pth")}, WeightsError, "does not exist"),
    ],
    ids=["unknown", "no-weights", "twice", "class", "weights"],
)
def test_what_cannot_be_done_says_why(
    study: Study, change: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run_audit(study, FAST.model_copy(update={"extractors": ()} | change))


def test_offline_default_says_that_nothing_is_an_fid(study: Study) -> None:
    result = run_audit(study, Protocol())
    assert [one.name for one in result.summary.protocol.extractors] == ["texture", "pixels"]
    assert "No number here is an FID" in result.summary.notices[0]
    assert not [
        row for row in result.summary.results if row.metric.startswith("fid") and row.metric != "fidelity"
    ]


def test_multiscale_rows(study: Study) -> None:
    protocol = FAST.model_copy(update={"multiscale": True, "multiscale_resolutions": (16, 32)})
    rows = [row for row in run_audit(study, protocol).summary.results if row.metric.startswith("mm_")]
    assert {(row.synthetic, row.metric) for row in rows} == {
        (name, metric) for name in ("gan", "ddpm") for metric in ("mm_fid", "mm_std")
    }
    for row in rows:
        assert row.value is not None
        assert 0 < row.value < 1
        assert row.extractor == "pixels at 16, 32 px"


def test_a_cancelled_audit_raises_and_the_next_one_finishes(study: Study) -> None:
    class CancelLate(SilentProgress):
        stages = 0

        def start(self, stage: str, total: int, unit: str = "images") -> None:
            self.stages += 1
            if stage.startswith("Measuring"):
                raise CancelledError("stop")

    with pytest.raises(CancelledError):
        run_audit(study, FAST, progress=CancelLate())
    assert run_audit(study, FAST).summary.results


def test_hostile_labels_stay_inside_the_output_folder(tmp_path: Path, workspace: Path) -> None:
    real, synthetic = write_images(tmp_path / "real", 12, seed=1), write_images(tmp_path / "syn", 12, seed=2)
    (tmp_path / "labels.csv").write_text(
        "file,label\n" + "".join(f"{i:04d}.png,{'../../evil' if i % 2 else 'all'}\n" for i in range(12))
    )
    study = Study.from_folders(real=real, synthetic={"s": synthetic}, labels=tmp_path / "labels.csv")
    out = tmp_path / "deep" / "out"
    write_audit(run_audit(study, FAST), out)
    written = set(tmp_path.rglob("*.png")) - {*real.rglob("*"), *synthetic.rglob("*")}
    assert written
    assert all(path.is_relative_to(out) for path in written)
    assert len(written) == 6


def test_formulas_in_file_names_do_not_reach_spreadsheets(tmp_path: Path, workspace: Path) -> None:
    real = write_images(tmp_path / "real", 12, seed=1)
    synthetic = write_images(tmp_path / "syn", 8, seed=2)
    (synthetic / "0000.png").rename(synthetic / "=cmd()|x.png")
    write_audit(run_audit(Study.from_folders(real=real, synthetic={"s": synthetic}), FAST), tmp_path / "out")
    items = pd.read_csv(tmp_path / "out" / "copies.csv")["synthetic_item"]
    assert "./=cmd()|x.png" in set(items)


@pytest.mark.parametrize("name", ["real", "a/b", "", "../up", "-x", "x" * 81])
def test_names_of_synthetic_sets_are_safe(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"synthetic set"):
        Study.from_folders(real=tmp_path, synthetic={name: tmp_path})


def test_two_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Two synthetic sets"):
        Study.from_folders(real=tmp_path, synthetic=[tmp_path / "a" / "gan", tmp_path / "b" / "GAN"])


@pytest.mark.parametrize(
    ("folder", "name"),
    [("out/StyleGAN2", "StyleGAN2"), ("a/b:c", "b-c"), ("x/real", "real-set"), ("x/___", "synthetic")],
)
def test_a_bare_folder_names_its_set(folder: str, name: str) -> None:
    assert name_after_folder(Path(folder)) == name


def test_an_output_that_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(InputError, match="--output"):
        check_output_folder(blocked / "below")


def test_a_carriage_return_in_a_file_name_is_one_row(tmp_path: Path, workspace: Path) -> None:
    real = write_images(tmp_path / "real", 12, seed=1)
    synthetic = write_images(tmp_path / "syn", 8, seed=2)
    (synthetic / "0000.png").rename(synthetic / "a\rb.png")
    write_audit(run_audit(Study.from_folders(real=real, synthetic={"s": synthetic}), FAST), tmp_path / "out")
    with (tmp_path / "out" / "copies.csv").open(newline="") as stream:
        assert len(list(csv.reader(stream))) == 9


def test_multiscale_leaves_out_sets_that_are_too_small(study: Study, tmp_path: Path) -> None:
    few = write_images(tmp_path / "few", 3, seed=5)
    protocol = FAST.model_copy(update={"multiscale": True, "multiscale_resolutions": (16, 32)})
    mixed = Study.from_folders(real=study.real, synthetic={"few": few, "gan": study.synthetic[0].folder})
    result = run_audit(mixed, protocol)
    assert {row.synthetic for row in result.summary.results if row.metric == "mm_fid"} == {"gan"}
    assert any("mm_fid" in warning and "'few'" in warning for warning in result.summary.warnings)


@pytest.mark.parametrize(
    "change",
    [
        {"multiscale_resolutions": (0,)},
        {"multiscale_resolutions": (16, 16)},
        {"multiscale_extractors": ("a", "a")},
    ],
)
def test_a_multiscale_grid_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="MM-FID"):
        Protocol.model_validate(change)


def test_a_second_audit_leaves_nothing_of_the_first(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_audit(run_audit(study, FAST), out)
    write_audit(run_audit(study.model_copy(update={"synthetic": study.synthetic[:1]}), FAST), out)
    assert not (out / "mean_images" / "ddpm").exists()


def test_folder_names_that_are_not_utf8(study: Study, tmp_path: Path) -> None:
    odd = tmp_path / b"caf\xe9".decode("utf-8", "surrogateescape")
    try:
        shutil.copytree(study.real, odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    result = run_audit(study.model_copy(update={"real": odd}), FAST)
    write_audit(result, tmp_path / "out")
    assert result.summary.sets[0].folder.endswith("caf\\xe9")
