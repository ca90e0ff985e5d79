"""Text of users made fit for every database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["make_storable"]


def make_storable(value: Any) -> Any:
    """Replace NUL, the one character that PostgreSQL cannot keep; class names come from users' tables."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, Mapping):
        return {make_storable(key): make_storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [make_storable(one) for one in value]
    return value
