"""MM-FID and MM-STD: closed form, invariance to an extractor's scale, errors."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.multiscale import compute_mm_fid, compute_mm_std


def test_closed_form() -> None:
    score = compute_mm_fid(distances={"a": [3.0, 4.0], "b": [0.0, 5.0]}, n_real=10, n_synthetic=20)
    np.testing.assert_allclose(score.normalised, [[0.6, 0.8], [0.0, 1.0]])
    assert score.estimate.value == pytest.approx(0.6)
    assert score.spread == pytest.approx(np.std([0.6, 0.8, 0.0, 1.0]))
    assert (score.estimate.n_real, score.estimate.n_synthetic) == (10, 20)
    assert score.estimate.low is None and "no interval" in score.estimate.note


def test_an_extractors_scale_does_not_count() -> None:
    plain = compute_mm_std(deviations={"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 1.0]}, n_synthetic=5)
    scaled = compute_mm_std(deviations={"a": [100.0, 200.0, 300.0], "b": [3.0, 1.0, 1.0]}, n_synthetic=5)
    assert plain.estimate.value == pytest.approx(scaled.estimate.value)
    assert plain.estimate.n_real == 0


def test_equal_values_over_four_resolutions_give_one_half() -> None:
    score = compute_mm_fid(distances={"a": [7.0] * 4, "b": [0.1] * 4}, n_real=1, n_synthetic=1)
    assert score.estimate.value == pytest.approx(0.5)
    assert score.spread == pytest.approx(0.0, abs=1e-12)


def test_an_extractor_that_sees_no_difference_stays_at_zero() -> None:
    score = compute_mm_fid(distances={"a": [0.0, 0.0], "b": [3.0, 4.0]}, n_real=1, n_synthetic=1)
    assert score.estimate.value == pytest.approx(0.35)


@pytest.mark.parametrize(
    "rows",
    [{}, {"a": []}, {"a": [1.0], "b": [1.0, 2.0]}, {"a": [np.nan]}, {"a": [-1.0]}, {"a": [np.inf, 1.0]}],
)
def test_errors(rows: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match=r"resolutions|finite"):
        compute_mm_fid(distances=rows, n_real=1, n_synthetic=1)
    with pytest.raises(ValueError, match=r"resolutions|finite"):
        compute_mm_std(deviations=rows, n_synthetic=1)
