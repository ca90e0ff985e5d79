"""The settings of an audit that most users leave as they are."""

from __future__ import annotations

from typing import Any, Final, Literal

import streamlit as st

from core.audit.protocol import Protocol
from core.features.base import ResizeMode
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import PRESETS, Intensity, IntensityMode

__all__ = ["choose_more_settings"]

_CHANNELS: Final[dict[str, Literal[1, 3] | None]] = {"As stored": None, "Grey": 1, "RGB": 3}
_FILTERS: Final = list(ResizeMode)
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
_INTENSITY: Final = (
    "Which values are black and white, for images deeper than 8 bits, such as DICOM files; the same for real "
    "and synthetic sets. Windows are in Hounsfield units. 8-bit images stay as stored."
)


def choose_more_settings() -> dict[str, Any]:
    """Ask for them within a form; what was chosen, as fields of `Protocol`."""
    defaults = Protocol()
    with st.expander("More settings"):
        left, middle, right = st.columns(3)
        resize = left.selectbox(
            "Resize filter", _FILTERS, index=_FILTERS.index(defaults.resize), required=True
        )
        resolution = middle.number_input(
            "Resolution in pixels",
            8,
            4096,
            None,
            placeholder="Each extractor's own",
            help="Side that extractors see.",
        )
        channels = right.selectbox("Channels", list(_CHANNELS), required=True)
        left, right = st.columns([1, 2])
        percent = left.number_input(
            "False-flag rate in %",
            0.01,
            49.0,
            100 * defaults.false_flag_rate,
            help="Share of innocent images that may be flagged as copies; 1 % takes at least 99 images to "
            "compare with.",
        )
        intensity = right.selectbox("Intensity", list(_POLICIES), required=True, help=_INTENSITY)
        multiscale = st.checkbox(
            "MM-FID and MM-STD", help="Every extractor at 128, 256, 512 and 1024 pixels; takes much longer."
        )
    return {
        "resize": resize or defaults.resize,
        "resolution": resolution,
        "num_channels": _CHANNELS[channels or "As stored"],
        "intensity": _POLICIES[intensity or next(iter(_POLICIES))],
        "multiscale": multiscale,
        "false_flag_rate": round(percent / 100, 6),
    }
