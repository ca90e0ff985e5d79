"""Reads finished audits back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from core.audit.result import AuditSummary
from core.errors import InputError
from core.metrics.catalogue import METRICS

__all__ = ["load_summary", "tabulate_results"]


def load_summary(folder: Path) -> AuditSummary:
    """Read the `audit.json` of a finished audit.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if there is none, or it is damaged or of another version.
    """
    path = folder / "audit.json"
    try:
        return AuditSummary.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run the audit again.") from error
    except ValidationError as error:
        raise InputError(
            f"{path} is not an audit that this version reads ({error.error_count()} fields differ); run the "
            "audit again."
        ) from error


def tabulate_results(summary: AuditSummary) -> pd.DataFrame:
    """Lay out whole-set values: one row a metric and extractor, one column a synthetic set.

    Columns: metric, better (the direction), extractor, the sets by name, and floor (of the first set).
    """
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for row in summary.results:
        if row.class_name is None:
            facts = METRICS[row.metric]
            line = rows.setdefault(
                (row.metric, row.extractor or ""),
                {"metric": facts.name, "better": facts.direction.value, "extractor": row.extractor or ""},
            )
            line[row.synthetic] = row.value
            line.setdefault("floor", row.floor)
    table = pd.DataFrame(list(rows.values()))
    order = [
        "metric",
        "better",
        "extractor",
        *(s.name for s in summary.sets if s.role == "synthetic"),
        "floor",
    ]
    return table.reindex(columns=order)
