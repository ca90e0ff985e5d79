"""The place and the region that were chosen on the maps of an analysis of bias, kept in the address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.bias.archive import BiasSummary, load_map
from core.bias.box import Box
from core.bias.map_layers import find_strongest
from core.errors import InputError

__all__ = ["HeatmapChoice", "find_place", "read_choice"]


@dataclass(frozen=True, slots=True)
class HeatmapChoice:
    """What the address says was chosen on the maps.

    Attributes:
        cell: row and column of a position, or None.
        region: a drawn rectangle, or None.
    """

    cell: tuple[int, int] | None
    region: Box | None


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
