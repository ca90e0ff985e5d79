from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, laplace

from core.datasets.phantoms import (
    LABELS,
    SYNTHETIC_SETS,
    DemoStudy,
    PhantomProcess,
    draw_phantom,
    write_demo,
)
from core.datasets.phantoms.fields import draw_noise
from core.errors import CancelledError, InputError, StoreError, UnknownNameError
from core.progress import SilentProgress

SIZES = {"size_px": 48, "n_real": 40, "n_heldout": 16, "n_synthetic": 24}
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoStudy:
    return write_demo(tmp_path_factory.mktemp("phantoms") / "demo", seed=3, **SIZES)


def read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_set(folder: Path) -> dict[str, NDArray[np.uint8]]:
    return {path.relative_to(folder).as_posix(): read(path) for path in sorted(folder.rglob("*.png"))}


def digest_tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def correlate(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


# --- one film ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size_px", [32, 47, 128, 200])
def test_a_film_has_the_size_asked_for(size_px: int) -> None:
    film = draw_phantom(1, 2, "pneumonia", size_px, marker=True)
    assert film.shape == (size_px, size_px)
    assert film.dtype == np.uint8


def test_the_same_seeds_give_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from core.datasets.phantoms import draw_phantom\n"
        "print(hashlib.sha256(draw_phantom(11, 4, 'pneumonia', 96, marker=True).tobytes()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    here = draw_phantom(11, 4, "pneumonia", 96, marker=True)
    assert run.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


def test_grey_values_stay_what_they_were() -> None:
    # Means over quarters, to one grey level: a change of the process shows, another libm does not.
    # After a wanted change, raise the demo's version and put the new means here.
    quarters = [
        draw_phantom(5, index, label, 64, marker=False).reshape(2, 32, 2, 32).mean(axis=(1, 3)).ravel()
        for index, label in enumerate(LABELS)
    ]
    np.testing.assert_allclose(quarters, PINNED_MEANS, atol=1.0)


PINNED_MEANS = [[135.94, 117.2, 161.55, 149.75], [152.57, 159.22, 193.9, 195.45]]


def test_films_look_like_chests() -> None:
    films = [film.pixels for film in PhantomProcess(seed=1).draw("normal", 30)]
    mean = np.mean(films, axis=0)
    lungs = (mean[45:65, 28:42].mean() + mean[45:65, 88:98].mean()) / 2
    mediastinum = mean[45:65, 58:68].mean()
    abdomen = mean[110:125, 40:90].mean()
    beside_the_neck = mean[2:8, 100:120].mean()
    assert lungs + 50 < mediastinum
    assert lungs + 50 < abdomen
    assert beside_the_neck < lungs
    assert all(np.ptp(film) > 150 for film in films)
    assert min(np.abs(a.astype(int) - b).mean() for a, b in pairwise(films)) > 3


def test_the_heart_points_to_the_patients_left() -> None:
    mean = np.mean([film.pixels for film in PhantomProcess(seed=1).draw("normal", 30)], axis=0)
    assert mean[68:78, 78:86].mean() > mean[68:78, 42:50].mean() + 20


def test_films_of_a_patient_resemble_each_other() -> None:
    same, other = [], []
    for patient in range(12):
        first, second = (draw_phantom(patient, index, "normal", 64, marker=False) for index in (0, 1))
        stranger = draw_phantom(patient + 100, 1, "normal", 64, marker=False)
        assert not np.array_equal(first, second)
        same.append(correlate(first, second))
        other.append(correlate(first, stranger))
    assert np.mean(same) > np.mean(other) + 0.02


def test_opacities_whiten_the_lungs_and_nothing_else() -> None:
    gain = []
    for patient in range(12):
        healthy = draw_phantom(patient, 0, "normal", 64, marker=False, texture=0.0).astype(int)
        ill = draw_phantom(patient, 0, "pneumonia", 64, marker=False, texture=0.0).astype(int)
        assert (ill - healthy).min() > -25  # scatter and vessels move a little
        gain.append((ill - healthy)[16:44, 8:56].mean())
    assert min(gain) > 0.5
    assert np.mean(gain) > 5


def test_the_marker_is_bright_and_alone_in_the_corner() -> None:
    for patient in range(8):
        plain = draw_phantom(patient, 0, "normal", 128, marker=False)
        marked = draw_phantom(patient, 0, "normal", 128, marker=True)
        rows, columns = np.nonzero(plain != marked)
        assert rows.size >= 50
        assert rows.min() >= 3
        assert max(rows.max(), columns.max()) < 32
        assert np.percentile(marked[plain != marked], 50) > 220


def test_marker_places_differ() -> None:
    corners = {
        tuple(np.argwhere(film.pixels[:32, :32] > 230).min(axis=0))
        for film in PhantomProcess(seed=2).draw("normal", 20)
    }
    assert len(corners) > 4


def test_texture_takes_away_detail_only() -> None:
    full = draw_phantom(3, 0, "normal", 128, marker=False).astype(float)
    smooth = draw_phantom(3, 0, "normal", 128, marker=False, texture=0.2).astype(float)
    assert np.median(np.abs(laplace(smooth))) < 0.6 * np.median(np.abs(laplace(full)))
    assert np.abs(gaussian_filter(smooth, 6) - gaussian_filter(full, 6)).max() < 25


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="normal, pneumonia"):
        draw_phantom(0, 0, "covid", marker=False)
    with pytest.raises(UnknownNameError, match="normal, pneumonia"):
        next(PhantomProcess().draw("covid", 1))


def test_smooth_noise_has_the_stated_moments() -> None:
    rng = np.random.default_rng(0)
    fields = np.stack([draw_noise(rng, 64, 12) for _ in range(50)])
    assert abs(fields.mean()) < 0.05
    assert fields.var() == pytest.approx(1.0, abs=0.15)


# --- the process ------------------------------------------------------------------------------------------


def test_a_shorter_draw_is_the_beginning_of_a_longer_one() -> None:
    process = PhantomProcess(seed=4, size_px=32)
    short, long = list(process.draw("normal", 5)), list(process.draw("normal", 9))
    assert [(film.patient, film.index) for film in short] == [(film.patient, film.index) for film in long[:5]]
    for first, second in zip(short, long, strict=False):
        np.testing.assert_array_equal(first.pixels, second.pixels)


def test_patients_have_one_to_three_films() -> None:
    films = Counter(film.patient for film in PhantomProcess(seed=4, size_px=32).draw("normal", 90))
    assert set(films.values()) == {1, 2, 3}
    assert sorted(films) == list(range(len(films)))


def test_cohorts_seeds_and_classes_share_no_film() -> None:
    digests = [
        film.pixels.tobytes()
        for process in (
            PhantomProcess(0, 0, 32, ()),
            PhantomProcess(0, 1, 32, ()),
            PhantomProcess(1, 0, 32, ()),
        )
        for label in LABELS
        for film in process.draw(label, 6)
    ]
    assert len(set(digests)) == len(digests)


# --- the demo ---------------------------------------------------------------------------------------------


def test_every_set_has_its_films(demo: DemoStudy) -> None:
    assert len(read_set(demo.real)) == SIZES["n_real"]
    assert len(read_set(demo.heldout)) == SIZES["n_heldout"]
    assert tuple(demo.synthetic) == SYNTHETIC_SETS
    for folder in demo.synthetic.values():
        assert {path.name: len(list(path.iterdir())) for path in folder.iterdir()} == dict.fromkeys(
            LABELS, 12
        )
    sizes = {film.shape for folder in demo.synthetic.values() for film in read_set(folder).values()}
    assert sizes == {(48, 48)}


def test_labels_name_every_film_once_and_patients_stay_in_one_set(demo: DemoStudy) -> None:
    rows = read_rows(demo.labels)
    files = [row["file"] for row in rows]
    assert sorted(files) == sorted(
        path.relative_to(demo.folder).as_posix() for path in demo.folder.rglob("*.png")
    )
    homes: dict[str, set[str]] = {}
    for row in rows:
        assert row["label"] == Path(row["file"]).parent.name
        if row["file"].startswith("synthetic/"):
            assert row["patient"] == ""
        else:
            assert Path(row["file"]).name.startswith(row["patient"] + "_")
            homes.setdefault(row["patient"], set()).add(row["file"].split("/")[0] + row["label"])
    assert all(len(home) == 1 for home in homes.values())


def test_truth_has_one_row_a_synthetic_film(demo: DemoStudy) -> None:
    rows = read_rows(demo.truth)
    named = [f"synthetic/{row['set']}/{row['item']}" for row in rows]
    assert sorted(named) == sorted(
        path.relative_to(demo.folder).as_posix() for path in (demo.folder / "synthetic").rglob("*.png")
    )
    assert {(row["set"], row["fault"]) for row in rows} == {
        ("fresh", "none"),
        ("copies", "none"),
        ("copies", "copy"),
        ("collapsed", "mode-collapse"),
        ("blurred", "blur"),
        ("marker-inherited", "marker"),
        ("marker-inherited", "none"),
        ("marker-free", "none"),
    }


def test_copies_are_what_the_truth_says(demo: DemoStudy) -> None:
    fresh, copies = read_set(demo.synthetic["fresh"]), read_set(demo.synthetic["copies"])
    seen = Counter[str]()
    for row in read_rows(demo.truth):
        if row["set"] != "copies":
            continue
        item = copies[row["item"]]
        if row["fault"] == "none":
            assert row["source"] == ""
            np.testing.assert_array_equal(item, fresh[row["item"]])
            continue
        seen[row["transform"]] += 1
        source = demo.real / row["source"]
        assert source.parent.name == Path(row["item"]).parent.name
        same_bytes = (demo.synthetic["copies"] / row["item"]).read_bytes() == source.read_bytes()
        assert same_bytes == (row["transform"] == "byte-copy")
        pixels = read(source)
        np.testing.assert_array_equal(
            item, pixels[:, ::-1] if row["transform"] == "flip-left-right" else pixels
        )
    # Two a class, the least there is: one exact and one flipped, the exact ones of either kind.
    assert seen == {"byte-copy": 1, "re-encoded": 1, "flip-left-right": 2}


def test_copies_are_five_per_cent_of_the_real_set(tmp_path: Path) -> None:
    study = write_demo(tmp_path / "demo", size_px=32, n_real=160, n_heldout=8, n_synthetic=24)
    sources = [row["source"] for row in read_rows(study.truth) if row["fault"] == "copy"]
    assert len(sources) == len(set(sources)) == 8
    kinds = Counter(row["transform"] for row in read_rows(study.truth) if row["fault"] == "copy")
    assert kinds == {"byte-copy": 2, "re-encoded": 2, "flip-left-right": 4}


def test_a_collapsed_set_has_three_modes_a_class(demo: DemoStudy) -> None:
    collapsed = read_set(demo.synthetic["collapsed"])
    modes: dict[str, list[NDArray[np.uint8]]] = {}
    for row in read_rows(demo.truth):
        if row["set"] == "collapsed":
            modes.setdefault(Path(row["item"]).parent.name + row["transform"], []).append(
                collapsed[row["item"]]
            )
    assert len(modes) == 6
    leaders = [films[0] for films in modes.values()]
    between = [correlate(a, b) for i, a in enumerate(leaders) for b in leaders[:i]]
    within = [correlate(films[0], film) for films in modes.values() for film in films[1:]]
    assert np.median(within) > np.median(between)
    assert min(within) > 0.93
    assert len({film.tobytes() for film in collapsed.values()}) == len(collapsed)


def test_blur_is_the_only_difference_of_the_blurred_set(demo: DemoStudy) -> None:
    fresh, blurred = read_set(demo.synthetic["fresh"]), read_set(demo.synthetic["blurred"])
    for name, film in fresh.items():
        expected = gaussian_filter(film.astype(float), 1.5 * 48 / 128)
        np.testing.assert_allclose(blurred[name], expected, atol=0.5 + 1e-9)


def test_the_marker_pair_differs_by_the_marker_alone(demo: DemoStudy) -> None:
    inherited, free = read_set(demo.synthetic["marker-inherited"]), read_set(demo.synthetic["marker-free"])
    for name, film in inherited.items():
        differs = film != free[name]
        if name.startswith("normal/"):
            assert differs[:14, :14].sum() >= 8
            differs[:14, :14] = False
        assert not differs.any()


def test_the_smooth_sets_show_the_same_patients_as_the_fresh_one(demo: DemoStudy) -> None:
    fresh, smooth = read_set(demo.synthetic["fresh"]), read_set(demo.synthetic["marker-inherited"])
    names = list(fresh)
    paired = [correlate(fresh[name], smooth[name]) for name in names]
    shuffled = [correlate(fresh[name], smooth[other]) for name, other in zip(names, names[5:], strict=False)]
    assert min(paired) > np.median(shuffled)
    assert np.mean([laplace(f.astype(float)).std() for f in smooth.values()]) < np.mean(
        [laplace(f.astype(float)).std() for f in fresh.values()]
    )


# --- writing ----------------------------------------------------------------------------------------------

SMALL = {"size_px": 32, "n_real": 8, "n_heldout": 8, "n_synthetic": 8}


@dataclass
class Counting(SilentProgress):
    total: int = 0
    done: int = 0
    cancel_at: int = -1

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.total = total

    def advance(self, steps: int = 1) -> None:
        self.done += steps
        if self.done == self.cancel_at:
            raise CancelledError("stopped")


def test_a_finished_demo_is_found_and_left_alone(tmp_path: Path) -> None:
    progress = Counting()
    first = write_demo(tmp_path / "demo", **SMALL, progress=progress)
    assert progress.done == progress.total == 8 + 8 + 6 * 8
    stamps = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    again = Counting()
    assert write_demo(tmp_path / "demo", **SMALL, progress=again) == first
    assert again.done == 0
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == stamps


def test_the_same_seed_writes_the_same_files_and_another_does_not(tmp_path: Path) -> None:
    first = digest_tree(write_demo(tmp_path / "a", **SMALL).folder)
    assert digest_tree(write_demo(tmp_path / "b", **SMALL).folder) == first
    other = digest_tree(write_demo(tmp_path / "c", **SMALL, seed=1).folder)
    assert not {value for name, value in other.items() if name.endswith(".png")} & set(first.values())


def test_other_parameters_replace_the_demo(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo", **SMALL)
    study = write_demo(tmp_path / "demo", **{**SMALL, "n_real": 10})
    assert len(read_set(study.real)) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_another_version_replaces_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = write_demo(tmp_path / "demo", **SMALL)
    stamp = study.folder / "demo.json"
    stamp.write_text(stamp.read_text().replace('"version": ', '"version": 99'))
    progress = Counting()
    write_demo(tmp_path / "demo", **SMALL, progress=progress)
    assert progress.done == progress.total


@pytest.fixture
def finished(tmp_path: Path) -> Iterator[Path]:
    yield write_demo(tmp_path / "demo", **SMALL).folder


def test_cancelling_leaves_the_earlier_demo_as_it_was(finished: Path) -> None:
    before = digest_tree(finished)
    with pytest.raises(CancelledError):
        write_demo(finished, **SMALL, seed=1, progress=Counting(cancel_at=20))
    assert digest_tree(finished) == before
    assert [path.name for path in finished.parent.iterdir()] == ["demo"]


def test_cancelling_a_first_build_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        write_demo(tmp_path / "demo", **SMALL, progress=Counting(cancel_at=20))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_build_left_is_cleared_once_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / ".demo.0000.partial", tmp_path / ".demo.1111.partial"
    for partial in (old, young):
        (partial / "real").mkdir(parents=True)
    os.utime(old, (time.time() - 7200,) * 2)
    write_demo(tmp_path / "demo", **SMALL)
    assert not old.exists()
    assert young.exists()


def test_folders_with_other_files_are_refused_and_kept(finished: Path, tmp_path: Path) -> None:
    (finished / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not the demo's"):
        write_demo(finished, **SMALL, seed=1)
    foreign = tmp_path / "films"
    foreign.mkdir()
    (foreign / "real").mkdir()
    with pytest.raises(InputError, match="not the demo's"):
        write_demo(foreign, **SMALL)
    assert (finished / "notes.txt").read_text() == "mine"
    assert (foreign / "real").is_dir()


def test_an_empty_folder_is_used_and_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert write_demo(tmp_path / "empty", **SMALL).truth.is_file()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write_demo(tmp_path / "file", **SMALL)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_demo(tmp_path / "file" / "demo", **SMALL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": -1}, "seed"),
        ({"size_px": 16}, "at least 32 pixels"),
        ({"n_real": 9}, "n_real"),
        ({"n_heldout": 6}, "n_heldout"),
        ({"n_synthetic": 0}, "n_synthetic"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, int], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        write_demo(tmp_path / "demo", **{**SMALL, **wrong})
    assert list(tmp_path.iterdir()) == []
