"""A map of an audit's images, drawn by the browser, which also finds what lies under pointer or lasso."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from core.maps.map_points import STATUSES, MapPoints
from core.plots.style import SYMBOL_PATHS, assign_styles
from pages._shared.assets import read_assets
from pages._shared.image_addresses import address_map, address_pattern

__all__ = ["ScatterView", "show_scatter"]


# No class has an empty name in the address: those are folders' and labels' own.
_NO_CLASS = "none"


@dataclass(frozen=True, slots=True)
class ScatterView:
    """How a map is looked at.

    Attributes:
        method: layout by UMAP or by principal components.
        dimensions: 2 or 3.
        colour: what a point's hue says; its symbol always says the set.
    """

    method: Literal["umap", "pca"]
    dimensions: Literal[2, 3]
    colour: Literal["set", "class", "status", "rho"]


def show_scatter(
    audit_id: str,
    map_key: str,
    points: MapPoints,
    view: ScatterView,
    *,
    synthetic: tuple[str, ...],
    key: str,
) -> str:
    """Show a map. Sets and classes that are hidden stand in the address, as `hide`.

    Points reach the browser once, through `pages._shared.map_route`; what the pointer meets is found there,
    and its thumbnail fetched by the item's id.

    Args:
        audit_id: the audit.
        map_key: its map.
        points: what is on the map.
        view: how to look at it.
        synthetic: names of all synthetic sets of the audit in its order, so that each keeps its look.
        key: name of the component within the app.

    Returns:
        The selection, for `core.maps.map_points.unpack_selection`; empty where nothing is selected.
    """
    styles = assign_styles(synthetic)
    data = {
        "key": f"{audit_id} {map_key}",
        "address": address_map(audit_id, map_key),
        "imagePattern": address_pattern(audit_id, form="thumbnail", side_px=320),
        "sets": [
            {
                "name": name,
                "light": styles[name].light,
                "dark": styles[name].dark,
                "symbol": styles[name].symbol,
                "open": styles[name].open,
                "path": SYMBOL_PATHS[styles[name].symbol],
            }
            for name in points.sets
        ],
        "classes": list(points.classes),
        "statuses": list(STATUSES),
        "view": {"method": view.method, "dimensions": view.dimensions, "colour": view.colour},
        "axes": _name_axes(points, view),
        "hidden": _read_hidden(points),
        "theme": "dark" if st.context.theme.type == "dark" else "light",
    }

    def remember() -> None:
        hidden = st.session_state[key].get("hidden")
        if hidden:
            _write_hidden(points, hidden)

    result = _COMPONENT(
        key=key,
        data=data,
        on_selection_change=_ignore,
        on_hidden_change=remember,
        on_expired_change=_ignore,
    )
    selection = result.get("selection") or {}
    return str(selection.get("bits", "")) if selection.get("map") == data["key"] else ""


def _name_axes(points: MapPoints, view: ScatterView) -> list[str]:
    if view.method == "umap":
        return [f"UMAP {at + 1}" for at in range(view.dimensions)]
    return [
        f"PC {at + 1} ({share:.0%} of variance)"
        for at, share in enumerate(points.record.explained[: view.dimensions])
    ]


def _read_hidden(points: MapPoints) -> dict[str, list[int]]:
    """Places of sets, and of classes counted from 1 with 0 for none, as the browser numbers them."""
    asked = set(st.query_params.get_all("hide"))
    classes = (_NO_CLASS, *(f"class:{name}" for name in points.classes))
    return {
        "sets": [at for at, name in enumerate(points.sets) if f"set:{name}" in asked],
        "classes": [at for at, name in enumerate(classes) if name in asked],
    }


def _write_hidden(points: MapPoints, hidden: Mapping[str, Any]) -> None:
    classes = (_NO_CLASS, *(f"class:{name}" for name in points.classes))
    names = [f"set:{points.sets[at]}" for at in hidden["sets"] if at < len(points.sets)]
    names += [classes[at] for at in hidden["classes"] if at < len(classes)]
    if names:
        st.query_params["hide"] = names
    else:
        st.query_params.pop("hide", None)


def _ignore() -> None:
    """Stand in for callbacks without which Streamlit does not report a change."""


_COMPONENT = st.components.v2.component(
    "medsynaudit_scatter",
    css=read_assets("scatter/scatter.css"),
    js=read_assets(
        "stage/make.js",
        "scatter/points.js",
        "scatter/palette.js",
        "scatter/camera.js",
        "scatter/renderer.js",
        "scatter/finding.js",
        "scatter/chosen.js",
        "scatter/legend.js",
        "scatter/tip.js",
        "scatter/overlay.js",
        "scatter/pointer.js",
        "scatter/scatter.js",
    ),
)
