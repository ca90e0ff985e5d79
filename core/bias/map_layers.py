"""Maps of an analysis of bias as a reader looks at them: which there are, and on what scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias.archive import BiasSettings, BiasSummary, load_map
from core.bias.box import Box
from core.errors import UnknownNameError
from core.plots.difference import choose_difference_limit

__all__ = ["MapLayer", "find_strongest", "list_layers", "load_layer"]

_DIFFERENCE: Final = "difference:"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MapLayer:
    """One kind of map, for all sets on one scale.

    Attributes:
        id: what an address calls it.
        title: what it shows.
        about: one or two sentences on how to read it.
        unit: what is measured, for the scale and for readings.
        centre: value without colour.
        limit: distance from the centre with the strongest colour.
        is_signed: whether values below the centre have a colour as well.
        is_grid: whether there is a value a position of the grid, or else one a pixel of the frame.
        decimals: decimals that a reading is written with.
        suffix: what stands after a reading, such as a per cent sign.
        missing: what is said of a set without a map that has no reason of its own.
        counts: set name to images behind its map, where these are not all that were probed.
        maps: set name to its map; sets without one are missing. Not a number where there is nothing to say.
    """

    id: str
    title: str
    about: str
    unit: str
    centre: float
    limit: float
    is_signed: bool
    is_grid: bool
    maps: dict[str, Floats]
    decimals: int = 2
    suffix: str = ""
    missing: str = "no such map of this set"
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def goes_beyond(self) -> bool:
        """Whether some values lie beyond the scale and have its strongest colour."""
        reach = max(
            (float(np.nanmax(np.abs(one - self.centre), initial=0)) for one in self.maps.values()), default=0
        )
        return reach > self.limit * (1 + 1e-9)


def list_layers(summary: BiasSummary) -> dict[str, str]:
    """List the maps of an analysis: id to title, the set's own probe first."""
    layers = {"probe": "What each place tells of the class"}
    if len(summary.sets) > 1:
        layers["transfer"] = "By the real set's signs"
        layers["inheritance"] = "Share of the real signal"
    for place, (first, second) in enumerate(_list_pairs(summary)):
        layers[f"{_DIFFERENCE}{place}"] = f"Mean difference, {first} minus {second}"
    return layers


def load_layer(folder: Path, summary: BiasSummary, layer_id: str) -> MapLayer:
    """Read one kind of map for all sets.

    Args:
        folder: the analysis.
        summary: what it found.
        layer_id: one of `list_layers`.

    Raises:
        UnknownNameError: if the analysis has no such map.
        InputError: if its files cannot be read.
    """
    titles = list_layers(summary)
    if layer_id not in titles:
        raise UnknownNameError(f"The analysis has no map {layer_id!r}; it has: {', '.join(titles)}.")
    if layer_id.startswith(_DIFFERENCE):
        return _load_difference(folder, summary, layer_id, titles[layer_id])
    return _LOADERS[layer_id](folder, summary, titles[layer_id])


def find_strongest(values: Floats, settings: BiasSettings, box: Box) -> tuple[int, int]:
    """Find the strongest position whose patch lies within a rectangle; of the whole map where none does.

    Args:
        values: (rows, columns) map.
        settings: its grid.
        box: the rectangle.

    Returns:
        Row and column.
    """
    starts = np.array(settings.starts)
    ends = starts + settings.patch_px
    side = settings.side_px

    def hold(low: float, high: float) -> NDArray[np.bool_]:
        return np.asarray((starts >= low * side - 1e-6) & (ends <= high * side + 1e-6))

    inside = np.outer(hold(box.top, box.bottom), hold(box.left, box.right))
    shown = np.where(inside | (not inside.any()), np.nan_to_num(values, nan=-np.inf), -np.inf)
    row, column = divmod(int(shown.argmax()), values.shape[1])
    return row, column


def _load_probe(folder: Path, summary: BiasSummary, title: str) -> MapLayer:
    return MapLayer(
        id="probe",
        title=title,
        about="For each place, how well that patch alone tells the class within the set: cross-validated, "
        "images of one patient kept together. 0.5 is chance, 1 tells every image.",
        unit="AUROC of the patch alone",
        centre=0.5,
        limit=0.5,
        is_signed=False,
        is_grid=True,
        maps=_load_maps(folder, [one.name for one in summary.sets], "probe"),
    )


def _load_transfer(folder: Path, summary: BiasSummary, title: str) -> MapLayer:
    names = [one.name for one in summary.sets]
    return MapLayer(
        id="transfer",
        title=title,
        about="What was learned at each place of the real images, tested on the other sets: a place that is "
        "bright here carries the same sign of the class as the real set. Below 0.5 the classes are swapped. "
        "The real set's own map is cross-validated.",
        unit="AUROC of the real set's probe",
        centre=0.5,
        limit=0.5,
        is_signed=True,
        is_grid=True,
        maps=_load_maps(folder, names[:1], "probe") | _load_maps(folder, names[1:], "transfer"),
    )


def _load_inheritance(folder: Path, summary: BiasSummary, title: str) -> MapLayer:
    return MapLayer(
        id="inheritance",
        title=title,
        about="Where the real set tells its classes beyond chance: the share of that signal which reaches "
        "the other set by the same sign. 100 % is all of it, 0 none, below 0 the classes are swapped.",
        unit="% of the real set's signal",
        centre=0.0,
        limit=100.0,
        is_signed=True,
        is_grid=True,
        maps={
            name: 100 * values
            for name, values in _load_maps(
                folder, [one.name for one in summary.sets[1:]], "inheritance"
            ).items()
        },
        decimals=0,
        suffix=" %",
        missing="shares are taken of this set",
    )


_LOADERS: Final[dict[str, Callable[[Path, BiasSummary, str], MapLayer]]] = {
    "probe": _load_probe,
    "transfer": _load_transfer,
    "inheritance": _load_inheritance,
}


def _load_difference(folder: Path, summary: BiasSummary, layer_id: str, title: str) -> MapLayer:
    first, second = _list_pairs(summary)[int(layer_id.removeprefix(_DIFFERENCE))]
    maps = {
        one.name: load_map(folder, one.name, pair.name)
        for one in summary.sets
        for pair in one.differences
        if (pair.first, pair.second) == (first, second)
    }
    return MapLayer(
        id=layer_id,
        title=title,
        about="Difference of the mean images, pixel by pixel, in units of the spread within the classes "
        f"(Cohen's d): orange is brighter in {first}, blue in {second}. It describes and tests nothing.",
        unit="Cohen's d",
        centre=0.0,
        # The real set's own: one of a few images repeated has differences beyond any measure.
        limit=choose_difference_limit(
            [maps[summary.sets[0].name]] if summary.sets[0].name in maps else maps.values()
        ),
        is_signed=True,
        is_grid=False,
        maps=maps,
    )


def _list_pairs(summary: BiasSummary) -> list[tuple[str, str]]:
    """Pairs of classes that some set has a map of, in the order of the first set that has it."""
    return list(dict.fromkeys((pair.first, pair.second) for one in summary.sets for pair in one.differences))


def _load_maps(folder: Path, names: list[str], kind: str) -> dict[str, Floats]:
    """Read a map of each set that has it; sets with too few images were not probed."""
    maps = {}
    for name in names:
        try:
            maps[name] = load_map(folder, name, kind)
        except UnknownNameError:
            continue
    return maps
