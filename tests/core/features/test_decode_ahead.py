"""Decoding ahead: order, bounds, errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from core.features.decode_ahead import decode_ahead, gather_batches, open_pool


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_everything_comes_in_the_order_it_was_asked_for(workers: int) -> None:
    def decode(one: int) -> int:
        time.sleep(0.002 * (one % 3))
        return one * one

    with open_pool(workers) as pool:
        found = list(decode_ahead(range(20), decode, pool=pool, most=5))
    assert found == [(one, one * one) for one in range(20)]


def count_ahead(most: int, weights: dict[int, int] | None = None, most_bytes: int = 0) -> list[set[int]]:
    """What had been asked for, beyond what was taken, whenever something was taken."""
    asked: list[int] = []
    lock = threading.Lock()

    def ask() -> Iterator[int]:
        yield from range(8)

    def decode(one: int) -> int:
        with lock:
            asked.append(one)
        return one

    ahead = []
    with open_pool(8) as pool:
        weigh = None if weights is None else weights.__getitem__
        for one, _ in decode_ahead(ask(), decode, pool=pool, most=most, weigh=weigh, most_bytes=most_bytes):
            time.sleep(0.01)  # the pool takes all that it may
            with lock:
                ahead.append({other for other in asked if other > one})
    return ahead


def test_no_more_is_decoded_than_may_be() -> None:
    assert max(len(one) for one in count_ahead(3)) == 2
    assert max(len(one) for one in count_ahead(1)) == 0


def test_bytes_bound_what_is_under_way_and_a_heavy_one_goes_alone() -> None:
    weights = dict.fromkeys(range(8), 10) | {4: 1000}
    ahead = count_ahead(5, weights, most_bytes=30)
    assert max(len(one) for one in ahead) == 2
    # While the heavy one is in use, nothing else is, nor is it begun while others are.
    assert ahead[4] == set()
    assert all(4 not in one for one in ahead)


def test_an_error_is_raised_where_its_turn_comes() -> None:
    def decode(one: int) -> int:
        if one == 3:
            raise ValueError("three")
        return one

    found = []
    with pytest.raises(ValueError, match="three"), open_pool(2) as pool:
        for one, _ in decode_ahead(range(6), decode, pool=pool, most=6):
            found.append(one)
    assert found == [0, 1, 2]


def test_a_stream_is_cut_into_batches() -> None:
    assert list(gather_batches(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(gather_batches([], 3)) == []
