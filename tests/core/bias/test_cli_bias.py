"""The demo's truth: the marker is the first suspect, one set inherits it, the other does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bias.frame import FramedSet, choose_classes, choose_items, frame_set
from core.bias.patch_probe import ProbeOptions, compute_patch_probe
from core.bias.patches import PatchGrid
from core.cli import main
from core.config import Settings, get_settings
from core.datasets.image_set import Role
from core.datasets.labels import load_labels
from core.datasets.phantoms import DemoStudy
from core.datasets.scan import scan_image_set
from core.progress import SilentProgress
from tests.images import write_images

pytestmark = pytest.mark.slow


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(scope="module")
def written(demo_study: DemoStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes of the demo."""
    out = tmp_path_factory.mktemp("bias") / "out"
    named = [f"{name}={demo_study.synthetic[name]}" for name in ("marker-inherited", "marker-free")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(out.parent / "home"))
        get_settings.cache_clear()
        options = ("--labels", demo_study.labels, "--output", out, "--permutations", 99)
        synthetic = [part for one in named for part in ("--synthetic", one)]
        assert call("bias", "heatmap", "--real", demo_study.real, *synthetic, *options) == 0
    get_settings.cache_clear()
    return out


def test_marker_is_the_first_suspect(written: Path) -> None:
    suspects = pd.read_csv(written / "suspects.csv")
    first = suspects.iloc[0]
    # The letter lies between 0.035 and 0.19 of width and height; patches reach a little further.
    assert first["right"] <= 0.3
    assert first["bottom"] <= 0.3
    assert first["low"] > 0.9
    assert first["p_value"] == 0.01
    assert first["score"] > 2 * suspects["score"].iloc[1]
    assert suspects["rank"].tolist() == list(range(1, len(suspects) + 1))


def test_one_set_inherits_it_and_the_other_does_not(written: Path) -> None:
    table = pd.read_csv(written / "inheritance.csv", dtype={"region": str})
    first = table[table["region"] == "1"].set_index(["set", "sign"])
    for sign in ("same", "any"):
        high, none = first.loc[("marker-inherited", sign)], first.loc[("marker-free", sign)]
        assert 0.9 < high["share"] < 1.1
        assert abs(none["share"]) < 0.25
        assert none["low"] < 0 < none["high"] < 0.5 < high["low"]
    # Disease is real in both: it is carried by both, equally.
    others = table[(table["region"] == "2") & (table["sign"] == "same")]["share"]
    assert others.iloc[0] == pytest.approx(others.iloc[1], abs=0.05)
    assert others.min() > 0.4


def test_markers_and_shortcuts_are_listed(written: Path) -> None:
    markers = pd.read_csv(written / "markers.csv").set_index(["set", "class", "zone"])
    for name, rate in (("real", 0.85), ("marker-inherited", 0.85)):
        assert markers.loc[(name, "normal", "upper left"), "rate"] > rate
        assert markers.loc[(name, "pneumonia", "anywhere"), "rate"] < 0.05
    assert markers.loc[("marker-free", "normal", "anywhere"), "rate"] < 0.05
    shortcuts = pd.read_csv(written / "shortcuts.csv").set_index(["set", "property"])
    assert shortcuts.loc[("real", "format"), "auroc"] == 0.5
    assert shortcuts.loc[("real", "intensity"), "p_value"] <= 0.05


def test_maps_lie_beside_their_pictures(written: Path) -> None:
    summary = json.loads((written / "bias.json").read_text())
    assert summary["classes"] == ["normal", "pneumonia"]
    assert [one["name"] for one in summary["sets"]] == ["real", "marker-inherited", "marker-free"]
    assert summary["suspects"][0]["rank"] == 1
    for name in ("marker-inherited", "marker-free"):
        folder = written / "maps" / name
        arrays = {path.stem: np.load(path, allow_pickle=False) for path in folder.glob("*.npy")}
        scores, images = arrays.pop("scores"), pd.read_csv(folder / "images.csv")
        assert set(arrays) == {"mean", "probe", "transfer", "inheritance", "difference-normal-pneumonia"}
        assert scores.shape == (15 * 15, len(images), 1)
        assert images.groupby(["class", "fold"]).size().tolist() == [12] * 10
        assert arrays["probe"].shape == arrays["transfer"].shape == (15, 15)
        assert arrays["difference-normal-pneumonia"].shape == (128, 128)
        for stem in set(arrays) - {"mean", "inheritance"}:
            with Image.open(folder / f"{stem}.png") as picture:
                assert picture.mode == "RGB"
    inherited = np.load(written / "maps" / "marker-inherited" / "transfer.npy")
    free = np.load(written / "maps" / "marker-free" / "transfer.npy")
    # The two sets are equal pixel for pixel outside the letter.
    assert inherited[4:, 4:] == pytest.approx(free[4:, 4:], abs=1e-9)
    assert inherited[0, 0] - free[0, 0] > 0.3


@pytest.fixture(scope="module")
def films(demo_study: DemoStudy, demo_settings: Settings) -> FramedSet:
    real = scan_image_set(
        demo_study.real,
        role=Role.REAL,
        name="real",
        labels=load_labels(demo_study.labels),
        settings=demo_settings,
    )
    classes = choose_classes(real)
    items = choose_items(real, classes, max_per_class=60, seed=0)
    return frame_set(real, items, classes, settings=demo_settings, progress=SilentProgress())


def test_shuffled_labels_are_at_chance_everywhere(films: FramedSet) -> None:
    """Over 20 shuffles of patients' classes: no lean to either side, and hardly a suspect."""
    options = ProbeOptions(grid=PatchGrid(stride_px=16), n_permutations=39)
    n_patients = int(films.groups.max()) + 1
    maps, alarms = [], 0
    for seed in range(20):
        codes = np.random.default_rng(seed).permutation(np.arange(n_patients) % 2)[films.groups]
        shuffled = FramedSet(
            films.name, films.role, films.pixels, codes, films.groups, films.classes, films.items
        )
        probe = compute_patch_probe(shuffled, options)
        assert probe.threshold is not None
        maps.append(probe.auroc)
        alarms += bool((probe.auroc > probe.threshold).any())
    together = np.array(maps)
    assert len(films) == 120
    assert together.mean() == pytest.approx(0.5, abs=0.015)
    # 60 against 60 images, in patients of one to three: a standard deviation of 0.06 to 0.08.
    assert np.abs(together.mean(axis=0) - 0.5).max() < 0.07
    assert 0.04 < together.std() < 0.1
    # One in twenty by definition; more than four of twenty would happen once in 400 times.
    assert alarms <= 4


def test_crop_writes_a_set_without_the_region(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "in", 4, classes=("a", "b"))
    out = tmp_path / "out"
    assert call("bias", "crop", "--input", tmp_path / "in", "--output", out, "--region", "0,0,0.5,0.25") == 0
    assert capsys.readouterr().out.startswith("4 images\t")
    for path in sorted(out.rglob("*.png")):
        with Image.open(path) as after, Image.open(tmp_path / "in" / path.relative_to(out)) as before:
            new, old = np.asarray(after), np.asarray(before)
        assert (new[:8, :16] == 0).all()
        assert np.array_equal(new[8:], old[8:])
        assert np.array_equal(new[:, 16:], old[:, 16:])


def test_the_suspect_is_gone_once_it_is_cropped(
    written: Path, demo_study: DemoStudy, workspace: Path, tmp_path: Path
) -> None:
    first = pd.read_csv(written / "suspects.csv").iloc[0]
    region = ",".join(str(first[edge]) for edge in ("left", "top", "right", "bottom"))
    cropped = tmp_path / "cropped"
    assert call("bias", "crop", "--input", demo_study.real, "--output", cropped, "--region", region) == 0
    options = ("--permutations", 39, "--output", tmp_path / "out")
    assert call("bias", "heatmap", "--real", cropped, *options) == 0
    left = pd.read_csv(tmp_path / "out" / "suspects.csv")
    # Disease remains; nothing of the corner does.
    assert len(left) >= 1
    assert not ((left["left"] < first["right"]) & (left["top"] < first["bottom"])).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--region", "0,0,1"), "four numbers"),
        (("--region", "0.5,0,0.2,1"), "left lies before right"),
        (("--margin", "0.6"), "below 0.5"),
        ((), "Name what to crop"),
        (("--margin", "0.1", "--mode", "burn"), "blank or cut"),
    ],
)
def test_wrong_crops_are_one_sentence(
    workspace: Path, tmp_path: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "in", 4)
    assert call("bias", "crop", "--input", tmp_path / "in", "--output", tmp_path / "out", *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sets_that_cannot_be_probed(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "flat", 12)
    assert call("bias", "heatmap", "--real", tmp_path / "flat", "--output", tmp_path / "out") == 2
    assert "telling classes apart" in capsys.readouterr().err
    write_images(tmp_path / "real", 24, classes=("a", "b"))
    write_images(tmp_path / "few", 6, classes=("a", "b"), seed=1)
    write_images(tmp_path / "other", 6, seed=2)
    sets = ("--synthetic", f"few={tmp_path / 'few'}", "--synthetic", f"other={tmp_path / 'other'}")
    options = ("--permutations", 19, "--stride", 16, "--output", tmp_path / "out")
    assert call("bias", "heatmap", "--real", tmp_path / "real", *sets, *options) == 0
    said = capsys.readouterr()
    assert "other has no image of the real set's classes" in said.err
    assert "at least 10 of each. It was not probed." in said.err
    summary = json.loads((tmp_path / "out" / "bias.json").read_text())
    assert [one["name"] for one in summary["sets"]] == ["real", "few"]
    assert summary["sets"][1]["threshold"] is None
    assert not (tmp_path / "out" / "maps" / "few" / "probe.npy").exists()
