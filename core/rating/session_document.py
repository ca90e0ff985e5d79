"""A rating session for others: design, images, raters, every answer and what follows, as one document."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from core.db.rating_record import AnswerRecord, RaterRecord, StimulusRecord
from core.rating.loaded_session import LoadedSession
from core.rating.score import score_answers
from core.rating.session_table import name_item

__all__ = ["FORMAT", "render_session_json"]

FORMAT: Final = "medsynaudit-rating-1"
"""Name of the JSON document's form; another form gets another name."""


def render_session_json(session: LoadedSession, *, seed: int = 0) -> str:
    """Write everything of a session, with its numbers at the top level as `rating score` writes them.

    It holds the truth of every image and is not for raters who have not finished.

    Args:
        session: with its answers so far.
        seed: seeds the draws of bootstrap intervals.
    """
    record = session.record
    document = {
        "format": FORMAT,
        "exported_at": _iso(datetime.now(UTC)),
        "session": {
            "id": record.id,
            "name": record.name,
            "study_id": record.study_id,
            "is_simulated": record.is_simulated,
            "created_at": _iso(record.created_at),
            "prepared_at": _iso(record.prepared_at),
            "closed_at": _iso(record.closed_at),
            "design": record.design,
            "folders": record.folders,
            "images": [_describe_image(one) for one in session.stimuli],
            "raters": [_describe_rater(one, session.answers) for one in session.raters],
        },
        **score_answers(session.tabulate(), seed=seed).as_json(),
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _describe_image(one: StimulusRecord) -> dict[str, Any]:
    return {
        "item": name_item(one.number),
        "kind": one.kind.value,
        "truth": "fake" if one.is_fake else "real",
        "synthetic": one.synthetic,
        "class": one.class_name,
        "file": one.file,
        "digest": one.digest,
    }


def _describe_rater(one: RaterRecord, answers: tuple[AnswerRecord, ...]) -> dict[str, Any]:
    """A rater with every row that was ever kept of them, withdrawals (`answer` null) among them."""
    mine = [row for row in answers if row.rater_id == one.id]
    return {
        "name": one.name,
        "number": one.number,
        "background": [asdict(entry) for entry in one.background],
        "screen": dict(one.screen),
        "consented_at": _iso(one.consented_at),
        "finished_at": _iso(one.finished_at),
        "revoked_at": _iso(one.revoked_at),
        "trials": [
            {"kind": trial.kind.value, "items": [name_item(number) for number in trial.stimuli]}
            for trial in one.trials
        ],
        "answers": [_describe_answer(row) for row in mine],
    }


def _describe_answer(row: AnswerRecord) -> dict[str, Any]:
    given = asdict(row.given)
    del given["token"], given["position"]
    return {"trial": row.given.position + 1, **given, "made_at": _iso(row.made_at)}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="milliseconds")
