"""A review for others: every row of its verdicts and the call on every pair, as CSV and JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from core.csv_text import render_csv
from core.db.review_record import ReviewPair, VerdictRecord
from core.review.findings import ReviewFindings, find_review_results
from core.review.loaded import LoadedReview
from core.review.outcome import FinalCall
from core.review.standing import find_current

__all__ = ["FORMAT", "render_calls_csv", "render_review_json", "render_verdicts_csv"]

FORMAT = "medsynaudit-review-1"
"""Name of the JSON document's form; another form gets another name."""

_PATHS = ("item", "real_item")


def render_verdicts_csv(review: LoadedReview) -> str:
    """One row a verdict, in the order in which they were stored, corrections and withdrawals among them.

    `holds` tells the rows that nothing has corrected; `verdict` is empty where the reviewer withdrew. Times
    are UTC. The table tells controls apart and is not for somebody who still reads.
    """
    pairs = {pair.number: pair for pair in review.pairs}
    holding = _find_holding(review.verdicts)
    columns = [*_pair_columns(review, review.pairs[0]), *_verdict_columns(None), "holds"]
    rows = [
        _pair_columns(review, pairs[row.number]) | _verdict_columns(row) | {"holds": row.id in holding}
        for row in review.verdicts
    ]
    return render_csv(pd.DataFrame(rows, columns=columns), paths=_PATHS)


def render_calls_csv(review: LoadedReview) -> str:
    """One row a pair in reading order, with the call on it; see `core.review.outcome.FinalCall`."""
    calls = find_review_results(review).calls
    rows = [
        _pair_columns(review, call.pair)
        | {
            "call": None if call.verdict is None else call.verdict.value,
            "basis": call.basis.value,
            "n_readers": len(call.readings),
        }
        for call in calls
    ]
    return render_csv(pd.DataFrame(rows), paths=_PATHS)


def render_review_json(review: LoadedReview) -> str:
    """Everything of a review in one document: plan, pairs with evidence and verdicts, and what follows.

    An infinite number is written as the text `"Infinity"`, which JSON has no number for.
    """
    found = find_review_results(review)
    rows: dict[int, list[VerdictRecord]] = {}
    for row in review.verdicts:
        rows.setdefault(row.number, []).append(row)
    holding = _find_holding(review.verdicts)
    document = {
        "format": FORMAT,
        "exported_at": datetime.now(UTC),
        "review": asdict(review.record),
        "summary": _summarise(found),
        "pairs": [
            _describe_call(review, call, rows.get(call.pair.number, []), holding) for call in found.calls
        ],
    }
    return json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _find_holding(verdicts: tuple[VerdictRecord, ...]) -> set[int]:
    """Ids of the rows that nothing has corrected, of both stages."""
    return {
        row.id
        for stage in {row.stage for row in verdicts}
        for mine in find_current(verdicts, stage=stage).values()
        for row in mine.values()
    }


def _pair_columns(review: LoadedReview, pair: ReviewPair) -> dict[str, Any]:
    evidence = pair.evidence
    return {
        "review": review.record.name,
        "pair": pair.number + 1,  # as pages call it
        "is_control": pair.is_control,
        "set": pair.query_set,
        "item": review.items[pair.query_id].item,
        "digest": pair.query_digest,
        "class": pair.label,
        "real_item": review.items[pair.real_id].item,
        "real_digest": pair.real_digest,
        "extractor": evidence.extractor,
        "transform": evidence.transform,
        "distance": evidence.distance,
        "rho": evidence.rho,
        "p_value": evidence.p_value,
        "q_value": evidence.q_value,
        "flagged": evidence.flagged,
        "pixel_agreement": evidence.pixel_agreement,
        "overlap": evidence.overlap,
        "added_at": _iso(pair.added_at),
    }


def _verdict_columns(row: VerdictRecord | None) -> dict[str, Any]:
    """Columns of a row; without one, their names."""
    return {
        "reviewer": row and row.reviewer,
        "stage": row and row.stage.value,
        "verdict": row and row.verdict and row.verdict.value,
        "confidence": row and row.confidence,
        "note": row and row.note,
        "seen": row and row.seen,
        "blinded": row and row.blinded,
        "made_at": row and _iso(row.made_at),
    }


def _describe_call(
    review: LoadedReview, call: FinalCall, rows: list[VerdictRecord], holding: set[int]
) -> dict[str, Any]:
    pair = call.pair
    query, real = review.items[pair.query_id], review.items[pair.real_id]
    return {
        "pair": pair.number + 1,
        "is_control": pair.is_control,
        "query": {"set": query.set, "item": query.item, "class": pair.label, "digest": pair.query_digest},
        "real": {"set": real.set, "item": real.item, "digest": pair.real_digest},
        "evidence": asdict(pair.evidence),
        "added_at": pair.added_at,
        "call": call.verdict,
        "basis": call.basis,
        "verdicts": [_verdict_columns(row) | {"holds": row.id in holding} for row in rows],
    }


def _summarise(found: ReviewFindings) -> dict[str, Any]:
    return {
        "readers": [
            {"reviewer": one.reviewer, "n_read": one.n_done, "n_left": one.n_left} for one in found.standings
        ],
        "agreement": [asdict(one) for one in found.agreements],
        "control_false_alarms": [
            asdict(replace(one, rate=None)) | {"rate": _interval(one.rate)} for one in found.false_alarms
        ],
        "sets": [
            asdict(replace(one, of_called=None))
            | {
                "n_confirmed": one.n_confirmed,
                "of_called": _interval(one.of_called),
                "of_all": _interval(one.of_all),
            }
            for one in found.outcomes
        ],
        "n_open": len(found.open),
    }


def _interval(estimate: Any) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n_synthetic,
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    """What JSON can hold."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
