"""An audit's mean images as a grid of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core.audit.mean_archive import load_mean_images
from core.audit.result import AuditSummary
from core.plots.difference import DIFFERENCE_STOPS
from core.plots.style import assign_styles
from core.report.mean_download import pack_mean_images
from core.report.mean_findings import MeanDifference, compare_means, write_levels
from core.report.mean_gallery import MeanGallery, build_mean_gallery
from core.report.numbers import format_value, typeset
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, GridScale, show_picture_grid

__all__ = ["MeanPictures", "open_mean_pictures", "pack_pictures", "show_mean_pictures"]

# Larger pictures are averaged down to this side to be looked at; downloads have them as they are.
_SIDE_PX: Final = 512
_GREYS: Final = ("#000000", "#ffffff")
_LEAST_PX: Final = 176
# Differences above this share of all have the strongest colour: a border or a burnt-in mark would else decide
# the scale and leave the rest black.
_SHOWN: Final = 0.995


@dataclass(frozen=True, slots=True)
class MeanPictures:
    """Mean images of one class, or of the whole sets.

    Attributes:
        gallery: the pictures, on scales of their own.
        differences: how far each is from the real one.
    """

    gallery: MeanGallery
    differences: tuple[MeanDifference, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The sets that are shown."""
        return tuple(one.name for one in self.gallery.pictures)


@st.cache_data(max_entries=16, show_spinner="Drawing mean images")
def open_mean_pictures(folder: Path, class_name: str | None) -> MeanPictures | None:
    """Draw the mean images of an audit, which never change; None where the class has no real one.

    Raises:
        InputError: if the audit has kept none.
    """
    archive = load_mean_images(folder)
    pictures = {name: archive[name, label] for name, label in archive if label == class_name}
    gallery = build_mean_gallery(
        pictures, class_name=class_name, side=_SIDE_PX, with_std=True, largest_shown=_SHOWN
    )
    return None if gallery is None else MeanPictures(gallery, compare_means(pictures))


def pack_pictures(folder: Path, class_name: str | None) -> bytes:
    """Zip of the same pictures in full size, with their numbers; see `pack_mean_images`."""
    archive = load_mean_images(folder)
    pictures = {name: archive[name, label] for name, label in archive if label == class_name}
    largest = max(max(one.mean.shape[:2]) for one in pictures.values())
    gallery = build_mean_gallery(
        pictures, class_name=class_name, side=largest, with_std=True, largest_shown=_SHOWN
    )
    assert gallery is not None, "nothing is offered without pictures"
    return pack_mean_images(gallery, pictures)


def show_mean_pictures(shown: MeanPictures, summary: AuditSummary) -> None:
    """Show mean, standard deviation and difference, one column a set, on scales that stand above them."""
    gallery = shown.gallery
    styles = assign_styles(one.name for one in summary.sets if one.role == "synthetic")
    away = {one.name: one for one in shown.differences}
    limit = typeset(format_value(gallery.limit, None, None))
    first = gallery.pictures[0]
    rows = (
        GridRow(
            "mean image",
            tuple(GridCell(one.mean, about=f"n = {one.n:,}") for one in gallery.pictures),
            heading="Mean image",
            scale=GridScale(_GREYS, str(gallery.black), f"{gallery.white} grey levels of 255"),
        ),
        GridRow(
            "standard deviation",
            tuple(GridCell(one.std, about=f"n = {one.n:,}") for one in gallery.pictures),
            heading="Standard deviation of the images",
            scale=GridScale(_GREYS, "0", f"{gallery.std_white} grey levels"),
        ),
        GridRow(
            "difference from the real mean",
            tuple(
                GridCell(one.difference, caption=_tell(away[one.name]))
                if one.difference
                else GridCell(caption="differences are taken from this image")
                for one in gallery.pictures
            ),
            heading="Mean image minus real mean image",
            scale=GridScale(DIFFERENCE_STOPS, f"\N{MINUS SIGN}{limit}", f"+{limit} grey levels"),
        ),
    )
    show_picture_grid(
        [GridColumn(one.name, f"n = {one.n:,}", styles.get(one.name)) for one in gallery.pictures],
        rows,
        key="mean_images",
        label="Mean images by image set",
        aspect=first.width / first.height,
        pixelated=True,
        least_px=_LEAST_PX,
    )
    largest = max((one.largest for one in gallery.pictures), default=0.0)
    beyond = (
        f" Larger differences, up to {write_levels(largest)}, have the strongest colour."
        if largest > gallery.limit
        else ""
    )
    reduced = f", shown with {_SIDE_PX}" if max(first.width, first.height) > _SIDE_PX else ""
    st.caption(
        f"{first.width} × {first.height} pixels{reduced}. Each row has one scale for all sets.{beyond} Below "
        "a difference: its root mean square over the pixels, and in brackets what sets of these sizes would "
        "differ by if both were draws of the real images, taken from these images' standard deviation. Click "
        "a picture to enlarge it; arrow keys then change the set in place."
    )


def _tell(one: MeanDifference) -> str:
    return f"{write_levels(one.rms)} grey levels (by chance {write_levels(one.by_chance)})"
