"""Turns what pydantic says of a value or a file that does not fit into one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from core.errors import InputError

__all__ = ["explain_first", "explain_unreadable"]


def explain_first(error: ValidationError) -> str:
    """Say what is wrong with the first field that does not fit."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    reason = str(first["msg"]).removeprefix("Value error, ")
    place = ".".join(str(part) for part in first["loc"])
    return reason if first["type"] == "value_error" else f"{place}: {reason}."


@contextmanager
def explain_unreadable(what: object, *, noun: str, work: str) -> Iterator[None]:
    """Read a result back within this; what is wrong with it is then one sentence.

    Args:
        what: the file, or what a sentence calls the result.
        noun: what it should be, such as `an audit`.
        work: what makes it anew, such as `audit`.

    Raises:
        InputError: if it cannot be read, is damaged, or is of another version.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{what} cannot be read ({error.strerror}); run the {work} again.") from error
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors(include_url=False, include_input=False)):
            raise InputError(f"{what} is damaged; run the {work} again.") from error
        raise InputError(
            f"{what} is not {noun} that this version reads ({error.error_count()} fields differ); run the "
            f"{work} again."
        ) from error
