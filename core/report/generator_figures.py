"""Figures of a generator's training: losses and speed of each phase over the images seen, and their CSV."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.csv_text import render_csv
from core.generators.history import HistoryRow
from core.plots.style import Theme
from core.plots.training_curves import TrainingCurve, plot_training_curves

__all__ = ["draw_losses", "draw_speed", "list_trained_phases", "render_history"]


def list_trained_phases(rows: Sequence[HistoryRow]) -> tuple[str, ...]:
    """Phases that losses were written of, in the order of training."""
    return tuple(dict.fromkeys(row.phase for row in rows))


def draw_losses(rows: Sequence[HistoryRow], phase: str, *, theme: Theme) -> go.Figure:
    """Draw every loss of a phase over the images seen.

    Args:
        rows: a run's history.
        phase: one that `list_trained_phases` names.
        theme: light or dark ground.
    """
    own = [row for row in rows if row.phase == phase]
    names = dict.fromkeys(name for row in own for name in row.losses)
    curves = []
    for name in names:
        having = [row for row in own if name in row.losses]
        images = tuple(row.images for row in having)
        curves.append(TrainingCurve(name, images, tuple(row.losses[name] for row in having)))
    # One curve needs no legend, but a name.
    y_title = next(iter(names)) if len(names) == 1 else "Loss"
    return plot_training_curves(curves, y_title=y_title, theme=theme)


def draw_speed(rows: Sequence[HistoryRow], phase: str, *, theme: Theme) -> go.Figure:
    """Draw how fast a phase was trained over the images seen; arguments as in `draw_losses`."""
    own = [row for row in rows if row.phase == phase]
    speed = TrainingCurve(
        "images a second", tuple(row.images for row in own), tuple(row.images_per_second for row in own)
    )
    return plot_training_curves([speed], y_title="Images a second (↑ faster)", theme=theme, from_zero=True)


def render_history(rows: Sequence[HistoryRow]) -> str:
    """Write a history as CSV: one row a line of it, one column a loss; cells of other phases are empty."""
    names = dict.fromkeys(name for row in rows for name in row.losses)
    columns = ["phase", "images", "images_per_second", *names]
    table = pd.DataFrame(
        [
            {"phase": row.phase, "images": row.images, "images_per_second": row.images_per_second}
            | dict(row.losses)
            for row in rows
        ],
        columns=columns,
    )
    return render_csv(table)
