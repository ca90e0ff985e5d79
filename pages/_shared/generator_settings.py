"""Every setting of a generator that is to be trained, with what it does, beginning from a preset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.errors import InputError
from core.generators.family import Family
from core.generators.options import GeneratorOptions
from core.generators.presets import choose_options
from core.validation import explain_first
from pages._shared.generator_draft import forget_changes, keep_change, preset_values, read_changes
from pages._shared.generator_field import read_numbers, show_field, write_value
from pages._shared.generator_groups import COMMON, group_options, title_option
from pages._shared.names import escape_markdown, show_name

__all__ = ["choose_settings"]

_COLUMNS = 3


def choose_settings(family: Family, preset: str, classes: Sequence[str]) -> GeneratorOptions:
    """Ask for every option of a family; what differs from the preset is marked and can be taken back.

    Args:
        family: whose options.
        preset: where they begin.
        classes: of the training images.

    Raises:
        InputError: if the settings do not go together, with the name of what is to be changed.
    """
    changes = read_changes(family, preset)
    _show_fields(family, preset, COMMON, changes, classes)
    _tell_changes(family, preset, changes)
    with st.expander("All settings"):
        groups = group_options(family)
        for tab, names in zip(st.tabs(list(groups)), groups.values(), strict=True):
            with tab:
                _show_fields(family, preset, names, changes, classes)
    fields = family.options.model_fields
    asked = {name: read_numbers(fields[name], value) for name, value in changes.items()}
    for name, value in asked.items():
        if isinstance(value, str) and fields[name].annotation == tuple[int, ...]:
            raise InputError(f"{title_option(name)} ({name}): name whole numbers, such as 1, 2, 4.")
    try:
        return choose_options(family, preset, asked)
    except ValidationError as error:
        raise InputError(_explain(family, error)) from error


def _explain(family: Family, error: ValidationError) -> str:
    """Say what does not fit, by what the form and the command line call it."""
    sentence = explain_first(error)
    name, parted, reason = sentence.partition(": ")
    is_field = bool(parted) and name in family.options.model_fields
    return f"{title_option(name)} ({name}): {reason}" if is_field else sentence


def _show_fields(
    family: Family,
    preset: str,
    names: Sequence[str],
    changes: Mapping[str, Any],
    classes: Sequence[str],
) -> None:
    start = preset_values(family, preset)
    for first in range(0, len(names), _COLUMNS):
        row = names[first : first + _COLUMNS]
        for place, name in zip(st.columns(_COLUMNS), row, strict=False):
            with place:
                key = f"generator_{family.name}_{preset}_{name}"
                show_field(
                    name,
                    family.options.model_fields[name],
                    changes.get(name, start[name]),
                    key=key,
                    classes=classes,
                    on_change=lambda name=name, key=key: _keep(family, preset, name, key),  # type: ignore[misc]
                )
                if name in changes:
                    st.button(
                        f"Back to {escape_markdown(write_value(start[name]))}",
                        key=f"{key}_back",
                        type="tertiary",
                        icon=":material/undo:",
                        help=f"“{title_option(name)}” differs from the preset.",
                        on_click=keep_change,
                        args=(family, preset, name, start[name]),
                    )


def _tell_changes(family: Family, preset: str, changes: Mapping[str, Any]) -> None:
    """Say what differs from the preset, wherever its field stands."""
    if not changes:
        return
    start = preset_values(family, preset)
    parts = [
        f"{title_option(name)} {show_name(write_value(value))} (preset: {write_value(start[name])})"
        for name, value in changes.items()
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Differs from the preset:** {escape_markdown('; '.join(parts))}.", width="stretch")
        st.button("Back to the preset", icon=":material/undo:", on_click=forget_changes)


def _keep(family: Family, preset: str, name: str, key: str) -> None:
    """Write what a field says into the address."""
    field = family.options.model_fields[name]
    keep_change(family, preset, name, read_numbers(field, st.session_state[key]))
