"""`train` and `generate` on the command line."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import pytest

from core.commands.interruptible_progress import InterruptibleProgress
from core.errors import CancelledError
from tests.core.test_cli import call
from tests.images import write_images

TINY = ("--set", "n_images=16", "--set", "width=8", "--set", "batch_size=8", "--set", "is_conditional=true")


def test_train_resume_generate(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = write_images(tmp_path / "real", 16, classes=("a", "b"))
    run, out = tmp_path / "run", tmp_path / "out"
    command = ("train", "dcgan", "--real", real, "--output", run, "--device", "cpu", *TINY)
    assert call(*command) == 0
    assert "1,000 images" in capsys.readouterr().out
    record = json.loads((run / "run.json").read_text())
    assert (record["family"], record["classes"], record["n_images"]) == ("dcgan", ["a", "b"], [8, 8])
    # The user's folders are nobody else's business.
    assert str(tmp_path) not in "".join(path.read_text() for path in run.rglob("*.json*"))
    before = (run / "gan" / "state.safetensors").read_bytes()
    cost = json.loads((run / "efficiency.json").read_text())
    # What was measured stays, unless it was while less had been trained.
    for seconds, device in ((cost["training_seconds"], "there"), (0.0, cost["device"])):
        changed = cost | {"training_seconds": seconds, "device": "there"}
        (run / "efficiency.json").write_text(json.dumps(changed))
        assert call(*command) == 0
        assert json.loads((run / "efficiency.json").read_text())["device"] == device
    assert (run / "gan" / "state.safetensors").read_bytes() == before
    assert call(*command, "--set", "seed=1") == 2
    assert "seed is 0 there, 1 here" in capsys.readouterr().err
    assert call("generate", "--model", run, "--count", 4, "--output", out, "--device", "cpu") == 0
    assert len(list(out.glob("[ab]/*.png"))) == 4
    assert call("generate", "--model", out, "--count", 4, "--output", out) == 2
    assert "no trained generator" in capsys.readouterr().err
    compare_costs(run, tmp_path, capsys)


def compare_costs(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`efficiency` of a run as training measured it, of one without, and measured anew."""
    twin = Path(shutil.copytree(run, tmp_path / "twin"))
    kept = json.loads((twin / "efficiency.json").read_text())
    (twin / "efficiency.json").write_text(json.dumps(kept | {"device": "H100", "seconds_per_1000": 2.0}))
    table = tmp_path / "costs.csv"
    assert call("efficiency", run, twin, "--output", table) == 0
    shown = capsys.readouterr().out
    assert "Drawn on H100: twin takes 2 s for 1,000 images" in shown and "Drawn on CPU" in shown
    assert "DCGAN, 32 px" in shown and f"{kept['n_parameters']:,} parameters" in shown
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["generator"], row["drawn_on"]) for row in rows] == [
        ("run", kept["device"]), ("twin", "H100"),
    ]  # fmt: skip
    assert float(rows[0]["time_1000_images_s"]) == kept["seconds_per_1000"]
    (twin / "efficiency.json").unlink()
    assert call("efficiency", twin) == 2
    assert "--measure" in capsys.readouterr().err
    assert call("efficiency", twin, "--measure", "--device", "cpu") == 0
    anew = json.loads((twin / "efficiency.json").read_text())
    assert (anew["n_parameters"], anew["training_seconds"]) == (
        kept["n_parameters"],
        kept["training_seconds"],
    )
    assert call("efficiency", tmp_path) == 2
    assert "no trained generator" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bogus",), "no family of generators 'bogus'"),
        (("dcgan", "--preset", "bogus"), "no preset 'bogus'"),
        (("dcgan", "--set", "size_px=33"), "not 33"),
        (("dcgan", "--set", "batch_size=0"), "batch_size"),
        (("dcgan",), "--real DIR"),
    ],
)
def test_bad_choices_are_one_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", *arguments) == 2
    shown = capsys.readouterr().err
    assert words in shown and len(shown.strip().splitlines()) == 1


def test_options_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "dcgan", "--preset", "published", "--show-options") == 0
    assert "generator_rate=0.0002" in capsys.readouterr().out


def test_ctrl_c_is_heard_at_the_next_step() -> None:
    earlier = signal.getsignal(signal.SIGINT)
    with InterruptibleProgress() as progress:
        progress.start("Training", 2)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(CancelledError):
            progress.advance()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is earlier
