"""How maps of an analysis of bias look: opacity, least value, size and what is shown, kept in the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

__all__ = ["read_look", "write_look"]

_LOOK: Final = {"opacity": 65, "from": 0, "size": 200}
_ENDS: Final = {"opacity": (0, 100), "from": (0, 100), "size": (120, 640)}


def read_look() -> dict[str, Any]:
    """Opacity and least value as shares, size in pixels, and what is shown."""
    found: dict[str, Any] = {}
    for name, default in _LOOK.items():
        text = st.query_params.get(name, "")
        low, high = _ENDS[name]
        found[name] = min(max(int(text), low), high) if text.isdecimal() and len(text) < 5 else default
    return {
        "opacity": found["opacity"] / 100,
        "from": found["from"] / 100,
        "size": found["size"],
        "beyond": st.query_params.get("beyond") != "0",
        "boxes": st.query_params.get("boxes") != "0",
    }


def write_look(look: Mapping[str, Any]) -> None:
    """Put into the address what differs from how maps look at first."""
    shown = {
        "opacity": round(100 * float(look["opacity"])),
        "from": round(100 * float(look["from"])),
        "size": int(look["size"]),
    }
    wanted = {name: str(value) for name, value in shown.items() if value != _LOOK[name]}
    wanted |= {name: "0" for name in ("beyond", "boxes") if not look[name]}
    for name in (*_LOOK, "beyond", "boxes"):
        if name in wanted:
            st.query_params[name] = wanted[name]
        else:
            st.query_params.pop(name, None)
