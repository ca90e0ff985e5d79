"""A share and its interval."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from core.errors import TooFewImagesError
from core.metrics.share import compute_share


@pytest.mark.parametrize(("successes", "n"), [(0, 11), (11, 11), (3, 40), (500, 1000)])
def test_interval_is_wilsons(successes: int, n: int) -> None:
    share = compute_share(successes, n, n_real=7)
    assert (share.value, share.n_real, share.n_synthetic) == (successes / n, 7, n)
    assert (share.low, share.high) == pytest.approx(proportion_confint(successes, n, method="wilson"))


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(TooFewImagesError, match="at least one"):
        compute_share(0, 0)
    with pytest.raises(ValueError, match="no share"):
        compute_share(3, 2)
