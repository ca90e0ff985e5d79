"""`python -m core dataset patches` and `montage`, as a user calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.cli import main
from core.config import get_settings
from tests.slides import paint_slide, per_cm, write_pyramid


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("MEDSYN_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["dataset", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_patches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "slides", tmp_path / "out"
    source.mkdir()
    write_pyramid(source / "P7_a.tif", paint_slide(256, 256, [(0, 0, 128)]), **per_cm(0.25))
    (source / "broken.svs").write_bytes(b"II*\0")
    Image.fromarray(np.repeat([[3, 4]], 2, axis=0).astype(np.uint8)).save(tmp_path / "mask.png")
    arguments = ["--slide", source / "P7_a.tif", "--size", 32, "--mpp", 0.5, "--patient-pattern", "P[0-9]+"]
    masked = ["--mask", tmp_path / "mask.png", "--mask-labels", "3=tumour,4=stroma"]
    assert call("patches", *arguments, *masked, "--output", out) == 0
    shown = capsys.readouterr().out
    assert "4 patches of 1 slide; left out: 12 background." in shown
    assert "tumour: 4" in shown
    table = pd.read_csv(out / "labels.csv")
    assert table["patient"].tolist() == ["P7"] * 4
    assert table["file"][0] == "patches/tumour/P7_a_0_0.png"
    assert (
        call("patches", "--slide", source, "--magnification", 40, "--size", 64, "--output", tmp_path / "b")
        == 0
    )
    assert "Left out broken.svs: its TIFF directory is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--mpp", 1, "--level", 1], "give one of mpp, magnification and level"),
        (["--overlap", 300], "overlap is smaller than size"),
        (["--mask-labels", "1=a"], "--mask and --mask-labels go together"),
        (["--slide", "/nowhere"], "The slides are not there"),
    ],
)
def test_wrong_patches_end_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[object], words: str
) -> None:
    write_pyramid(tmp_path / "a.tif", paint_slide(64, 64, []), factors=(1,))
    assert call("patches", "--slide", tmp_path / "a.tif", "--output", tmp_path / "o", *more) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_montage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.zeros((9, 12, 12), np.int16)
    values[:, 3:9, 3:9] = 50
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "a.npy", values)
    (tmp_path / "in" / "b.txt").write_text("none")
    arguments = ["--volumes", tmp_path / "in", "--size", 32, "--intensity", "soft-tissue"]
    assert call("montage", *arguments, "--output", tmp_path / "out") == 0
    captured = capsys.readouterr()
    assert "2 montages of 1 volume; window: center 40, width 400." in captured.out
    assert "Left out b.txt" in captured.err
    assert "Warning: The spacing of 1 of 1 volumes is not known" in captured.err
    assert len(pd.read_csv(tmp_path / "out" / "labels.csv")) == 2
    for more, words in (
        (["--slices", 5], "a square of 1, 4, 9"),
        (["--plane", "up"], "plane"),
        (["--intensity", "x"], "--intensity takes"),
    ):
        assert call("montage", *arguments, "--output", tmp_path / "o", *more) == 2
        assert words in capsys.readouterr().err
