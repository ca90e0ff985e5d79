"""Which analysis of an audit's bias is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from core.bias.archive import BIAS_FOLDER, BiasSummary, list_bias, load_bias
from core.errors import InputError
from pages._shared.names import escape_markdown
from pages._shared.selection import choose

__all__ = ["choose_bias"]

_ABOUT: Final = (
    "Frame, patch, step, permutations and seed decide the numbers; every analysis that is made is kept."
)


def choose_bias(audit_folder: Path) -> Path | None:
    """Choose one of an audit's analyses, the newest at first; one that cannot be read is left out and told.

    Returns:
        Its folder, or None where there is none yet.
    """
    named = {}
    for key in list_bias(audit_folder):
        try:
            named[key] = _name(load_bias(audit_folder / BIAS_FOLDER / key))
        except InputError as error:
            st.warning(escape_markdown(str(error)))
    if not named:
        return None
    return audit_folder / BIAS_FOLDER / choose("Analysis", named, param="bias", help=_ABOUT)


def _name(summary: BiasSummary) -> str:
    settings = summary.settings
    return (
        f"Patches of {settings.patch_px} on {settings.side_px} px, step {settings.stride_px}, "
        f"{settings.n_permutations} permutations, seed {settings.seed}"
    )
