"""Any folder split by patient: who stays together, and which pictures are found in two parts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.config import Settings, get_settings
from core.errors import InputError
from core.progress import SilentProgress
from core.recipes.folder_split import SplitRequest, split_folder
from core.recipes.part_folders import SplitImage, list_placements
from core.recipes.parts import parse_parts
from core.recipes.placing import PlacingMode


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return get_settings()


def draw(seed: int) -> NDArray[np.uint8]:
    """A smooth picture unlike those of other seeds."""
    coarse = np.random.default_rng(seed).integers(30, 220, (9, 9)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((72, 72), Image.Resampling.BICUBIC))


def save(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Eight patients of two classes, two pictures each: `ill/p3_1.png`."""
    for patient in range(8):
        for number in range(2):
            name = f"p{patient}_{number}.png"
            save(tmp_path / "films" / ("ill", "well")[patient % 2] / name, draw(10 * patient + number))
    return tmp_path / "films"


@pytest.fixture
def request_(films: Path, settings: Settings) -> SplitRequest:
    return SplitRequest(
        images=films,
        labels=None,
        patient_pattern=r"^(p\d)_",
        columns=(),
        parts=parse_parts("50/25/25", ("train", "heldout", "test")),
        join_look_alikes=False,
        only_exact=False,
        seed=0,
        mode=PlacingMode.COPY,
        keep_patient_ids=True,
    )


def split(request: SplitRequest, output: Path) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """The report, the list of labels and the leaks, as written."""
    split_folder(request, output, settings=get_settings(), workers=1, progress=SilentProgress())
    numbers = json.loads((output / "report.json").read_text())
    tables = [pd.read_csv(output / name, dtype=str) for name in ("labels.csv", "leaks.csv")]
    return numbers, tables[0], tables[1]


def change(request: SplitRequest, **changes: Any) -> SplitRequest:
    return SplitRequest(**{name: getattr(request, name) for name in SplitRequest.__slots__} | changes)


def find_part(table: pd.DataFrame, name: str) -> str:
    return str(table.loc[table["file"].str.endswith(name), "part"].item())


def test_patients_stay_whole_and_classes_even(request_: SplitRequest, tmp_path: Path) -> None:
    numbers, table, leaks = split(request_, tmp_path / "out")
    assert {name: part["images"] for name, part in numbers["parts"].items()} == {
        "train": 8, "heldout": 4, "test": 4
    }  # fmt: skip
    assert {name: part["classes"] for name, part in numbers["parts"].items()} == {
        "train": {"ill": 4, "well": 4}, "heldout": {"ill": 2, "well": 2}, "test": {"ill": 2, "well": 2}
    }  # fmt: skip
    assert table.groupby("patient")["part"].nunique().max() == 1
    assert set(table["patient"]) == {f"p{patient}" for patient in range(8)}
    for file, label in zip(table["file"], table["label"], strict=True):
        written = tmp_path / "out" / file
        assert written.read_bytes() == (request_.images / label / written.name).read_bytes()
    assert (numbers["n_leaks"], len(leaks)) == (0, 0)


def test_pictures_of_two_patients_are_found_or_kept_together(request_: SplitRequest, tmp_path: Path) -> None:
    # Pairs of one class, so that an even split parts them.
    pairs = {"same file": (0, 2), "same pixels": (4, 6), "look alike": (1, 3)}
    for kind, (one, other) in pairs.items():
        first, second = (next(request_.images.rglob(f"p{patient}_0.png")) for patient in (one, other))
        if kind == "same file":
            shutil.copy(first, second)
        elif kind == "same pixels":
            Image.fromarray(np.asarray(Image.open(first))).save(second, compress_level=0)
        else:
            save(second, np.ascontiguousarray(np.rot90(np.asarray(Image.open(first)) // 2 + 50)))

    def is_parted(seed: int) -> bool:
        quick = change(request_, seed=seed, only_exact=True, mode=PlacingMode.MANIFEST)
        table = split(quick, tmp_path / f"{seed}")[1]
        return all(
            find_part(table, f"p{one}_0.png") != find_part(table, f"p{other}_0.png")
            for one, other in pairs.values()
        )

    seed = next(filter(is_parted, range(40)))
    numbers, table, leaks = split(change(request_, seed=seed), tmp_path / "out")
    assert numbers["leaks"] == dict.fromkeys(pairs, 1)
    assert numbers["n_leaks"] == len(leaks) == 3
    assert any("--join-look-alikes" in warning for warning in numbers["warnings"])
    for leak in leaks.itertuples():
        names = [Path(str(file)).name for file in (leak.file, leak.other_file)]
        assert sorted(names) == [f"p{patient}_0.png" for patient in pairs[str(leak.kind)]]
        assert [leak.part, leak.other_part] == [find_part(table, name) for name in names]
        assert ("90°" in str(leak.transform)) if leak.kind == "look alike" else float(str(leak.distance)) == 0
    joined, table, _ = split(change(request_, seed=seed, join_look_alikes=True), tmp_path / "joined")
    assert (joined["n_leaks"], joined["joined"]) == (0, 3)
    for pair in pairs.values():
        assert (
            len({find_part(table, f"p{patient}_{number}.png") for patient in pair for number in (0, 1)}) == 1
        )


def test_without_patients_pictures_that_show_the_same_stay_together(
    request_: SplitRequest, tmp_path: Path
) -> None:
    for number in range(4):
        copy = np.ascontiguousarray(np.rot90(draw(0), number) // 2 + 10 * number)
        save(request_.images / "ill" / f"twin_{number}.png", copy)
    numbers, table, _ = split(change(request_, patient_pattern=None), tmp_path / "out")
    assert len({find_part(table, name) for name in ("p0_0.png", *(f"twin_{n}.png" for n in range(4)))}) == 1
    assert (numbers["n_leaks"], numbers["joined"], numbers["patients_not_known"]) == (0, 4, 20)
    assert "patient" not in table.columns


def test_a_csv_gives_classes_patients_and_further_columns(request_: SplitRequest, tmp_path: Path) -> None:
    for path in sorted(request_.images.rglob("*.png")):
        shutil.move(path, request_.images / path.name)
    rows = "".join(
        f"p{p}_{n}.png,{'a/b' if p % 2 else '..'},{p},{'FM'[p % 2]},Smith\n"
        for p in range(7)
        for n in range(2)
    )
    labels = tmp_path / "labels.csv"
    labels.write_text(f"file,label,patient,sex,surname\n{rows}", encoding="utf-8")
    asked = change(
        request_,
        labels=labels,
        patient_pattern=None,
        columns=("sex",),
        keep_patient_ids=False,
        only_exact=True,
    )
    numbers, table, _ = split(asked, tmp_path / "out")
    assert list(table.columns) == ["file", "label", "patient", "sex", "part"]
    assert (set(table["label"]), set(table["sex"]), len(table)) == ({"a/b", ".."}, {"F", "M"}, 14)
    assert table["patient"].str.fullmatch("[0-9a-f]{16}").all()
    assert {path.name for path in (tmp_path / "out/train").iterdir()} == {"a_b", "_"}
    assert any("Images without a class are left out, p7_0.png first" in one for one in numbers["warnings"])
    assert "Smith" not in (tmp_path / "out/report.json").read_text() + table.to_csv()


def test_classes_whose_folders_would_be_one_get_two() -> None:
    images = [SplitImage("x.png", Path("/x"), "train", label, None) for label in ("a/b", "a:b", "A_B", "...")]
    targets = [one.target for one in list_placements(images)]
    assert len({target.casefold() for target in targets}) == 4
    assert all(target.startswith("train/") and target.endswith("/x.png") for target in targets)
    assert not any(part in ("", "..", ".") for target in targets for part in target.split("/"))


def test_a_pattern_with_a_slash_looks_at_the_path(request_: SplitRequest, tmp_path: Path) -> None:
    _, table, _ = split(change(request_, patient_pattern="/p[0-9]", only_exact=True), tmp_path / "out")
    assert set(table["patient"]) == {f"/p{patient}" for patient in range(8)}


def test_files_that_are_no_images_are_counted(request_: SplitRequest, tmp_path: Path) -> None:
    (request_.images / "ill/notes.txt").write_text("Smith, John")
    numbers, _, _ = split(change(request_, only_exact=True), tmp_path / "out")
    assert numbers["images"] == {"readable": 16, "unreadable": 1, "first_unreadable": ["ill/notes.txt"]}


def test_refusals_say_what_to_change(request_: SplitRequest, tmp_path: Path) -> None:
    exact = change(request_, only_exact=True)
    for changes, message in (
        ({"images": tmp_path / "gone"}, "is not there"),
        ({"patient_pattern": "("}, "no regular expression"),
        ({"patient_pattern": "xyz"}, r"matches no file's name, such as 'p0_0\.png'"),
        ({"columns": ("sex",)}, "name it by --labels"),
        ({"patient_pattern": "^p"}, "3 parts need at least 3 patients, but there is 1"),
        ({"labels": tmp_path / "gone.csv"}, "cannot be read as a CSV"),
    ):
        with pytest.raises(InputError, match=message):
            split(change(exact, **changes), tmp_path / "out")
    with pytest.raises(InputError, match="lies within the folder of the images"):
        split(exact, request_.images / "out")
    assert not (tmp_path / "out").exists()


def test_pictures_that_all_show_the_same_cannot_be_parted(request_: SplitRequest, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(request_.images.rglob("*.png"))):
        save(path, np.rot90(draw(0), number % 4).copy())
    with pytest.raises(InputError, match="3 parts need at least 3 different pictures, but there is 1"):
        split(change(request_, patient_pattern=None), tmp_path / "out")
