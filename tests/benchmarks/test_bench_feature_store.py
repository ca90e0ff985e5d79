"""The benchmarks as a program: each has a `main`, and the feature store's runs."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.benchmarks import bench_feature_store

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_can_be_run_as_a_program(name: str) -> None:
    assert callable(importlib.import_module(f"tests.benchmarks.{name}").main)


def test_both_runs_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_feature_store.run(12) > 0
    assert "after adding 1 %" in capsys.readouterr().out
