"""Settings of a generator that is being set up. They live in the address, so that a reload loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from core.db.database import Database
from core.db.generator_runs import load_generator_run
from core.errors import InputError, UnknownNameError
from core.generators.families import FAMILIES
from core.generators.family import Family
from core.generators.presets import parse_changes
from pages._shared.generator_field import fits_field
from pages._shared.names import escape_markdown

__all__ = ["begin_like", "forget_changes", "keep_change", "preset_values", "read_changes"]

_CHANGES: Final = "set"
"""Stands in the address once for each option that differs from the preset, as after `--set`."""
_LIKE: Final = "like"
_OWNER: Final = "of"
"""Names family and preset of these changes: those of another one wait until it is chosen again."""


def begin_like(database: Database) -> None:
    """Where the address names a generator to begin like, put its settings there instead."""
    run_id = st.query_params.get(_LIKE)
    if run_id is None:
        return
    del st.query_params[_LIKE]
    try:
        run = load_generator_run(database, run_id)
        family = FAMILIES[run.family]
    except UnknownNameError as error:
        st.warning(escape_markdown(str(error)))
        return
    preset = run.preset if run.preset in family.presets else next(iter(family.presets))
    start = preset_values(family, preset)
    st.query_params["family"], st.query_params["preset"] = family.name, preset
    # Options of another version that are no more are left out.
    changes = {name: run.options[name] for name in start if run.options.get(name, start[name]) != start[name]}
    _write(family, preset, changes)


def read_changes(family: Family, preset: str) -> dict[str, Any]:
    """Read what differs from the preset, as JSON; what a field cannot show is left out with a warning."""
    texts = _own_texts(family, preset)
    fields, start = family.options.model_fields, preset_values(family, preset)
    changes, asked = {}, _parse(texts)
    strange = [] if asked else list(texts)
    for name, value in asked.items():
        if name not in fields or not fits_field(fields[name], value):
            strange.append(name)
        elif value != start[name]:
            changes[name] = value
    if strange:
        st.warning(
            escape_markdown(
                f"The address asks for settings that {family.title} does not have; they are left out: "
                f"{', '.join(strange)}."
            )
        )
    return changes


def keep_change(family: Family, preset: str, name: str, value: Any) -> None:
    """Write one option into the address; what the preset says anyway is not written."""
    changes = _parse(_own_texts(family, preset))
    changes.pop(name, None)
    if value != preset_values(family, preset)[name]:
        changes[name] = value
    _write(family, preset, changes)


def forget_changes() -> None:
    """Go back to the preset."""
    for name in (_CHANGES, _OWNER):
        st.query_params.pop(name, None)


def preset_values(family: Family, preset: str) -> dict[str, Any]:
    """Every option of a preset, as JSON."""
    return family.presets[preset].model_dump(mode="json")


def _own_texts(family: Family, preset: str) -> list[str]:
    """Changes in the address, unless they belong to another family or preset that was chosen before."""
    owner = st.query_params.get(_OWNER, _name_owner(family, preset))
    return st.query_params.get_all(_CHANGES) if owner == _name_owner(family, preset) else []


def _name_owner(family: Family, preset: str) -> str:
    return f"{family.name}:{preset}"


def _parse(texts: list[str]) -> dict[str, Any]:
    try:
        return parse_changes(texts)
    except InputError:
        return {}


def _write(family: Family, preset: str, changes: Mapping[str, Any]) -> None:
    if changes:
        st.query_params[_CHANGES] = [f"{name}={json.dumps(value)}" for name, value in changes.items()]
        st.query_params[_OWNER] = _name_owner(family, preset)
    else:
        forget_changes()
