"""Reads finished audits back."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from core.audit.numbers import format_interval, format_value
from core.audit.result import AuditSummary, MetricRow
from core.db.audits import AuditDocument, add_audit, load_audit
from core.db.database import Database
from core.errors import InputError
from core.metrics.catalogue import METRICS

__all__ = ["load_audit_summary", "load_summary", "save_audit_summary", "tabulate_results"]


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


def save_audit_summary(database: Database, summary: AuditSummary, *, audit_id: str, study_id: str) -> None:
    """Keep a finished audit in the database, all of it or nothing.

    Args:
        database: where.
        summary: what it found.
        audit_id: the id of the job that computed it.
        study_id: its study.

    Raises:
        InputError: if an audit of that id is kept already.
        DatabaseError: if the database does not answer.
    """
    document = json.loads(summary.model_dump_json(by_alias=False))
    results = document.pop("results")
    add_audit(database, audit_id=audit_id, study_id=study_id, summary=document, results=results)


def load_audit_summary(database: Database, audit_id: str) -> tuple[AuditDocument, AuditSummary]:
    """Read an audit back from the database, with what lists show of it.

    Raises:
        UnknownNameError: if there is none of that id.
        InputError: if it is of another version.
        DatabaseError: if the database does not answer.
    """
    document = load_audit(database, audit_id)
    try:
        summary = AuditSummary.model_validate(document.summary | {"results": document.results})
    except ValidationError as error:
        raise InputError(
            f"The audit {audit_id} is not one that this version reads ({error.error_count()} fields differ); "
            "run it again."
        ) from error
    return document, summary


def tabulate_results(summary: AuditSummary) -> pd.DataFrame:
    """Lay out whole-set values as text: one row a metric and extractor, one column a synthetic set.

    Values carry their intervals and no more digits than those support. One that depends on the number of
    images is shown at the number that its floor was measured with.

    Columns: metric, better (the direction), extractor, real against real, and the sets by name.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    floors: dict[tuple[str, str], dict[int, str]] = {}
    for row in summary.results:
        if row.class_name is None:
            facts, key = METRICS[row.metric], (row.metric, row.extractor or "")
            head = {"metric": facts.name, "better": facts.direction.value, "extractor": row.extractor or ""}
            rows.setdefault(key, head)[row.synthetic] = _describe_value(row)
            detail = row.floor_detail
            if detail is not None and detail.kind != "real":
                text = _span(detail.value, detail.low, detail.high)
                floors.setdefault(key, {})[detail.n] = f"{text}, n = {detail.n}"
    for key, line in rows.items():
        line["real against real"] = "; ".join(floors.get(key, {}).values())
    names = [one.name for one in summary.sets if one.role == "synthetic"]
    order = ["metric", "better", "extractor", "real against real", *names]
    return pd.DataFrame(list(rows.values())).reindex(columns=order).fillna("–")


def _describe_value(row: MetricRow) -> str:
    if row.value is None:
        return "–"
    detail = row.floor_detail
    if detail is not None and detail.value_at_n is not None:
        text = _span(detail.value_at_n, detail.value_at_n_low, detail.value_at_n_high)
        return f"{text}, n = {detail.n}"
    return _span(row.value, row.low, row.high)


def _span(value: float, low: float | None, high: float | None) -> str:
    return f"{format_value(value, low, high)} {format_interval(value, low, high)}".strip()
