"""`python -m core dataset nih` and `dataset split`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from tests.core.recipes.nih_files import make_rows, write_images, write_list


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    output, errors = capsys.readouterr()
    return int(stop.value.code or 0), output, errors


@pytest.fixture
def nih(workspace: Path, tmp_path: Path) -> list[object]:
    """Arguments that name a small collection."""
    table = write_list(tmp_path / "Data_Entry_2017.csv", make_rows())
    images = write_images(tmp_path / "images", make_rows())
    return ["dataset", "nih", "--csv", table, "--images", images]


@pytest.fixture
def films(workspace: Path, tmp_path: Path) -> Path:
    """Six pictures of six patients, two of which are the same file."""
    (tmp_path / "films").mkdir()
    for patient in range(6):
        pixels = np.random.default_rng(patient % 5).integers(0, 255, (24, 24), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "films" / f"p{patient}.png")
    return tmp_path / "films"


def test_nih_writes_parts_and_says_so(
    capsys: pytest.CaptureFixture[str], nih: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = [*nih, "--labels", "Infiltration,No Finding", "--balance", "--output", out]
    status, output, errors = run(capsys, *asked)
    assert (status, errors) == (0, "")
    assert output.splitlines()[-1] == f"Results: {out}"
    summary = (out / "summary.txt").read_text()
    assert output.startswith(summary)
    for name in ("train", "test", "val"):
        assert f"{name}: " in summary
        assert {path.name for path in (out / name).iterdir()} == {"Infiltration", "No Finding"}
    assert "Patients in more than one part: 0." in summary
    # The same command goes on; another one is refused.
    assert run(capsys, *asked) == (0, output, "")
    status, _, errors = run(capsys, *asked, "--seed", 1)
    assert status == 2
    assert "choose another --output" in errors


def test_nih_by_image_warns_of_patients_on_several_sides(
    capsys: pytest.CaptureFixture[str], nih: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    status, output, _ = run(
        capsys, *nih, "--labels", "No Finding", "--by-image", "--mode", "manifest", "--output", out
    )
    n_astride = json.loads((out / "report.json").read_text())["patients_in_several_parts"]
    assert status == 0
    assert n_astride > 0
    assert f"Warning: {n_astride} patients have images in more than one part" in output
    assert {path.name for path in out.iterdir()} == {".recipe", "labels.csv", "report.json", "summary.txt"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--labels", "Mass"), "those of Data_Entry_2017.csv are: Effusion, Infiltration, No Finding."),
        (("--labels", "No Finding", "--proportions", "1/2"), "has 2 parts and --names has 3"),
        (("--labels", "No Finding", "--official-lists", "gone"), "No such file"),
    ],
)
def test_nih_refuses_in_one_line(
    capsys: pytest.CaptureFixture[str],
    nih: list[object],
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    status, output, errors = run(capsys, *nih, *arguments, "--output", tmp_path / "out")
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert message in errors
    assert not (tmp_path / "out").exists()


def test_split_ends_with_3_where_pictures_leak(
    capsys: pytest.CaptureFixture[str], films: Path, tmp_path: Path
) -> None:
    asked = ["dataset", "split", "--images", films, "--patient-pattern", r"p\d", "--only-exact"]
    asked += ["--proportions", "1/1", "--names", "train,test", "--mode", "link"]
    statuses = {}
    for seed in range(2):
        out = tmp_path / f"out{seed}"
        statuses[seed], output, errors = run(capsys, *asked, "--seed", seed, "--output", out)
        sides = {path.name: path.parent.name for path in out.glob("*/*.png")}
        leaks = (out / "leaks.csv").read_text().splitlines()[1:]
        is_parted = sides["p0.png"] != sides["p5.png"]
        assert (statuses[seed], len(leaks)) == ((3, 1) if is_parted else (0, 0))
        assert ("1 pair of pictures in two parts: 1 as the same file" in output) == is_parted
        assert errors == ""
        assert (out / sides["p0.png"] / "p0.png").samefile(films / "p0.png")
    assert set(statuses.values()) == {0, 3}


def test_split_looks_for_look_alikes_by_itself(
    capsys: pytest.CaptureFixture[str], films: Path, tmp_path: Path
) -> None:
    status, output, _ = run(
        capsys, "dataset", "split", "--images", films, "--output", tmp_path / "out", "--workers", 1
    )
    assert status == 0
    assert "1 of them stays" in output
    assert "No picture was found in two parts (files, pixels and look-alikes compared)." in output
