"""HYPE-time of staircases that simulated raters walked down."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.rating.answer_table import tabulate_answers
from core.rating.exposure_threshold import ExposureThreshold, compute_threshold
from core.rating.staircase import HYPE_STAIRCASE


def threshold(exposures: dict[str, list[float]]) -> ExposureThreshold | None:
    rows = [
        (rater, at, f"{at:03d}", "a" if at % 2 else "", "fake" if at % 2 else "real", "fake", exposure)
        for rater, values in exposures.items()
        for at, exposure in enumerate(values)
    ]
    columns = ["rater", "trial", "item", "synthetic", "truth", "answer", "exposure_ms"]
    return compute_threshold(tabulate_answers(pd.DataFrame(rows, columns=columns)).test, seed=0)


def walk(needed_ms: float, *, seed: int, n: int = 150) -> list[float]:
    """Exposures of a rater who is right in 3 of 4 answers at `needed_ms`, in more above it."""
    rng, right, shown = np.random.default_rng(seed), [], []
    for _ in range(n):
        shown.append(HYPE_STAIRCASE.exposure_ms(right))
        chance = 0.5 + 0.5 / (1 + np.exp(-(shown[-1] - needed_ms) / 40))
        right.append(bool(rng.random() < chance))
    return shown


def test_the_mode_is_each_raters_threshold_and_the_mean_the_sessions() -> None:
    up, down = [500.0 - 10 * at for at in range(20)], [300.0] * 12
    found = threshold({"A": up + down, "B": [value + 100 for value in up + down], "C": up + down})
    assert found.by_rater == {"A": 300, "B": 400, "C": 300}
    assert found.mean.value == pytest.approx(1000 / 3)
    assert found.mean.low < found.mean.value < found.mean.high and found.mean.n == 3
    two = threshold({"A": up + [200.0] * 3 + [210.0] * 3, "B": up + down})
    assert two.by_rater["A"] == pytest.approx(330, abs=130)
    assert two.mean.low is None and "Fewer than three" in two.mean.note


@pytest.mark.parametrize("needed_ms", [250.0, 600.0])
def test_staircases_settle_near_the_threshold(needed_ms: float) -> None:
    found = threshold({f"R{at}": walk(needed_ms, seed=at) for at in range(8)})
    assert found.mean.value == pytest.approx(needed_ms, abs=60)
    assert len(found.by_rater) == 8


def test_fixed_exposures_are_no_staircase() -> None:
    fixed = [250.0] * 40
    dropped = [250.0 if at % 5 else 266.7 for at in range(40)]
    assert threshold({"A": fixed, "B": dropped}) is None
    assert threshold({"A": [float("nan")] * 40}) is None
    assert threshold({"A": walk(300, seed=0, n=5)}) is None
