"""Runs a statistic on many draws at once, one BLAS thread each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from threadpoolctl import threadpool_limits

__all__ = ["map_draws"]


def map_draws(statistic: Callable[..., float], draws: Sequence[tuple[Any, ...]]) -> list[float]:
    """Compute `statistic(*draw)` for every draw, in order.

    The matrices of a draw are small: several BLAS threads on one of them spend their time waiting for each
    other, tenfold on a busy machine, where one thread a draw and one draw a core do not. The limit holds for
    the whole process while this runs; results do not depend on it beyond float noise.

    Args:
        statistic: thread-safe; numpy and scipy let other threads run while they compute.
        draws: arguments of each call.
    """
    with (
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(max_workers=multiprocessing.cpu_count()) as pool,
    ):
        return list(pool.map(lambda draw: statistic(*draw), draws))
