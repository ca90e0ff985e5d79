"""Which values are black and white: the policies that forms offer, and how records name them."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st
from pydantic import ValidationError

from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import PRESETS, Intensity, IntensityMode

__all__ = ["JOIN_HELP", "choose_intensity", "title_policy", "write_choice"]

_POLICIES: Final[dict[str, Intensity]] = {
    "As each file says, else its own range": DEFAULT_INTENSITY,
    "Minimum to maximum of each image": Intensity(mode=IntensityMode.MINMAX),
    **{
        f"{name.capitalize().replace('-', ' ')}: {policy.describe()}": policy
        for name, policy in PRESETS.items()
        if policy.mode is IntensityMode.WINDOW
    },
    f"MR: {PRESETS['mr'].describe()}": PRESETS["mr"],
}
_HELP: Final = (
    "Which values are black and white, for images deeper than 8 bits, such as DICOM and NIfTI files; the "
    "same for real and synthetic sets. Windows are in Hounsfield units. 8-bit pictures stay as stored."
)
JOIN_HELP: Final = (
    "Whether the DICOM slices of one series are one volume, ordered by their positions in the patient. NIfTI "
    "files, stacks of TIFF pages or arrays and DICOM files of many frames are volumes either way."
)


def choose_intensity(
    place: Any = st, *, key: str | None = None, start: Intensity | None = None, in_form: bool = False
) -> Intensity:
    """Ask for a policy.

    Args:
        place: where the field stands.
        key: of the widget.
        start: what is chosen at first, where forms offer it; the default policy when None.
        in_form: whether the form may not be sent without one.
    """
    names = list(_POLICIES)
    first = next((at for at, policy in enumerate(_POLICIES.values()) if policy == start), 0)
    chosen = place.selectbox("Intensity", names, first, required=in_form, key=key, help=_HELP)
    return _POLICIES[chosen or names[0]]


def title_policy(policy: Intensity) -> str:
    """What forms call a policy, else its own words."""
    named = next((name for name, known in _POLICIES.items() if known == policy), None)
    return named or policy.describe()


def write_choice(name: str, value: object) -> str:
    """Write one choice of a protocol as a record shows it; an intensity policy in words."""
    if value in (None, []):
        return "default"
    if name == "intensity" and isinstance(value, dict):
        try:
            return title_policy(Intensity.model_validate(value))
        except ValidationError:
            return str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
