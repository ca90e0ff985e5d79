"""Turns what pydantic says of a value that does not fit into one sentence."""

from __future__ import annotations

from pydantic import ValidationError

__all__ = ["explain_first"]


def explain_first(error: ValidationError) -> str:
    """Say what is wrong with the first field that does not fit."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    reason = str(first["msg"]).removeprefix("Value error, ")
    place = ".".join(str(part) for part in first["loc"])
    return reason if first["type"] == "value_error" else f"{place}: {reason}."
