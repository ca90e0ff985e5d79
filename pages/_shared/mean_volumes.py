"""An audit's mean volumes, slice by slice along three planes, all sets side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core.audit.mean_volume import MeanVolume
from core.audit.mean_volume_archive import load_mean_volumes
from core.audit.result import AuditSummary
from core.images.slices import Plane, PlaneFacts
from core.plots.difference import DIFFERENCE_STOPS
from core.plots.style import assign_styles
from core.report.mean_findings import MeanDifference, compare_means, write_levels
from core.report.mean_slices import (
    MeanSlice,
    SliceScales,
    choose_slice_scales,
    describe_mean_volume,
    draw_mean_slices,
    list_mean_planes,
)
from core.report.mean_volume_download import pack_mean_volumes
from core.report.numbers import format_value, typeset
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, GridScale, show_picture_grid
from pages._shared.selection import slide, switch

__all__ = ["MeanVolumesView", "open_mean_volumes", "pack_volumes", "show_mean_volumes"]

_GREYS: Final = ("#000000", "#ffffff")
_LEAST_PX: Final = 176
_MOST_PX: Final = 320
# As of mean images: a few burnt-in voxels would else decide the scale and leave the rest black.
_SHOWN: Final = 0.995

_FIRST: Final = {
    Plane.AXIAL: "counted from the feet",
    Plane.CORONAL: "counted from the front",
    Plane.SAGITTAL: "counted from the patient's right",
}


@dataclass(frozen=True, slots=True)
class MeanVolumesView:
    """What is the same for every slice of the mean volumes of one class, or of the whole sets.

    Attributes:
        names: the sets that are shown.
        size: how large they are, in words.
        planes: what they offer along each plane.
        is_oriented: whether the planes are known to be those of the body.
        scales: one for all slices of all sets.
        differences: how far each is from the real one.
    """

    names: tuple[str, ...]
    size: str
    planes: tuple[PlaneFacts, ...]
    is_oriented: bool
    scales: SliceScales
    differences: tuple[MeanDifference, ...]


@st.cache_data(max_entries=16, show_spinner="Opening mean volumes")
def open_mean_volumes(folder: Path, class_name: str | None) -> MeanVolumesView | None:
    """Open the mean volumes of an audit, which never change; None where the class has no real one.

    Raises:
        InputError: if the audit has kept none.
    """
    volumes = _load(folder, class_name)
    if "real" not in volumes:
        return None
    real = volumes["real"]
    return MeanVolumesView(
        names=tuple(volumes),
        size=describe_mean_volume(real),
        planes=list_mean_planes(real),
        is_oriented=all(one.is_oriented for one in volumes.values()),
        scales=choose_slice_scales(volumes, largest_shown=_SHOWN),
        differences=compare_means(volumes),
    )


def pack_volumes(folder: Path, class_name: str | None) -> bytes:
    """Zip of the same volumes as NIfTI files; see `pack_mean_volumes`."""
    return pack_mean_volumes(_load(folder, class_name), class_name=class_name)


@st.fragment
def show_mean_volumes(
    view: MeanVolumesView, summary: AuditSummary, folder: Path, class_name: str | None
) -> None:
    """Show one slice along each plane of every mean volume, with a slider a plane that moves all sets."""
    styles = assign_styles(one.name for one in summary.sets if one.role == "synthetic")
    with_std = switch(
        "Standard deviation of the volumes", param="std", help="Where the volumes of a set differ most."
    )
    for facts in view.planes:
        title = str(facts.plane).capitalize()
        at = slide(
            f"{title} slice, 1 to {facts.n_slices}",
            lowest=1,
            highest=facts.n_slices,
            param=str(facts.plane),
            default=facts.n_slices // 2 + 1,
            help=_FIRST[facts.plane] if view.is_oriented else "counted as in the files",
        )
        slices = _draw(folder, class_name, view.scales, facts.plane, at - 1, with_std)
        show_picture_grid(
            [GridColumn(one.name, f"n = {one.n:,}", styles.get(one.name)) for one in slices],
            _lay_out(slices, view, facts, at, with_std),
            key=f"mean_{facts.plane}",
            label=f"{title} slice of the mean volumes by image set",
            aspect=slices[0].width / slices[0].height,
            pixelated=True,
            least_px=_LEAST_PX,
            most_px=_MOST_PX,
        )
    beyond = (
        f" Larger differences, up to {write_levels(view.scales.largest)}, have the strongest colour."
        if view.scales.largest > view.scales.limit
        else ""
    )
    planes = (
        "" if view.is_oriented else " Not all files say how they lie in the body; planes are the files' own."
    )
    st.caption(
        f"{view.size}; slices are shown with square pixels.{planes} All slices of all sets have one scale."
        f"{beyond} Below the axial differences: their root mean square over all voxels, and in brackets what "
        "sets of these sizes would differ by if both were draws of the real volumes, taken from these "
        "volumes' standard deviation. Click a slice to enlarge it; arrow keys then change the set in place."
    )


@st.cache_data(max_entries=512, show_spinner=False)
def _draw(
    folder: Path, class_name: str | None, scales: SliceScales, plane: Plane, index: int, with_std: bool
) -> tuple[MeanSlice, ...]:
    return draw_mean_slices(_load(folder, class_name), scales, plane=plane, index=index, with_std=with_std)


def _load(folder: Path, class_name: str | None) -> dict[str, MeanVolume]:
    archive = load_mean_volumes(folder)
    return {name: archive[name, label] for name, label in archive if label == class_name}


def _lay_out(
    slices: Sequence[MeanSlice], view: MeanVolumesView, facts: PlaneFacts, at: int, with_std: bool
) -> tuple[GridRow, ...]:
    scales, place = view.scales, f"{facts.plane} slice {at} of {facts.n_slices}"
    away = {one.name: _tell(one) for one in view.differences if facts.plane is Plane.AXIAL}
    limit = typeset(format_value(scales.limit, None, None))
    rows = [
        GridRow(
            f"mean volume, {place}",
            tuple(GridCell(one.mean, about=f"n = {one.n:,}") for one in slices),
            heading=f"Mean volume, {place}",
            scale=GridScale(_GREYS, str(scales.black), f"{scales.white} grey levels of 255"),
        )
    ]
    if with_std:
        rows.append(
            GridRow(
                f"standard deviation, {place}",
                tuple(GridCell(one.std, about=f"n = {one.n:,}") for one in slices),
                heading="Standard deviation of the volumes",
                scale=GridScale(_GREYS, "0", f"{scales.std_white} grey levels"),
            )
        )
    rows.append(
        GridRow(
            f"difference from the real mean, {place}",
            tuple(
                GridCell(one.difference, caption=away.get(one.name, ""))
                if one.difference
                else GridCell(caption="differences are taken from this volume")
                for one in slices
            ),
            heading="Mean volume minus real mean volume",
            scale=GridScale(DIFFERENCE_STOPS, f"\N{MINUS SIGN}{limit}", f"+{limit} grey levels"),
        )
    )
    return tuple(rows)


def _tell(one: MeanDifference) -> str:
    return f"all voxels: {write_levels(one.rms)} grey levels (by chance {write_levels(one.by_chance)})"
