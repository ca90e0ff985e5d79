"""The metric benchmark runs and its two sides agree; what it measures is no test's business."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import main


@pytest.mark.slow
def test_both_sides_run_and_agree_on_tiny_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["metrics", "frechet", "prdc", "--images", "60", "--dimension", "8", "--repeats", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# metrics"
    assert len(lines) == 3
    assert all("times as fast" in line and "60 x 8" in line for line in lines[1:])


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"known are: .*metrics"):
        main(["nothing"])
    with pytest.raises(SystemExit):
        main(["metrics", "nothing"])
    assert "known are frechet" in capsys.readouterr().err
