"""The settings of an audit that most users leave as they are."""

from __future__ import annotations

from typing import Any, Final, Literal

import streamlit as st

from core.audit.protocol import Protocol
from core.features.base import ResizeMode
from core.features.volume_view import VolumeView
from pages._shared.intensity_choice import JOIN_HELP, choose_intensity

__all__ = ["choose_more_settings"]

_CHANNELS: Final[dict[str, Literal[1, 3] | None]] = {"As stored": None, "Grey": 1, "RGB": 3}
_FILTERS: Final = list(ResizeMode)
_JOINS: Final = {"Each an image": False, "Each series a volume": True}
_VIEWS: Final = {
    "All slices along three planes (axial, coronal, sagittal)": VolumeView.TRI_PLANAR,
    "A montage of up to 16 axial slices": VolumeView.MONTAGE,
}
_VIEW: Final = (
    "What extractors of pictures see of a volume. By planes, the features of its slices are averaged, and "
    "results stand for each plane and for all three. Sets of images, and networks in 3-D, are not concerned."
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
        with right:
            intensity = choose_intensity(in_form=True)
        left, right = st.columns([1, 2])
        joins = left.selectbox("DICOM slices", list(_JOINS), required=True, help=JOIN_HELP)
        view = right.selectbox("Volumes are looked at by", list(_VIEWS), required=True, help=_VIEW)
        multiscale = st.checkbox(
            "MM-FID and MM-STD", help="Every extractor at 128, 256, 512 and 1024 pixels; takes much longer."
        )
    return {
        "resize": resize or defaults.resize,
        "resolution": resolution,
        "num_channels": _CHANNELS[channels or "As stored"],
        "intensity": intensity,
        "join_slices": _JOINS[joins or next(iter(_JOINS))],
        "volume_view": _VIEWS[view or next(iter(_VIEWS))],
        "multiscale": multiscale,
        "false_flag_rate": round(percent / 100, 6),
    }
