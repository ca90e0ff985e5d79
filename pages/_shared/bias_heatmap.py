"""Maps of an analysis of bias over the sets' mean images, drawn by the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.bias.archive import BiasSummary, load_map
from core.bias.attribution_archive import AttributionSummary
from core.bias.attribution_layers import list_attribution_layers, load_attribution_layer
from core.bias.box import Box
from core.bias.map_drawing import LEVELS, pack_colours, pack_map, picture_mean, write_ticks
from core.bias.map_layers import MapLayer, find_strongest, list_layers, load_layer
from core.errors import InputError
from core.plots.style import SYMBOL_PATHS, assign_styles
from pages._shared.selection import choose

__all__ = ["HeatmapChoice", "choose_layer", "find_place", "read_choice", "show_heatmap"]

_ASSETS = Path(__file__).resolve().parents[2] / "assets"
_LOOK: Final = {"opacity": 65, "from": 0, "size": 200}
_ENDS: Final = {"opacity": (0, 100), "from": (0, 100), "size": (120, 640)}


@dataclass(frozen=True, slots=True)
class HeatmapChoice:
    """What the address says was chosen on the maps.

    Attributes:
        cell: row and column of a position, or None.
        region: a drawn rectangle, or None.
    """

    cell: tuple[int, int] | None
    region: Box | None


def choose_layer(folder: Path, summary: BiasSummary, attribution: AttributionSummary | None) -> MapLayer:
    """Let the reader choose which map is shown.

    Args:
        folder: the analysis.
        summary: what it found.
        attribution: where a classifier was found to look, or None where none was asked.

    Raises:
        InputError: if the map's files cannot be read.
    """
    further = {} if attribution is None else list_attribution_layers(attribution)
    about = "Every map of a kind has one scale for all sets."
    layer_id = choose("Map", list_layers(summary) | further, param="map", help=about)
    if attribution is not None and layer_id in further:
        return load_attribution_layer(folder, attribution, layer_id)
    return load_layer(folder, summary, layer_id)


def read_choice(folder: Path, summary: BiasSummary) -> HeatmapChoice:
    """Read the chosen place and the drawn region from the address; what makes no sense is left out.

    Without a place in the address, the strongest one of the most suspect region is chosen.

    Raises:
        InputError: if the analysis cannot be read.
    """
    cell, region = None, None
    try:
        row, column = (int(part) for part in st.query_params.get("cell", "").split(","))
        if 0 <= row < summary.settings.positions[0] and 0 <= column < summary.settings.positions[1]:
            cell = row, column
    except ValueError:
        pass
    try:
        left, top, right, bottom = (float(part) for part in st.query_params.get("region", "").split(","))
        region = Box(left, top, right, bottom)
    except (ValueError, InputError):
        pass
    if cell is None and summary.suspects:
        cell = find_place(folder, summary, summary.suspects[0].rank)
    return HeatmapChoice(cell, region)


def find_place(folder: Path, summary: BiasSummary, rank: int) -> tuple[int, int] | None:
    """Find row and column of the strongest place of a suspect region; None where there is no such region."""
    for one in summary.suspects:
        if one.rank == rank:
            box = Box(one.left, one.top, one.right, one.bottom)
            return find_strongest(load_map(folder, summary.sets[0].name, "probe"), summary.settings, box)
    return None


def show_heatmap(
    folder: Path, summary: BiasSummary, layer: MapLayer, choice: HeatmapChoice, *, key: str
) -> None:
    """Show a map of every set on one scale; a click chooses a place, a drag draws a region.

    Args:
        folder: the analysis.
        summary: what it found.
        layer: which map.
        choice: from `read_choice`.
        key: name of the component within the app.
    """

    def remember() -> None:
        """Put what was chosen into the address."""
        state = st.session_state[key]
        if cell := state.get("cell"):
            st.query_params["cell"] = f"{int(cell[0])},{int(cell[1])}"
            st.query_params.pop("patches", None)
        if region := state.get("region"):
            st.query_params["region"] = ",".join(f"{float(edge):g}" for edge in region)
        if look := state.get("look"):
            _write_look(look)

    data = {
        "label": f"{layer.title}, by image set",
        "sets": _encode_sets(folder, summary, layer),
        "scale": {
            "centre": layer.centre,
            "limit": layer.limit,
            "signed": layer.is_signed,
            "levels": LEVELS,
            "unit": layer.unit,
            "decimals": layer.decimals,
            "suffix": layer.suffix,
            "ticks": write_ticks(layer),
        },
        "colours": pack_colours(),
        "isGrid": layer.is_grid,
        "grid": {
            "side": summary.settings.side_px,
            "patch": summary.settings.patch_px,
            "starts": summary.settings.starts,
        },
        "boxes": [
            {"rank": one.rank, "edges": [one.left, one.top, one.right, one.bottom]}
            for one in summary.suspects
        ],
        "cell": choice.cell,
        "region": choice.region
        and [choice.region.left, choice.region.top, choice.region.right, choice.region.bottom],
        "look": _read_look(),
    }
    _COMPONENT(
        key=key, data=data, on_cell_change=remember, on_region_change=remember, on_look_change=remember
    )


def _encode_sets(folder: Path, summary: BiasSummary, layer: MapLayer) -> list[dict[str, Any]]:
    styles = assign_styles(one.name for one in summary.sets if one.role == "synthetic")
    encoded = []
    for one in summary.sets:
        style = styles.get(one.name)
        packed = pack_map(layer.maps[one.name], layer) if one.name in layer.maps else None
        encoded.append(
            {
                "name": one.name,
                "detail": f"n = {layer.counts.get(one.name, one.n):,}",
                # The stage is dark in both themes.
                "glyph": style
                and {"path": SYMBOL_PATHS[style.symbol], "colour": style.dark, "open": style.open},
                "mean": _picture_mean(folder, one.name),
                "values": packed and packed.values,
                "shape": packed and [packed.rows, packed.columns],
                "threshold": one.threshold if layer.id == "probe" else None,
                "missing": one.note or layer.missing,
            }
        )
    return encoded


@st.cache_data(max_entries=64, show_spinner=False)
def _picture_mean(folder: Path, set_name: str) -> str:
    """Draw the mean image of a set; an analysis never changes."""
    return picture_mean(load_map(folder, set_name, "mean"))


def _read_look() -> dict[str, Any]:
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


def _write_look(look: Mapping[str, Any]) -> None:
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


_COMPONENT = st.components.v2.component(
    "medsynaudit_heatmap",
    css=(_ASSETS / "heatmap" / "heatmap.css").read_text(encoding="utf-8"),
    js="\n".join(
        (_ASSETS / "heatmap" / name).read_text(encoding="utf-8")
        for name in ("layer.js", "panel.js", "marks.js", "heatmap.js")
    ),
)
