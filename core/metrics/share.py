"""A share of items, with its interval."""

from __future__ import annotations

from core.errors import TooFewImagesError
from core.metrics._intervals import wilson_interval
from core.metrics.estimate import Estimate

__all__ = ["compute_share"]


def compute_share(successes: int, n: int, *, n_real: int = 0) -> Estimate:
    """Share of n items that have a property.

    Args:
        successes: items that have it.
        n: items.
        n_real: real images behind the estimate.

    Returns:
        The share with Wilson's 95 % interval; `n_synthetic` is n.

    Raises:
        TooFewImagesError: if there is no item.
        ValueError: if more items have the property than there are.

    References:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    if n < 1:
        raise TooFewImagesError("A share needs at least one item, but there is none.")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    return Estimate(successes / n, *wilson_interval(successes, n), n_real, n)
