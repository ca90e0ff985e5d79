"""One option of a generator as a field of a form, made from what its model says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from core.images.intensity import PRESETS
from pages._shared.generator_groups import title_option
from pages._shared.names import escape_markdown, show_name

__all__ = ["fits_field", "read_numbers", "show_field", "write_value"]

_CHANNELS = {1: "Grey", 3: "Colour"}
# Words that a text offers; others may be written.
_OFFERED: Final = {"intensity": ("file", "minmax", *(name for name in PRESETS if name != "film"))}


def show_field(
    name: str,
    field: FieldInfo,
    value: Any,
    *,
    key: str,
    classes: Sequence[str],
    on_change: Callable[[], None],
) -> None:
    """Show a field with a value that `fits_field`; what the user makes of it stands in the session's state.

    Args:
        name: of the option.
        field: what its model says of it.
        value: what the field shows, as JSON.
        key: of the widget.
        classes: of the training images; chosen where the option is a list of names.
        on_change: called when the user has changed it.
    """
    about: dict[str, Any] = {
        "key": key,
        "on_change": on_change,
        "help": f"{escape_markdown(field.description or '')} On the command line: `--set {name}=…`.",
    }
    label, kind = title_option(name), field.annotation
    low, high = _bounds(field)
    # The address wins over what the widget remembers: going back in the browser changes only the address.
    if get_origin(kind) is Literal:
        st.session_state[key] = value
        st.selectbox(label, get_args(kind), format_func=lambda one: _title_choice(name, one), **about)
    elif kind is bool:
        st.session_state[key] = value
        st.checkbox(label, **about)
    elif kind is int:
        st.session_state[key] = value
        st.number_input(label, int(low), int(high), step=1, **about)
    elif kind is float:
        st.session_state[key] = float(value)
        st.number_input(label, float(low), float(high), step=_step(float(value)), format="%g", **about)
    elif kind == tuple[str, ...]:
        # What was chosen for another study stays in view, so that it can be taken out.
        options = [*classes, *(one for one in value if one not in classes)]
        st.session_state[key] = list(value)
        st.multiselect(
            label,
            options,
            format_func=show_name,
            placeholder="All" if options else "The real set has no classes",
            disabled=not options,
            **about,
        )
    elif name in _OFFERED:
        st.session_state[key] = value
        offered = _OFFERED[name]
        words = [*offered, *([] if value in offered else [value])]
        st.selectbox(label, words, accept_new_options=True, required=True, **about)
    else:
        st.session_state[key] = value if isinstance(value, str) else ", ".join(map(str, value))
        st.text_input(label, max_chars=500, **about)


def fits_field(field: FieldInfo, value: Any) -> bool:
    """Whether a field can show a value as it came out of an address; the model may still refuse it."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return type(value) in (int, str) and value in get_args(kind)
    if kind is bool:
        return isinstance(value, bool)
    if kind is int or kind is float:
        low, high = _bounds(field)
        is_number = type(value) is int or (kind is float and type(value) is float)
        return is_number and low <= value <= high
    if kind == tuple[str, ...]:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == tuple[int, ...] and isinstance(value, list):
        return all(type(one) is int for one in value)
    return isinstance(value, str) and len(value) <= 500


def read_numbers(field: FieldInfo, value: Any) -> Any:
    """Read `1, 2, 4` as a list where the option is one; other text stays text, which the model refuses."""
    if field.annotation != tuple[int, ...] or not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return (
        [int(part) for part in parts] if all(part.isascii() and part.isdecimal() for part in parts) else value
    )


def write_value(value: Any) -> str:
    """Write an option's value as a form shows it."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case int():
            return f"{value:,}"
        case list() | tuple():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value) or "none"


def _title_choice(name: str, value: Any) -> str:
    return _CHANNELS[value] if name == "channels" else str(value)


def _bounds(field: FieldInfo) -> tuple[float, float]:
    """Bounds of a number; one that the model excludes, such as a rate of 0, is refused when it is read."""
    low, high = -math.inf, math.inf
    for one in field.metadata:
        for bound in (getattr(one, "ge", None), getattr(one, "gt", None)):
            low = low if bound is None else float(bound)
        for bound in (getattr(one, "le", None), getattr(one, "lt", None)):
            high = high if bound is None else float(bound)
    return low, high


def _step(value: float) -> float:
    """A step that changes a value visibly: a tenth of its size or so, and at most one."""
    return min(1.0, 10.0 ** math.floor(math.log10(value / 2))) if value > 0 else 0.01
