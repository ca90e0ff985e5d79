"""The feature benchmark runs and both sides agree; what it measures is no test's business."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import main


@pytest.mark.slow
def test_both_sides_run_and_agree(capsys: pytest.CaptureFixture[str]) -> None:
    main(["features", "--batch-size", "2", "--files", "3", "--repeats", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# features"
    assert len(lines) == 7
    assert sum("times as fast" in line for line in lines) == 4
