"""Works through queries in blocks, several threads ahead of whoever collects the results."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from threadpoolctl import threadpool_limits

__all__ = ["count_workers", "map_blocks"]

Result = TypeVar("Result")


def count_workers(workers: int | None) -> int:
    """Return the threads asked for; None takes one a core, at most eight."""
    return workers or min(8, os.cpu_count() or 1)


def map_blocks(work: Callable[[int], Result], starts: range, workers: int) -> Iterator[Result]:
    """Yield the blocks' results in order; few run or wait at a time, none begins after the caller stops.

    Args:
        work: works on the block that begins at a query.
        starts: where blocks begin.
        workers: threads.
    """
    with (
        # One thread of arithmetic a block: several on such small matrices wait for each other.
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(max_workers=workers) as pool,
    ):
        waiting = iter(starts)
        ahead: deque[Future[Result]] = deque()
        try:
            for _ in starts:
                ahead += [pool.submit(work, start) for start in islice(waiting, 2 * workers - len(ahead))]
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
