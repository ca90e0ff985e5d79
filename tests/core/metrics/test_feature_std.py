"""Feature standard deviation: closed form, direction, interval."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import TooFewImagesError
from core.metrics.feature_std import compute_feature_std


def test_closed_form() -> None:
    features = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 6.0], [2.0, 6.0]], dtype=np.float32)
    assert compute_feature_std(synthetic=features).value == pytest.approx((1 + 3) / 2)


def test_a_collapsed_set_has_less_and_a_constant_one_none() -> None:
    rng = np.random.default_rng(0)
    varied, collapsed = rng.standard_normal((60, 9)), 0.01 * rng.standard_normal((60, 9)) + 4
    assert compute_feature_std(synthetic=collapsed).high < compute_feature_std(synthetic=varied).low
    constant = compute_feature_std(synthetic=np.full((10, 3), 7.7))
    assert (constant.value, constant.low, constant.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_interval_is_about_the_spread_over_fresh_draws() -> None:
    rng = np.random.default_rng(1)
    estimates = [compute_feature_std(synthetic=rng.standard_normal((80, 5))) for _ in range(100)]
    spread = np.std([estimate.value for estimate in estimates])
    half = np.mean([estimate.high - estimate.value for estimate in estimates])
    assert 0.8 < half / (1.96 * spread) < 1.25


def test_item_order_does_not_matter_and_counts_are_synthetic() -> None:
    features = np.random.default_rng(2).standard_normal((31, 4))
    one, other = compute_feature_std(synthetic=features), compute_feature_std(synthetic=features[::-1])
    assert one.value == pytest.approx(other.value)
    assert (one.n_real, one.n_synthetic) == (0, 31)


def test_errors() -> None:
    with pytest.raises(TooFewImagesError, match="4 synthetic images, but there are 3"):
        compute_feature_std(synthetic=np.zeros((3, 2)))
