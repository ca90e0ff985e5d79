"""The records that plots draw: a row each, with the columns that a plot names."""

from __future__ import annotations

import pandas as pd

__all__ = ["require_columns"]


def require_columns(records: pd.DataFrame, columns: tuple[str, ...], noun: str) -> None:
    """Refuse records that cannot be drawn.

    Args:
        records: one row a thing that is drawn.
        columns: what each row holds.
        noun: what the plot draws.

    Raises:
        ValueError: if a column is missing or there is no row.
    """
    if set(columns) - set(records.columns) or records.empty:
        raise ValueError(f"{noun} records need rows with the columns {', '.join(columns)}")
