"""An analysis of bias to be reported on, whether it has just been made or lies in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.bias.archive import BiasSummary, load_bias, load_map
from core.errors import UnknownNameError

if TYPE_CHECKING:
    from core.bias.heatmap import BiasResult

__all__ = ["BiasDocument", "document_result", "open_document"]


@dataclass(frozen=True, slots=True)
class BiasDocument:
    """What reports show of an analysis.

    Attributes:
        summary: the content of `bias.json`.
        read_map: (set name, `mean`, `probe` or `transfer`) to that map, as `core.bias.archive.load_map`
            describes them; raises `UnknownNameError` where there is none.
    """

    summary: BiasSummary
    read_map: Callable[[str, str], NDArray[np.float64]]


def document_result(result: BiasResult) -> BiasDocument:
    """Describe an analysis that has just been made."""
    from core.bias.tables import summarise_result

    maps = {(one.name, "mean"): one.mean for one in result.sets}
    for one in result.sets:
        for name, probe in (("probe", one.probe), ("transfer", one.transfer)):
            if probe is not None:
                maps[one.name, name] = probe.auroc

    def read(set_name: str, name: str) -> NDArray[np.float64]:
        if (set_name, name) not in maps:
            raise UnknownNameError(f"The set {set_name} has no map {name!r}.")
        return maps[set_name, name]

    return BiasDocument(BiasSummary.model_validate(summarise_result(result)), read)


def open_document(folder: Path) -> BiasDocument:
    """Open an analysis that `core.bias.writer.write_bias` wrote; maps are read when they are asked for.

    Raises:
        InputError: if it cannot be read.
    """
    return BiasDocument(load_bias(folder), partial(load_map, folder))
