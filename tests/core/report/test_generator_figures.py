"""Figures of a training: what is drawn, on which axis, and the CSV of the same numbers."""

from __future__ import annotations

import csv
import io

import pytest

from core.generators.history import HistoryRow
from core.plots.training_curves import TrainingCurve, plot_training_curves
from core.report.generator_figures import draw_losses, draw_speed, list_trained_phases, render_history

ROWS = (
    *(
        HistoryRow(
            phase="autoencoder",
            images=100 * place,
            images_per_second=10.0 * place,
            losses={"reconstruction": 0.5 / place, "codes used": 40.0},
        )
        for place in (1, 2, 3)
    ),
    HistoryRow(phase="prior", images=64, images_per_second=8.0, losses={"nats a code": 1.5}),
)


def test_every_loss_is_a_line_over_the_images_seen() -> None:
    assert list_trained_phases(ROWS) == ("autoencoder", "prior")
    figure = draw_losses(ROWS, "autoencoder", theme="light")
    assert [trace.name for trace in figure.data] == ["reconstruction", "codes used"]
    assert list(figure.data[0].x) == [100, 200, 300] and list(figure.data[0].y) == [0.5, 0.25, 0.5 / 3]
    assert figure.data[0].line.color != figure.data[1].line.color
    # 0.17 and 40 on one straight axis would make one of them a flat line.
    assert figure.layout.yaxis.type == "log" and figure.layout.showlegend
    assert figure.layout.yaxis.title.text == "Loss, logarithmic"
    alone = draw_losses(ROWS, "prior", theme="dark")
    assert (alone.layout.yaxis.type, alone.layout.yaxis.title.text) == ("linear", "nats a code")
    assert alone.data[0].mode == "markers" and not alone.layout.showlegend


def test_a_loss_that_joins_in_later_begins_later() -> None:
    late = HistoryRow(
        phase="prior", images=128, images_per_second=8.0, losses={"nats a code": 1.0, "<b>": -1.0}
    )
    figure = draw_losses((*ROWS, late), "prior", theme="light")
    assert [list(trace.x) for trace in figure.data] == [[64, 128], [128]]
    assert figure.data[1].name == "&lt;b&gt;" and "&lt;b&gt;" in figure.data[1].hovertext[0]


def test_speed_begins_at_zero() -> None:
    figure = draw_speed(ROWS, "autoencoder", theme="light")
    assert list(figure.data[0].y) == [10.0, 20.0, 30.0]
    assert figure.layout.yaxis.rangemode == "tozero" and figure.layout.yaxis.type == "linear"


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ((0.01, 1.0), "log"),
        ((0.5, 1.0), "linear"),
        ((-0.01, 1.0), "linear"),
        ((0.0, 1.0), "linear"),
        ((float("nan"), 1.0), "linear"),
    ],
)
def test_only_positive_numbers_that_lie_far_apart_are_logarithmic(
    values: tuple[float, ...], scale: str
) -> None:
    figure = plot_training_curves([TrainingCurve("a", (1, 2), values)], y_title="Loss", theme="light")
    assert figure.layout.yaxis.type == scale
    with pytest.raises(ValueError, match="no curve"):
        plot_training_curves([], y_title="Loss", theme="light")


def test_the_csv_holds_every_row_and_loss() -> None:
    rows = list(csv.DictReader(io.StringIO(render_history(ROWS))))
    assert [row["phase"] for row in rows] == ["autoencoder"] * 3 + ["prior"]
    assert [float(row["reconstruction"]) for row in rows[:3]] == [0.5, 0.25, 0.5 / 3]
    assert rows[3]["reconstruction"] == "" and rows[3]["nats a code"] == "1.5"
    assert render_history([]).strip() == '"phase","images","images_per_second"'
