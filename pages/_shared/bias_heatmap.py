"""Maps of an analysis of bias over the sets' mean images, drawn by the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.bias.archive import BiasSummary, load_map
from core.bias.attribution_archive import AttributionSummary
from core.bias.attribution_layers import list_attribution_layers, load_attribution_layer
from core.bias.map_drawing import LEVELS, pack_colours, pack_map, picture_mean, write_ticks
from core.bias.map_layers import MapLayer, list_layers, load_layer
from core.plots.style import SYMBOL_PATHS, assign_styles
from pages._shared.assets import read_assets
from pages._shared.bias_look import read_look, write_look
from pages._shared.bias_place import HeatmapChoice
from pages._shared.selection import choose

__all__ = ["choose_layer", "show_heatmap"]


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
            write_look(look)

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
        "look": read_look(),
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


_COMPONENT = st.components.v2.component(
    "medsynaudit_heatmap",
    css=read_assets("stage/stage.css", "heatmap/heatmap.css"),
    js=read_assets(
        "stage/make.js",
        "stage/glyph.js",
        "heatmap/layer.js",
        "heatmap/panel.js",
        "heatmap/marks.js",
        "heatmap/heatmap.js",
    ),
)
