"""Losses and speed of a generator's training, one pair of figures a phase."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from core.db.generator_runs import GeneratorRun
from core.generators.history import read_history
from core.jobs.generator_state import GeneratorState, describe_losses
from core.plots.style import Theme
from core.report.generator_figures import (
    draw_losses,
    draw_speed,
    list_trained_phases,
    render_history,
)
from pages._shared.names import escape_markdown

__all__ = ["show_losses"]

_FONT = '"Source Sans", sans-serif'
_CAPTION = (
    "Means over the images since the point before. Lower is not always better: where networks play against "
    "each other, as in a GAN, one loses what the other wins, and the samples are what tells."
)


def show_losses(run: GeneratorRun, state: GeneratorState) -> None:
    """Show losses over the images seen, and their CSV; nothing before there are any."""
    if not state.rows:
        return
    st.subheader("Losses", anchor=False)
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    for phase in list_trained_phases(state.rows):
        last = next(row for row in reversed(state.rows) if row.phase == phase)
        with st.container(border=True):
            st.markdown(f"**{escape_markdown(phase)}**")
            left, right = st.columns([3, 2])
            losses = draw_losses(state.rows, phase, theme=theme).update_layout(font_family=_FONT)
            left.plotly_chart(
                losses,
                theme=None,
                key=f"losses_{phase}_{theme}",
                alt=f"Losses of {phase} after {last.images:,} images: {describe_losses(last)}.",
            )
            speed = draw_speed(state.rows, phase, theme=theme).update_layout(font_family=_FONT)
            right.plotly_chart(
                speed,
                theme=None,
                key=f"speed_{phase}_{theme}",
                alt=f"Speed of {phase}: {last.images_per_second:,.0f} images a second.",
            )
    st.caption(_CAPTION)
    st.download_button(
        "Losses as CSV",
        partial(_read, state.folder.history_path),
        file_name=f"losses-{run.id}.csv",
        mime="text/csv",
        help="One row a point of the figures: phase, images seen, images a second, and every loss.",
        icon=":material/download:",
        on_click="ignore",
    )


def _read(path: Path) -> str:
    return render_history(read_history(path))
