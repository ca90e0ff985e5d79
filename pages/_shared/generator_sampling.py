"""The settings of drawing images that a family heeds, each with what it does."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.generators.options import GeneratorOptions
from core.generators.sampling_choices import find_run_defaults, list_sampling_choices
from core.generators.sampling_settings import SamplingSettings

__all__ = ["SAMPLING_TITLES", "choose_sampling"]

SAMPLING_TITLES: Final = {
    "seed": "Seed",
    "truncation": "Truncation",
    "sampler": "Sampler",
    "steps": "Steps",
    "guidance": "Guidance",
    "temperature": "Temperature",
    "precision": "Precision",
    "batch_size": "Batch size",
}
"""What pages call each setting."""

_SAMPLERS: Final = ("ddpm", "ddim", "dpm-solver")
_PRECISIONS: Final = ("fp32", "amp")
_COLUMNS: Final = 3


def choose_sampling(family: str, options: GeneratorOptions, *, key: str) -> dict[str, Any]:
    """Ask for every setting but the seed that changes what is drawn or costs; those left empty are the run's.

    Args:
        family: name of the run's family.
        options: of the run.
        key: what the widgets' keys begin with.

    Returns:
        Fields of `SamplingSettings` by name.
    """
    own = find_run_defaults(family, options)
    names = list_sampling_choices(family, options)
    chosen = {}
    columns = st.columns(_COLUMNS)
    for place, name in enumerate(names):
        chosen[name] = _ask(columns[place % _COLUMNS], name, own, options, f"{key}_{name}")
    return chosen


def _ask(column: DeltaGenerator, name: str, own: dict[str, Any], options: GeneratorOptions, key: str) -> Any:
    title = SAMPLING_TITLES[name]
    about = SamplingSettings.model_fields[name].description
    default = f"{own[name]}, as the run" if name in own else None
    if name == "sampler":
        return column.selectbox(title, _SAMPLERS, index=None, placeholder=default, key=key, help=about)
    if name == "steps":
        most = int(getattr(options, "noise_steps", 4000))
        return column.number_input(title, 1, most, None, placeholder=default, key=key, help=about)
    if name == "guidance":
        return column.number_input(
            title, 0.0, 50.0, None, 0.5, placeholder=default, key=key, help=about, format="%g"
        )
    if name == "precision":
        start = _PRECISIONS.index(options.precision)
        return column.selectbox(title, _PRECISIONS, index=start, key=key, help=about)
    if name == "batch_size":
        return column.number_input(title, 1, 1024, 16, key=key, help=about)
    # Truncation and temperature; a temperature of 0 would draw one image again and again.
    least = 0.0 if name == "truncation" else 0.05
    return column.number_input(title, least, 2.0, 1.0, 0.05, key=key, help=about)
