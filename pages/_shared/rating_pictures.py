"""The images that fooled most raters and those that fooled nobody, each with every rater's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.config import Settings
from core.plots.style import REAL, SetStyle
from core.rating.fooling import ImageAnswers
from core.rating.rating_score import RatingScore
from core.rating.session_folder import stimulus_path
from pages._shared.image_addresses import address_stimulus
from pages._shared.names import show_name
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, show_picture_grid
from pages._shared.selection import choose
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["lay_out_images", "show_image_table", "show_pictures"]

_SHOWN: Final = {
    "most": "Fakes that fooled most raters",
    "none": "Fakes that fooled nobody",
    "suspected": "Real images that were called fake",
}
_EMPTY: Final = {
    "most": "No fake was taken for real by more than half of its raters.",
    "none": "Every fake was taken for real by somebody.",
    "suspected": "Nobody called a real image fake.",
}
_MOST_ROWS: Final = 3
_ACROSS: Final = 4


def show_pictures(
    settings: Settings, session_id: str, score: RatingScore, styles: Mapping[str, SetStyle]
) -> None:
    """Show images as raters saw them, by set, the strongest first; a click enlarges one with its answers.

    Args:
        settings: the workspace.
        session_id: the session.
        score: its numbers.
        styles: colour and symbol of each set.
    """
    offered = _SHOWN if score.overall.n_real else {key: _SHOWN[key] for key in ("most", "none")}
    with st.columns(2)[0]:
        which = choose("Shown", offered, param="images")
    by_set = _pick(score, which)
    if not any(by_set.values()):
        st.info(_EMPTY[which])
        return
    columns: list[tuple[GridColumn, Sequence[ImageAnswers]]]
    if which == "suspected":
        # One set alone gets as many columns as others have sets.
        images = by_set[REAL]
        columns = [
            (
                GridColumn("real" if at == 0 else "", style=styles[REAL] if at == 0 else None),
                images[at::_ACROSS],
            )
            for at in range(min(_ACROSS, len(images)))
        ]
    else:
        columns = [
            (GridColumn(name, f"{len(images):,}", style=styles.get(name)), images)
            for name, images in by_set.items()
            if images
        ]
    n_rows = min(_MOST_ROWS, max(len(images) for _, images in columns))
    rows = [
        GridRow(
            f"{_SHOWN[which]}, {at + 1}",
            tuple(
                _cell(settings, session_id, images[at], score.task) if at < len(images) else None
                for _, images in columns
            ),
        )
        for at in range(n_rows)
    ]
    show_picture_grid([column for column, _ in columns], rows, key="rating_pictures", label=_SHOWN[which])
    n_left = sum(len(images) for images in by_set.values()) - sum(
        cell is not None for row in rows for cell in row.cells
    )
    if not any(cell and cell.picture for row in rows for cell in row.cells):
        st.caption("The workspace holds no picture of these images; the table below names them.")
        return
    more = f" {n_left:,} more are in the table below." if n_left else ""
    st.caption(f"As raters saw them. Enlarged, an image stands with every rater's answer.{more}")


def lay_out_images(score: RatingScore) -> Table:
    """One row an image, with a column a rater; those that fooled most raters first."""
    raters = list(score.by_rater)
    is_pair = score.task == "pair"
    columns = (
        Column("item", "Image", "Its number in the session's list, as in answers.csv."),
        Column("set", "Set"),
        Column("class", "Class"),
        Column("fooled", "Raters fooled", "Raters who were wrong, of those who answered.", kind="number",
               detail_title="95 %"),
        *(Column(f"rater {at}", show_name(name), _ANSWER_IN_PAIR if is_pair else _ANSWER)
          for at, name in enumerate(raters)),
    )  # fmt: skip
    rows = []
    for one in score.images:
        cells = {
            "item": Cell(one.item),
            "set": Cell(one.synthetic or "real"),
            "class": Cell(show_name(one.class_name or "")),
            "fooled": Cell(
                f"{one.n_fooled:,} of {one.n:,}",
                100 * one.share,
                f"[{100 * one.low:.0f}, {100 * one.high:.0f}] %",
            ),
        }
        for at, name in enumerate(raters):
            if name in one.answers:
                said = one.answers[name]
                is_wrong = (said == "fake") != (one.synthetic is not None)
                sure = one.confidences.get(name)
                cells[f"rater {at}"] = Cell(
                    _say(said, score.task), strong=is_wrong, detail=f"sure: {sure}" if sure else ""
                )
        rows.append((f"{one.synthetic or ''} {one.item}", cells))
    has_classes = any(one.class_name for one in score.images)
    kept = tuple(one for one in columns if has_classes or one.id != "class")
    caption = "Bold: wrong answers."
    if any(one.confidences for one in score.images):
        caption += " Lines below answers: confidence from 1, a guess, to 5, certain."
    if not has_classes:
        rows = [(key, {name: cell for name, cell in row.items() if name != "class"}) for key, row in rows]
    return Table(kept, tuple(rows), caption)


_ANSWER: Final = "What this rater said of the image."
_ANSWER_IN_PAIR: Final = "Whether this rater named the fake image of the pair."


def _pick(score: RatingScore, which: str) -> dict[str, list[ImageAnswers]]:
    """Images by set, strongest first."""
    if which == "suspected":
        return {REAL: [one for one in score.images if one.synthetic is None and one.n_fooled]}
    images = score.fooled_most if which == "most" else score.fooled_none
    return {name: [one for one in images if one.synthetic == name] for name in score.by_set}


def _cell(settings: Settings, session_id: str, one: ImageAnswers, task: str) -> GridCell:
    """An image, or its caption alone where the workspace has no picture of it."""
    wrong = "called it fake" if one.synthetic is None else "missed it" if task == "pair" else "called it real"
    caption = f"{one.n_fooled:,} of {one.n:,} {wrong}"
    said = ", ".join(
        f"{show_name(name)}: {_say(answer, task)}"
        + (f" ({one.confidences[name]})" if name in one.confidences else "")
        for name, answer in one.answers.items()
    )
    picture = ""
    if one.item.isdecimal() and stimulus_path(settings, session_id, int(one.item)).is_file():
        picture = address_stimulus(session_id, int(one.item))
    return GridCell(picture, caption=caption, about=f"Image {one.item}. {said}.", item=one.item)


def _say(answer: str, task: str) -> str:
    if task == "pair":
        return "found" if answer == "fake" else "missed"
    return answer


def show_image_table(score: RatingScore, session_id: str) -> None:
    """Show every image with every answer.

    Args:
        score: the session's numbers.
        session_id: the session.
    """
    show_table(
        lay_out_images(score), key="rating_images", file_name=f"images-{session_id}.csv", height_px=440
    )
