"""Decodes in threads ahead of whoever needs it, in order, within bounds of count and bytes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["decode_ahead", "default_workers", "gather_batches", "open_pool"]

T = TypeVar("T")
R = TypeVar("R")


def default_workers() -> int:
    """Decoding threads that keep a network fed: one a core, at most eight."""
    return min(8, os.cpu_count() or 1)


@contextmanager
def open_pool(workers: int) -> Iterator[Executor | None]:
    """Threads that decode; None where the calling thread does. What has not begun at the end never does."""
    if workers < 1:
        yield None
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def decode_ahead(
    asked: Iterable[T],
    decode: Callable[[T], R],
    *,
    pool: Executor | None,
    most: int,
    weigh: Callable[[T], int] | None = None,
    most_bytes: int = 0,
) -> Iterator[tuple[T, R]]:
    """Decode everything asked for, in its order, some of it before its turn.

    Args:
        asked: what to decode; taken as there is room for it.
        decode: runs in the pool's threads.
        pool: from `open_pool`.
        most: how many may be under way or wait to be taken, at least one.
        weigh: bytes that decoding one takes; None counts them alone.
        most_bytes: how many bytes may be under way or in use; one that is heavier goes alone.

    Yields:
        What was asked for beside what came of it. An error is raised where its turn comes.
    """
    if pool is None:
        for one in asked:
            yield one, decode(one)
        return
    ahead: deque[tuple[T, int, Future[R]]] = deque()
    coming = iter(asked)
    waiting = next(coming, None)
    taken = 0
    while ahead or waiting is not None:
        while waiting is not None and len(ahead) < most:
            weight = weigh(waiting) if weigh is not None else 0
            if ahead and taken + weight > most_bytes > 0:
                break
            ahead.append((waiting, weight, pool.submit(decode, waiting)))
            taken += weight
            waiting = next(coming, None)
        one, weight, future = ahead.popleft()
        yield one, future.result()
        del future
        taken -= weight


def gather_batches(stream: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a stream into lists of `size`, the last one shorter."""
    batch: list[T] = []
    for one in stream:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
