"""`train` and `generate` on the command line."""

from __future__ import annotations

import json
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
    assert call(*command) == 0
    assert (run / "gan" / "state.safetensors").read_bytes() == before
    assert call(*command, "--set", "seed=1") == 2
    assert "seed is 0 there, 1 here" in capsys.readouterr().err
    assert call("generate", "--model", run, "--count", 4, "--output", out, "--device", "cpu") == 0
    assert len(list(out.glob("[ab]/*.png"))) == 4
    assert call("generate", "--model", out, "--count", 4, "--output", out) == 2
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
