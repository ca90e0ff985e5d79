"""What a crop experiment found: answers first, then figures, tables and images before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
import streamlit as st

from core.audit.items import load_items
from core.crop_experiment.figures import CropFigure
from core.crop_experiment.findings import (
    SetAnswer,
    answer_sets,
    describe_crop,
    describe_probes,
    summarise_answers,
)
from core.crop_experiment.result import CropSummary
from core.crop_experiment.samples import pick_samples
from core.errors import InputError
from core.plots.style import assign_styles
from pages._shared.experiment_choice import FinishedExperiment
from pages._shared.image_addresses import address_image
from pages._shared.names import escape_markdown, show_name
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, show_picture_grid

__all__ = ["CROP_FILES", "show_crop_answers", "show_crop_figure", "show_crop_samples"]

FONT: Final = '"Source Sans", sans-serif'
CROP_FILES: Final = (
    ("crop.json", "crop.json", "Crop, protocol, sets, and every change for programs.", "application/json"),
    ("crop.csv", "crop.csv", "One row a set, arm or metric: before, after, change, p.", "text/csv"),
    ("before/report.html", "Audit before", "Report of the audit on the images as they are.", "text/html"),
    ("after/report.html", "Audit after", "Report of the audit on cropped images.", "text/html"),
)


def show_crop_answers(summary: CropSummary) -> None:
    """Say what was cropped, what became of each set's worth, and whether the crop worked."""
    answers = answer_sets(summary)
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(summarise_answers(answers))}**")
        st.text(describe_crop(summary))
        for one in answers:
            if one.synthetic is not None:
                _show_badge(one)
            st.text(one.sentence)
        st.caption(
            "Accuracy on real test images, both cropped alike. A crop takes anatomy with it: hold what a set "
            "loses against what real images lose. p-values are by the signed-rank test over repeats, after "
            "Holm's correction for the number of sets, each way of training by itself."
        )
    if summary.warnings:
        st.warning("\n\n".join(map(escape_markdown, summary.warnings)))
    with st.expander("Did the crop take it out?", expanded=True):
        for sentence in describe_probes(summary):
            st.text(sentence)


def show_crop_figure(figure: CropFigure, *, key: str) -> None:
    """Show a figure on the ground of the theme."""
    is_dark = st.context.theme.type == "dark"
    drawn = go.Figure(figure.dark if is_dark else figure.light)
    drawn.update_layout(font_family=FONT)
    st.plotly_chart(drawn, theme=None, key=f"{key}_{'dark' if is_dark else 'light'}", alt=figure.alt)


def show_crop_samples(experiment: FinishedExperiment[CropSummary], known: Sequence[str]) -> None:
    """Show the first image of each class of each set, and below it its cropped twin.

    Args:
        experiment: the experiment.
        known: all synthetic sets of the study in its order, so that each keeps its colour and symbol.
    """
    names = [one.name for one in experiment.summary.sets]
    try:
        picked = pick_samples(load_items(experiment.folder), names)
    except InputError as error:
        st.info(escape_markdown(str(error)))
        return
    styles = assign_styles(dict.fromkeys((*known, *(n for n in names if n not in ("real", "heldout")))))
    rows = []
    for at in range(max(map(len, picked.values()), default=0)):
        pairs = [own[at] if at < len(own) else None for own in picked.values()]
        label = next((pair.label for pair in pairs if pair is not None), None)
        title = show_name(label) if label is not None else f"sample {at + 1}"
        for when in ("before", "after"):
            cells = tuple(
                None if pair is None else _cell(experiment.id, getattr(pair, when), show_name(pair.item))
                for pair in pairs
            )
            rows.append(
                GridRow(f"{title}, {when} the crop", cells, heading=title if when == "before" else "")
            )
    show_picture_grid(
        [GridColumn(name, style=styles[name]) for name in names],
        rows,
        key="crop_samples",
        label="Images before and after the crop",
    )


def _cell(experiment_id: str, item_id: str, about: str) -> GridCell:
    return GridCell(
        address_image(experiment_id, item_id, form="thumbnail", side_px=320),
        samples=address_image(experiment_id, item_id, form="samples"),
        about=about,
        item=item_id,
    )


def _show_badge(one: SetAnswer) -> None:
    name = escape_markdown(one.synthetic or "")
    match one.level:
        case "fell":
            st.badge(f"{name}: worth less without it", icon=":material/trending_down:", color="orange")
        case "rose":
            st.badge(f"{name}: worth more without it", icon=":material/trending_up:", color="green")
        case "none":
            st.badge(f"{name}: no loss shown", icon=":material/trending_flat:", color="green")
        case _:
            st.badge(f"{name}: too few repeats", icon=":material/help:", color="gray")
