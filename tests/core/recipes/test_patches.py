"""Patches of slides whose tissue and classes are painted on known squares."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from core.config import Settings
from core.datasets.labels import load_labels
from core.errors import CancelledError, InputError
from core.images.otsu import compute_otsu_threshold
from core.images.slide import open_slide
from core.images.tiff_slide import TiffSlide
from core.progress import SilentProgress
from core.recipes.patch_grid import plan_grid, read_patch
from core.recipes.patch_options import PatchOptions, parse_mask_labels
from core.recipes.patches import cut_patches
from core.recipes.tissue import find_tissue, map_tissue
from tests.slides import GLASS, paint_slide, per_cm, write_pyramid

WIDTH, HEIGHT = 640, 448
# On the grid of 64: four whole patches of tissue, and one square that fills a quarter of each of four.
SQUARES = [(64, 64, 128), (352, 224, 64)]
WHOLE = {(64, 64), (128, 64), (64, 128), (128, 128)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(Settings.from_environment(), home=tmp_path / "home")


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "case.tif"
    path.parent.mkdir()
    write_pyramid(path, paint_slide(WIDTH, HEIGHT, SQUARES), **per_cm(0.5))
    return path


def cut(source: Path, output: Path, settings: Settings, *, mask: Path | None = None, **options: Any) -> Any:
    return cut_patches(
        source, output, options=PatchOptions(**{"size": 64} | options), settings=settings, mask=mask
    )


def places(output: Path) -> set[tuple[int, int]]:
    table = pd.read_csv(output / "labels.csv")
    return set(zip(table["x"], table["y"], strict=True))


def test_tissue_is_kept_and_every_patch_accounted_for(
    slide: Path, tmp_path: Path, settings: Settings
) -> None:
    out = tmp_path / "out"
    report = cut(slide, out, settings)
    assert places(out) == WHOLE
    assert (report.count("n_kept"), report.count("n_background"), report.count("n_edge")) == (4, 66, 0)
    assert report.sentence == "4 patches of 1 slide; left out: 66 background."
    pixels = paint_slide(WIDTH, HEIGHT, SQUARES)
    for x, y in WHOLE:
        written = np.asarray(Image.open(out / "patches" / f"case_{x}_{y}.png"))
        assert np.array_equal(written, pixels[y : y + 64, x : x + 64])
    labels = load_labels(out / "labels.csv")
    assert {row.patient for row in labels.rows.values()} == {"case"}
    assert not labels.has_labels
    document = json.loads((out / "report.json").read_text())
    assert document["is_complete"]
    assert document["sources"][0]["mpp"] == pytest.approx(0.5)
    # A quarter of a patch is tissue in four more.
    cut(slide, tmp_path / "more", settings, min_tissue=0.2)
    assert places(tmp_path / "more") == WHOLE | {(320, 192), (384, 192), (320, 256), (384, 256)}
    shares = pd.read_csv(tmp_path / "more" / "labels.csv").set_index(["x", "y"])["tissue"]
    assert shares[320, 192] == pytest.approx(0.25, abs=0.03)
    assert shares[64, 64] == pytest.approx(1, abs=0.03)
    assert cut(slide, tmp_path / "all", settings, min_tissue=0).count("n_kept") == 70


def test_edges_and_overlap_are_counted(slide: Path, tmp_path: Path, settings: Settings) -> None:
    report = cut(slide, tmp_path / "a", settings, size=100, min_tissue=0)
    assert (report.count("n_kept"), report.count("n_edge")) == (6 * 4, 7 * 5 - 24)
    report = cut(slide, tmp_path / "b", settings, size=100, overlap=40, min_tissue=0)
    assert places(tmp_path / "b") == {(x, y) for x in range(0, 541, 60) for y in range(0, 349, 60)}
    assert report.count("n_edge") == 10 * 7 - 10 * 6
    report = cut(slide, tmp_path / "c", settings, size=500, min_tissue=0.5)
    assert (report.count("n_kept"), report.count("n_edge")) == (0, 2)
    assert not (tmp_path / "c" / "labels.csv").exists()


@pytest.mark.parametrize(
    ("asked", "level", "downsample"),
    [
        ({"mpp": 0.5}, 0, 1.0),
        ({"mpp": 0.501}, 0, 1.0),
        ({"mpp": 1.0}, 1, 2.0),
        ({"magnification": 10}, 1, 2.0),
        ({"mpp": 1.5}, 1, 3.0),
        ({"mpp": 4.0}, 2, 8.0),
        ({"level": 2}, 2, 4.0),
        ({}, 0, 1.0),
        ({"mpp": 0.5, "source_mpp": 0.25}, 1, 2.0),
    ],
)
def test_the_level_read_is_the_coarsest_that_is_fine_enough(
    slide: Path, asked: dict[str, Any], level: int, downsample: float
) -> None:
    with open_slide(slide, max_pixels=10**6) as opened:
        grid = plan_grid(opened, PatchOptions(size=32, **asked), max_pixels=10**6)
        assert (grid.index, grid.downsample) == (level, pytest.approx(downsample))


def test_an_objective_decides_where_the_file_tells_one(tmp_path: Path) -> None:
    path = tmp_path / "slide.svs"
    words = "Aperio Image Library v1|AppMag = 40|MPP = 0.2277"
    write_pyramid(path, paint_slide(256, 256, []), factors=(1, 4), description=words)
    with open_slide(path, max_pixels=10**6) as slide:
        assert plan_grid(slide, PatchOptions(size=32, magnification=10), max_pixels=10**6).downsample == 4
        by_mpp = plan_grid(slide, PatchOptions(size=32, mpp=0.5), max_pixels=10**6)
        assert by_mpp.downsample == pytest.approx(0.5 / 0.2277)


def test_resampled_patches_do_not_depend_on_where_the_grid_lies(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    random = np.random.default_rng(1)
    pixels = np.asarray(Image.fromarray(random.integers(0, 256, (30, 40, 3), np.uint8)).resize((480, 360)))
    write_pyramid(path, pixels, factors=(1,), **per_cm(0.5))
    whole = np.asarray(Image.fromarray(pixels).resize((160, 120), Image.Resampling.LANCZOS)).astype(int)
    with open_slide(path, max_pixels=10**6) as slide:
        grid = plan_grid(slide, PatchOptions(size=40, mpp=1.5), max_pixels=10**6)
        assert len(grid) == 12
        for place in grid.places():
            x, y = place.x // 3, place.y // 3
            assert np.abs(read_patch(slide, grid, place) - whole[y : y + 40, x : x + 40]).max() <= 1


def test_classes_come_from_the_mask(slide: Path, tmp_path: Path, settings: Settings) -> None:
    mask = np.zeros((HEIGHT // 4, WIDTH // 4), np.uint8)
    mask[16:32, 16:32] = 1  # the patch at (64, 64), whole
    mask[16:32, 32:44] = 2  # three quarters of the one at (128, 64)
    mask[32:48, 16:22] = 1  # of that at (64, 128), less than half
    mask[32:48, 32:48] = 9  # a value without a class
    path = tmp_path / "mask.png"
    Image.fromarray(mask).save(path)
    labels = parse_mask_labels("1=tumour, 2=stroma")
    report = cut(slide, tmp_path / "out", settings, mask=path, mask_labels=labels)
    assert report.classes == {"stroma": 1, "tumour": 1}
    assert report.count("n_mask") == 2
    table = load_labels(tmp_path / "out" / "labels.csv")
    assert {name: row.label for name, row in table.rows.items()} == {
        "patches/tumour/case_64_64.png": "tumour", "patches/stroma/case_128_64.png": "stroma",
    }  # fmt: skip
    assert all((tmp_path / "out" / name).is_file() for name in table.rows)
    pure = pd.read_csv(tmp_path / "out" / "labels.csv").set_index("label")["purity"]
    assert pure.to_dict() == {"tumour": 1.0, "stroma": 0.75}
    report = cut(slide, tmp_path / "strict", settings, mask=path, mask_labels=labels, purity=0.8)
    assert report.classes == {"tumour": 1}
    # A tiled mask in a folder, named as the slide, is the same mask.
    (tmp_path / "masks").mkdir()
    write_pyramid(tmp_path / "masks" / "case_mask.tif", mask.astype(np.uint16), factors=(1,))
    report = cut(slide, tmp_path / "folder", settings, mask=tmp_path / "masks", mask_labels=labels)
    assert places(tmp_path / "folder") == {(64, 64), (128, 64)}
    assert report.classes == {"stroma": 1, "tumour": 1}


@pytest.mark.parametrize(
    ("mask", "why"),
    [
        (np.zeros((100, 100), np.uint8), "another shape"),
        (np.dstack([np.eye(112, 160, dtype=np.uint8)] * 2 + [np.zeros((112, 160), np.uint8)]), "in colour"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(
    slide: Path, tmp_path: Path, settings: Settings, mask: Any, why: str
) -> None:
    Image.fromarray(mask).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match=f"its mask cannot be used: .*{why}"):
        cut(slide, tmp_path / "o", settings, mask=tmp_path / "mask.png", mask_labels=((1, "a"),))


def test_a_large_slide_is_read_tile_by_tile(tmp_path: Path) -> None:
    """Memory is flat because no more tiles are read than the tissue needs, and few are kept."""
    path = tmp_path / "large.tif"
    write_pyramid(path, paint_slide(2048, 2048, [(512, 512, 256)]), factors=(1, 4, 16), tile=128)
    with open_slide(path, max_pixels=128 * 128) as slide:
        assert isinstance(slide, TiffSlide)
        tissue = map_tissue(slide, tile_px=128)
        assert slide.n_pieces_read <= 16  # of the level brought down by 4, at most
        before = slide.n_pieces_read
        grid = plan_grid(slide, PatchOptions(size=128), max_pixels=128 * 128)
        kept = [p for p in grid.places() if tissue.share(p.x, p.y, 128, 128) >= 0.5]
        for place in kept:
            read_patch(slide, grid, place)
        assert {(p.x, p.y) for p in kept} == {(512, 512), (640, 512), (512, 640), (640, 640)}
        assert slide.n_pieces_read - before == 4  # of 256


class _Stopping(SilentProgress):
    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise CancelledError


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_stopped_run_goes_on_to_the_same_files(slide: Path, tmp_path: Path, settings: Settings) -> None:
    write_pyramid(slide.with_name("other.tif"), paint_slide(WIDTH, HEIGHT, SQUARES[:1]), **per_cm(0.5))
    at_once, stopped = tmp_path / "a", tmp_path / "b"
    cut(slide.parent, at_once, settings)
    options = PatchOptions(size=64)
    with pytest.raises(CancelledError):
        cut_patches(slide.parent, stopped, options=options, settings=settings, progress=_Stopping(13))
    assert len(pd.read_csv(stopped / "labels.csv")) == 2
    assert not json.loads((stopped / "report.json").read_text())["is_complete"]
    first = stopped / "patches" / "case_64_64.png"
    written_ns = first.stat().st_mtime_ns
    cut(slide.parent, stopped, settings)
    assert _files(stopped) == _files(at_once)
    assert first.stat().st_mtime_ns == written_ns
    # Stopped once more before it comes as far, it leaves the lists of the run that came further.
    with pytest.raises(CancelledError):
        cut_patches(slide.parent, stopped, options=options, settings=settings, progress=_Stopping(13))
    assert _files(stopped) == _files(at_once)
    with pytest.raises(InputError, match="other options"):
        cut(slide.parent, stopped, settings, min_tissue=0.4)
    write_pyramid(slide, paint_slide(WIDTH, HEIGHT, []), **per_cm(0.5))
    with pytest.raises(InputError, match="has changed since"):
        cut(slide.parent, stopped, settings)
    assert (stopped / "labels.csv").read_bytes() == (at_once / "labels.csv").read_bytes()


def test_files_that_are_no_slides_are_left_out_with_a_reason(
    slide: Path, tmp_path: Path, settings: Settings
) -> None:
    (slide.parent / "notes.txt").write_text("none")
    Image.fromarray(paint_slide(128, 128, [(0, 0, 128)])).save(slide.with_suffix(".png"))
    report = cut(slide.parent, tmp_path / "out", settings)
    assert [one.name for one in report.slides] == ["case_png", "case_tif"]
    assert [file for file, _ in report.left_out] == ["notes.txt"]
    with pytest.raises(InputError, match="No slide could be read"):
        cut(slide.parent / "notes.txt", tmp_path / "none", settings)
    with pytest.raises(InputError, match="lies within"):
        cut(slide.parent, slide.parent / "out", settings)
    with pytest.raises(InputError, match="does not tell its micrometres"):
        cut(slide.with_suffix(".png"), tmp_path / "scale", settings, mpp=1.0)
    with pytest.raises(InputError, match="not enlarged"):
        cut(slide, tmp_path / "fine", settings, mpp=0.25)
    with pytest.raises(InputError, match="no level 7"):
        cut(slide, tmp_path / "level", settings, level=7)
    with pytest.raises(InputError, match="go together"):
        cut(slide, tmp_path / "m", settings, mask_labels=((1, "a"),))


@pytest.mark.parametrize(
    "wrong",
    [{"mpp": 1, "level": 0}, {"overlap": 64}, {"size": 0}, {"min_tissue": 2}, {"patient_pattern": "("}],
)
def test_options_that_contradict_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PatchOptions(**{"size": 64} | wrong)


@pytest.mark.parametrize("wrong", ["", "tumour", "1=", "1=a/b", "1=..", "1=a,1=b", "-1=a", "70000=a"])
def test_mask_labels_that_name_no_folder_are_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="--mask-labels"):
        parse_mask_labels(wrong)


def test_patients_are_found_in_names() -> None:
    options = PatchOptions(patient_pattern="TCGA-([A-Z0-9]+-[0-9]+)")
    assert options.find_patient("TCGA-A1-0042-01Z-DX1") == "A1-0042"
    assert options.find_patient("other") == "other"


def _naive_otsu(values: Sequence[int]) -> list[int]:
    """Thresholds with the least variance within the classes, by trying all."""
    array = np.asarray(values, float)
    within = {}
    for threshold in range(256):
        low, high = array[array <= threshold], array[array > threshold]
        if len(low) and len(high):
            within[threshold] = len(low) * low.var() + len(high) * high.var()
    least = min(within.values())
    return [threshold for threshold, value in within.items() if value <= least * (1 + 1e-12) + 1e-9]


def test_otsu_against_trying_all_thresholds() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        values = np.concatenate([random.integers(0, 90, 40), random.integers(60, 256, 25)]).astype(np.uint8)
        assert compute_otsu_threshold(values) in _naive_otsu(values.tolist())
    assert compute_otsu_threshold(np.array([10, 10, 200, 200], np.uint8)) == 104
    assert compute_otsu_threshold(np.full(9, 7, np.uint8)) == 7


def test_empty_and_full_pictures_are_not_split_within_themselves() -> None:
    random = np.random.default_rng(0)
    glass = np.clip(np.array(GLASS) + random.integers(-2, 3, (60, 60, 3)), 0, 255).astype(np.uint8)
    assert not find_tissue(glass)[0].any()
    full = np.clip(np.array((170, 90, 150)) + random.integers(-30, 31, (60, 60, 3)), 0, 255).astype(np.uint8)
    assert find_tissue(full)[0].all()
    black = np.zeros((20, 20, 3), np.uint8)
    black[..., 0] = 5
    assert not find_tissue(black)[0].any()
