"""Reads a job's payload, with a sentence for one that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import InputError
from core.validation import explain_first

__all__ = ["parse_payload"]

P = TypeVar("P", bound=BaseModel)


def parse_payload(model: type[P], payload: Mapping[str, Any]) -> P:
    """Validate a payload.

    Raises:
        InputError: naming the first field that does not fit.
    """
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        raise InputError(explain_first(error)) from error
