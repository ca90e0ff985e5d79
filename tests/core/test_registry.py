"""The registry refuses duplicates and lists what it holds."""

from __future__ import annotations

import pytest

from core.errors import UnknownNameError
from core.registry import Registry


def test_entries_keep_their_order_and_names_are_unique() -> None:
    things: Registry[int] = Registry("thing")
    assert things.register("b", 1) == 1
    things.register("a", 2)
    assert list(things.items()) == [("b", 1), ("a", 2)]
    assert "a" in things
    assert "c" not in things
    with pytest.raises(ValueError, match="'a' is registered twice"):
        things.register("a", 3)


def test_a_stranger_is_answered_with_what_is_known() -> None:
    things: Registry[int] = Registry("thing")
    things.register("b", 1)
    things.register("a", 2)
    with pytest.raises(UnknownNameError, match="no thing 'c'; known are: b, a"):
        things["c"]
