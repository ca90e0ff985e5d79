"""Maps of where a trained classifier looks, as a reader looks at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.bias.attribution_archive import AttributionSummary, load_attribution_map
from core.bias.attribution_options import METHODS, AttributionMethod
from core.bias.map_layers import MapLayer
from core.errors import UnknownNameError
from core.plots.difference import choose_difference_limit

__all__ = ["list_attribution_layers", "load_attribution_layer"]

_ABOUT: dict[AttributionMethod, str] = {
    "grad-cam": "Grad-CAM: what in its last layer raises the class's score, image by image from 0 to 1, "
    "averaged.",
    "occlusion": "Occlusion: where covering a part of an image lowers the class's score, image by image from "
    "0 to 1, averaged.",
}


def list_attribution_layers(attribution: AttributionSummary) -> dict[str, str]:
    """List the maps: id to title, by method and class in the analysis's order."""
    return {layer_id: title for layer_id, (title, _, _) in _list(attribution).items()}


def load_attribution_layer(folder: Path, attribution: AttributionSummary, layer_id: str) -> MapLayer:
    """Read one kind of map for all sets, on one scale for all classes of a method.

    Args:
        folder: the analysis of bias.
        attribution: what was found of it.
        layer_id: one of `list_attribution_layers`.

    Raises:
        UnknownNameError: if there is no such map.
        InputError: if its files cannot be read.
    """
    layers = _list(attribution)
    if layer_id not in layers:
        raise UnknownNameError(f"There is no map {layer_id!r}; there are: {', '.join(layers) or 'none'}.")
    title, method, class_name = layers[layer_id]
    found = {
        (one.name, shown.class_name): load_attribution_map(folder, one.name, method, shown.class_name).astype(
            np.float64
        )
        for one in attribution.sets
        for shown in one.maps
        if shown.method == method
    }
    n = len(attribution.trainings)
    doubt = (
        ""
        if attribution.tells_classes
        else " It does not tell the classes better than chance, so these maps mean nothing."
    )
    return MapLayer(
        id=layer_id,
        title=title,
        about=f"{attribution.classifier}, trained {'once' if n == 1 else f'{n} times'} on real images: what "
        f"in images of {class_name} speaks for {class_name}. {_ABOUT[method]}{doubt}",
        unit="Mean over images, each from 0 to 1",
        centre=0.0,
        limit=choose_difference_limit(found.values()),
        is_signed=False,
        is_grid=False,
        maps={name: values for (name, label), values in found.items() if label == class_name},
        counts={
            one.name: shown.n
            for one in attribution.sets
            for shown in one.maps
            if (shown.method, shown.class_name) == (method, class_name)
        },
    )


def _list(attribution: AttributionSummary) -> dict[str, tuple[str, AttributionMethod, str]]:
    """Id to title, method and class; numbered by class, since names may hold anything."""
    there = {(shown.method, shown.class_name) for one in attribution.sets for shown in one.maps}
    return {
        f"{method}:{place}": (f"Where a classifier looks for {label} ({name})", method, label)
        for method, name in METHODS.items()
        for place, label in enumerate(attribution.classes)
        if (method, label) in there
    }
