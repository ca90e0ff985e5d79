"""The command line: the contract that other programs rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from tests.images import write_images

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folders(tmp_path: Path, workspace: Path) -> dict[str, Path]:
    return {
        name: write_images(tmp_path / name, n, seed=seed, classes=("A", "B"))
        for name, n, seed in (("train", 20, 1), ("gan", 16, 2), ("vae", 16, 3), ("heldout", 14, 4))
    }


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def read(folder: Path) -> dict[str, object]:
    return json.loads((folder / "audit.json").read_text())


def test_audit_writes_everything_and_says_where(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = call(
        "audit", "--real", folders["train"], "--synthetic", f"GAN={folders['gan']}", "--synthetic", folders["vae"],
        "--heldout", folders["heldout"], "--extractor", "pixels", "--nearest-k", 3, "--seed", 7, "--output", out,
    )  # fmt: skip
    assert code == 0
    assert {path.name for path in out.iterdir()} == {
        "audit.json", "metrics.csv", "copies.csv", "items.parquet", "pairs.parquet", "mean_images", "mean_images.npz",
        "report.html",
    }  # fmt: skip
    audit = read(out)
    assert [one["name"] for one in audit["sets"]] == ["real", "heldout", "GAN", "vae"]
    assert audit["protocol"]["choices"]["nearest_k"] == 3
    assert audit["protocol"]["choices"]["seed"] == 7
    assert str(out / "report.html") in capsys.readouterr().out


def test_the_predecessors_spellings_keep_working(folders: dict[str, Path], tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert (
        call("audit", "-i", folders["gan"], "-r", folders["train"], "-o", first, "--extractor", "pixels") == 0
    )
    assert [one["name"] for one in read(first)["sets"]] == ["real", "gan"]
    code = call(
        "audit", "--data_dir", folders["gan"], "--ref_dir", folders["train"], "--output_dir", second,
        "--num_channels", 1, "--class_names", "A,B", "--nearest_k", 5, "--gpu_ids", 0, "--extractor", "pixels",
        "-d", folders["vae"],
    )  # fmt: skip
    assert code == 0
    choices = read(second)["protocol"]["choices"]
    assert (choices["num_channels"], choices["class_names"], choices["nearest_k"]) == (1, ["A", "B"], 5)
    assert [one["name"] for one in read(second)["sets"]] == ["real", "gan", "vae"]


def test_one_number_per_protocol_whatever_the_spelling(folders: dict[str, Path], tmp_path: Path) -> None:
    for name, options in (("a", ("--real", "--synthetic", "--output")), ("b", ("-r", "-i", "-o"))):
        real, synthetic, output = options
        call("audit", real, folders["train"], synthetic, f"g={folders['gan']}", output, tmp_path / name,
             "--extractor", "pixels")  # fmt: skip
    first, second = (pd.read_csv(tmp_path / name / "metrics.csv") for name in ("a", "b"))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--real": "nowhere"}, "real set is not there"),
        ({"--synthetic": "gan=nowhere"}, "synthetic set 'gan' is not there"),
        ({"--synthetic": "=x"}, "NAME=DIR"),
        ({"--extractor": "bogus"}, "no extractor 'bogus'"),
        ({"--extractor": "inception-fid"}, "MEDSYN_WEIGHTS_DIR"),
        ({"--num-channels": "2"}, "1 or 3"),
        ({"--resize": "bogus"}, "bogus"),
        ({"--nearest-k": "0"}, "--nearest-k"),
        ({"--labels": "nowhere.csv"}, "labels file"),
        ({"--class-names": "Z"}, "its classes are: A, B"),
        ({"--select_model": "vqvae_top"}, "--select_model vqvae_top"),
        ({"--bogus": "1"}, "--bogus"),
        ({"--resolution": "4"}, "--resolution"),
    ],
    ids=lambda value: " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else None,
)
def test_bad_input_is_one_line_and_status_two(
    folders: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    words: str,
) -> None:
    options = {
        "--real": str(folders["train"]),
        "--synthetic": f"gan={folders['gan']}",
        "--output": str(tmp_path / "out"),
        "--extractor": "pixels",
    } | change
    assert call("audit", *[part for pair in options.items() for part in pair]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.err.startswith("Error: ")
    assert words in captured.err
    assert not (tmp_path / "out" / "audit.json").exists()


def test_missing_options_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("audit") == 2
    assert "--real" in capsys.readouterr().err


def test_extract_writes_a_table_that_pandas_reads(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "features.parquet"
    assert call("extract", "--images", folders["gan"], "--extractor", "pixels", "--output", out) == 0
    table = pd.read_parquet(out)
    assert len(table) == 16
    assert list(table.columns) == ["item", "digest", "label", "patient", "features"]
    assert set(table["label"]) == {"A", "B"}
    assert len({len(row) for row in table["features"]}) == 1


def test_extract_takes_parquet_only(folders: dict[str, Path], tmp_path: Path) -> None:
    assert call("extract", "--images", folders["gan"], "--output", tmp_path / "x.csv") == 2


def test_extractors_lists_what_is_there(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("extractors") == 0
    shown = capsys.readouterr().out
    for name in ("inception-fid", "timm:", "texture", "random-conv", "pixels", "MEDSYN_WEIGHTS_DIR"):
        assert name in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert "MedSynAudit" in capsys.readouterr().out


@pytest.mark.slow
def test_the_module_runs_as_a_program(folders: dict[str, Path], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "core", "audit", "--real", folders["train"], "--synthetic",
         folders["gan"], "--output", tmp_path / "out"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "No number here is an FID" in done.stderr
    assert "No number here is an FID" in done.stdout
    assert (tmp_path / "out" / "report.html").is_file()


def test_an_output_inside_an_image_set_is_refused(
    folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for inside in (folders["train"] / "out", folders["gan"]):
        assert call("audit", "-r", folders["train"], "-i", folders["gan"], "-o", inside) == 2
        assert "lies inside the image set" in capsys.readouterr().err
    assert not (folders["train"] / "out").exists()


def test_a_failed_run_leaves_no_empty_output_folder(folders: dict[str, Path], tmp_path: Path) -> None:
    assert call("audit", "-r", tmp_path / "nowhere", "-i", folders["gan"], "-o", tmp_path / "out") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_console_without_arrows_shows_the_table_all_the_same(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", "audit", "-r", folders["train"], "-i", folders["gan"], "-o",
         tmp_path / "out", "--extractor", "pixels"],
        cwd=ROOT, capture_output=True, check=False, timeout=300, env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"precision" in done.stdout
