"""The figure of one metric against one utility."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Literal

import pandas as pd

from core.fidelity_utility.association import Association
from core.fidelity_utility.backdrop import Backdrop
from core.fidelity_utility.fidelities import SetNumber
from core.fidelity_utility.points import Point
from core.fidelity_utility.sentences import write_correlation
from core.metrics.metric_facts import Direction
from core.plots.association import AssociationAxis, plot_association
from core.plots.style import Theme, assign_styles
from core.report.figures import ReportFigure
from core.report.numbers import format_count, format_interval, format_value, typeset

__all__ = ["build_association_figure"]

_UPRIGHT = 52


def build_association_figure(
    association: Association, all_names: Sequence[str], *, backdrop: Backdrop | None = None
) -> ReportFigure | None:
    """Draw each synthetic set with both intervals; None where no set has both numbers.

    Args:
        association: what is drawn.
        all_names: every synthetic set of the audit, so that each keeps its look.
        backdrop: published points behind them.
    """
    joined = association.joined
    if not joined.points:
        return None
    at_n = "" if joined.n_at is None else f" at n = {format_count(joined.n_at)}"
    against = f" against {_lower(joined.baseline_title)}" if joined.baseline_title else ""
    what = f"{'change of ' if against else ''}{joined.utility.score_title}{against}"
    x = AssociationAxis(f"{joined.fidelity.title}{at_n}", _better(joined.fidelity.direction))
    y = AssociationAxis(
        "\n".join(_wrap(f"{_upper(joined.utility.way_title)}:") + _wrap(f"{what}, {joined.utility.unit}")),
        "high",
        zero=bool(against),
    )
    rows = [
        {
            "set": point.name,
            **_numbers("x", point.fidelity),
            **_numbers("y", point.utility),
            "label": f"{point.name}\n{_write_point(point, association)}",
        }
        for point in joined.points
    ]
    records = pd.DataFrame(rows)
    pale = None if backdrop is None else _tabulate(backdrop)
    axes = ("", "") if backdrop is None else (f"published: {backdrop.column.title}", "published: points")
    styles = assign_styles(all_names)

    def draw(theme: Theme) -> dict[str, object]:
        figure = plot_association(
            records, x=x, y=y, styles=styles, theme=theme, backdrop=pale, backdrop_axes=axes
        )
        return dict(json.loads(figure.to_json()))

    zero = f"; the line at 0 is the baseline, {_lower(joined.baseline_title)}" if against else ""
    caption = (
        "Each point is a synthetic set with its 95 % intervals: of the metric over images, of the utility "
        f"over {joined.n_repeats} repeats on {format_count(joined.n_test)} test images{zero}."
    )
    if backdrop is not None:
        caption = " ".join((caption, *backdrop.sentences))
    alt = " ".join(f"{point.name}: {_write_point(point, association)}." for point in joined.points)
    return ReportFigure(
        id="association",
        group="Utility",
        wide=True,
        title=f"{joined.fidelity.title} against {joined.utility.title}{against}",
        caption=caption,
        alt=f"Spearman {write_correlation(association.correlation)}. {alt}".replace("\n", ", "),
        light=draw("light"),
        dark=draw("dark"),
    )


def _better(direction: Direction) -> Literal["high", "low"] | None:
    if direction is Direction.NONE:
        return None
    return "high" if direction is Direction.HIGHER else "low"


def _wrap(text: str) -> list[str]:
    """Lines that an upright axis holds."""
    return textwrap.wrap(text, _UPRIGHT, break_long_words=False)


def _upper(title: str) -> str:
    return title[:1].upper() + title[1:]


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def _numbers(axis: str, number: SetNumber) -> dict[str, float]:
    ends = (float("nan") if end is None else end for end in (number.low, number.high))
    return dict(zip((axis, f"{axis}_low", f"{axis}_high"), (number.value, *ends), strict=True))


def _write_point(point: Point, association: Association) -> str:
    joined = association.joined
    sign = "+" if joined.utility.baseline is not None and point.utility.value > 0 else ""
    return (
        f"{joined.fidelity.title} {_write(point.fidelity)}\n"
        f"{joined.utility.title} {sign}{_write(point.utility)} {joined.utility.unit}"
    )


def _write(number: SetNumber) -> str:
    ends = number.low, number.high
    return typeset(f"{format_value(number.value, *ends)} {format_interval(number.value, *ends)}".strip())


def _tabulate(backdrop: Backdrop) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "group": f"{point.table} (published)",
                "name": point.model,
                "x": point.fidelity,
                "y": point.change,
                "label": f"{point.model}, {point.table}\n{backdrop.column.title} {point.fidelity:g}\n"
                + typeset(f"accuracy {point.change:+.2f} points")
                + (", marked significant" if point.significant else ""),
            }
            for point in backdrop.points
        ]
    )
