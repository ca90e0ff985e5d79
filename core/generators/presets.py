"""A family's options from a preset and what was asked for on top of it; nothing here loads torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InputError, UnknownNameError
from core.generators.family import Family
from core.generators.options import GeneratorOptions

__all__ = ["choose_options", "parse_changes"]


def choose_options(family: Family, preset: str, changes: Mapping[str, Any]) -> GeneratorOptions:
    """Take a preset with some options changed.

    Args:
        family: whose options.
        preset: one of its presets.
        changes: option to its value, as text or as what it is.

    Raises:
        UnknownNameError: if there is no such preset or option; the message lists those there are.
        pydantic.ValidationError: if a value is out of range; `core.validation` makes a sentence of it.
    """
    if preset not in family.presets:
        raise UnknownNameError(
            f"There is no preset {preset!r} of {family.name}; there are {', '.join(family.presets)}."
        )
    strange = [name for name in changes if name not in family.options.model_fields]
    if strange:
        raise UnknownNameError(
            f"There is no option {strange[0]!r} of {family.name}; there are "
            f"{', '.join(family.options.model_fields)}."
        )
    return family.options.model_validate(family.presets[preset].model_dump() | dict(changes))


def parse_changes(texts: Sequence[str]) -> dict[str, Any]:
    """Read each `NAME=VALUE`; a value in JSON is what it says, any other is text.

    Raises:
        InputError: if one is not of that form, or names an option twice.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        name, parted, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not parted or not name:
            raise InputError(f"--set takes NAME=VALUE, not {text!r}.")
        if name in changes:
            raise InputError(f"--set names {name} twice; name it once.")
        try:
            changes[name] = json.loads(value)
        except json.JSONDecodeError:
            changes[name] = value.strip()
    return changes
