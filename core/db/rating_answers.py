"""Answers of raters in the database: rows are added and never changed, an undone answer is a further row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import case, func, insert, select
from sqlalchemy.orm import Session

from core.db.database import Database
from core.db.raters import get_rater, require_open_to
from core.db.rating_record import Answer, AnswerRecord, NewAnswer
from core.db.rating_sessions import get_rating_session
from core.db.rating_tables import RaterTable, RatingAnswerTable
from core.errors import InputError

__all__ = [
    "add_answers",
    "count_answers",
    "group_by_rater",
    "list_answers",
    "read_answer",
    "standing_answers",
]

_LONGEST_TOKEN = 64
_MOST_AT_ONCE = 5_000
# A week: longer than any rater leaves an image open.
_LONGEST_TIME_MS = 7 * 24 * 3600 * 1000.0
_SINGLE_ANSWERS = frozenset({Answer.REAL, Answer.FAKE})
_PAIR_ANSWERS = frozenset({Answer.LEFT, Answer.RIGHT})
# An answer stands for the next position and a withdrawal takes the last one back, so that the standing
# answers are always those of the first positions, and their number is the next position.
_N_STANDING = func.coalesce(func.sum(case((RatingAnswerTable.answer.is_(None), -1), else_=1)), 0)


def add_answers(database: Database, rater_id: str, answers: Sequence[NewAnswer]) -> int:
    """Keep a batch of answers in the order handed in, all or none.

    An answer is taken only for the first trial without a standing answer, and a withdrawal only for the
    last trial with one. Answers whose token the rater has handed in before are there already and are not
    kept twice, so that a batch may be sent again when its reply was lost, also after the session was closed.

    Args:
        database: where.
        rater_id: who gives them.
        answers: in the order in which they were given.

    Returns:
        The rater's next position: the first trial without a standing answer; the number of trials when all
        are answered, and the rater has finished then for good.

    Raises:
        InputError: if the session is closed, the link was taken back, the rater has not begun or has
            finished, an answer is for another position than the next (the message names it), or a field
            does not fit.
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    if len(answers) > _MOST_AT_ONCE:
        raise InputError(f"{len(answers):,} answers at once are too many; send {_MOST_AT_ONCE:,} at most.")
    batch: dict[str, NewAnswer] = {}
    for one in answers:
        _check(one)
        _require_same(_place(batch.setdefault(one.token, one)), one)
    with database.write() as session:
        rater = get_rater(session, rater_id)
        there = _find_tokens(session, rater_id, tuple(batch))
        new = []
        for one in batch.values():
            if one.token in there:
                _require_same(there[one.token], one)
            else:
                new.append(one)
        position = _count(session, rater_id)
        if not new:
            return position
        require_open_to(session, rater)
        if rater.consented_at is None:
            raise InputError("This rater has not begun yet; agree to take part first.")
        if rater.finished_at is not None:
            raise InputError("All trials are answered and the session is finished; reload the page.")
        for one in new:
            position = _follow(position, one, rater)
        now = datetime.now(UTC)
        rows = [_columns(one) | {"rater_id": rater_id, "made_at": now} for one in new]
        session.execute(insert(RatingAnswerTable), rows)
        if position == len(rater.trials):
            rater.finished_at = now
        return position


def list_answers(
    database: Database, *, session_id: str | None = None, rater_id: str | None = None
) -> tuple[AnswerRecord, ...]:
    """List answers in the order in which they were stored, withdrawals among them.

    Args:
        database: where.
        session_id: only of this session's raters.
        rater_id: only this rater's.

    Raises:
        UnknownNameError: if there is no such session or rater.
        DatabaseError: if the database does not answer.
    """
    query = select(RatingAnswerTable).order_by(RatingAnswerTable.id)
    with database.read() as session:
        if session_id is not None:
            get_rating_session(session, session_id)
            query = query.where(
                RatingAnswerTable.rater_id.in_(
                    select(RaterTable.id).where(RaterTable.session_id == session_id)
                )
            )
        if rater_id is not None:
            get_rater(session, rater_id)
            query = query.where(RatingAnswerTable.rater_id == rater_id)
        return tuple(read_answer(row) for row in session.scalars(query))


def count_answers(database: Database, session_id: str | None = None) -> dict[str, int]:
    """Count the standing answers of each rater, without reading them.

    Args:
        database: where.
        session_id: only of this session's raters.

    Returns:
        Number of trials answered by rater id; raters without an answer are left out.

    Raises:
        DatabaseError: if the database does not answer.
    """
    query = select(RatingAnswerTable.rater_id, _N_STANDING).group_by(RatingAnswerTable.rater_id)
    if session_id is not None:
        query = query.join(RaterTable, RaterTable.id == RatingAnswerTable.rater_id).where(
            RaterTable.session_id == session_id
        )
    with database.read() as session:
        return {rater_id: int(n) for rater_id, n in session.execute(query)}


def standing_answers(records: Iterable[AnswerRecord]) -> dict[int, NewAnswer]:
    """Find what holds of one rater's answers: the last of each position, unless it was withdrawn.

    Args:
        records: one rater's, as `list_answers` lists them.

    Returns:
        Standing answers by position, in the order of the positions.

    Raises:
        ValueError: if they are of more than one rater.
    """
    standing: dict[int, NewAnswer] = {}
    raters = set()
    for record in sorted(records, key=lambda record: record.id):
        raters.add(record.rater_id)
        if record.given.answer is None:
            standing.pop(record.given.position, None)
        else:
            standing[record.given.position] = record.given
    if len(raters) > 1:
        raise ValueError("answers stand for one rater at a time")
    return dict(sorted(standing.items()))


def group_by_rater(records: Iterable[AnswerRecord]) -> dict[str, tuple[AnswerRecord, ...]]:
    """Part the answers of a session by rater id, each in order."""
    parts: defaultdict[str, list[AnswerRecord]] = defaultdict(list)
    for record in records:
        parts[record.rater_id].append(record)
    return {rater_id: tuple(part) for rater_id, part in parts.items()}


def _check(one: NewAnswer) -> None:
    """Browsers hand these in: look at them before the database does."""
    if not 1 <= len(one.token) <= _LONGEST_TOKEN or not (one.token.isascii() and one.token.isprintable()):
        raise InputError(f"An answer needs a token of 1 to {_LONGEST_TOKEN} printable ASCII characters.")
    if one.confidence is not None and one.confidence not in range(1, 6):
        raise InputError(f"Confidence is a whole number from 1 to 5, not {one.confidence}.")
    for title, time_ms in (("reaction time", one.reaction_time_ms), ("exposure", one.exposure_ms)):
        if time_ms is not None and not 0 <= time_ms <= _LONGEST_TIME_MS:
            raise InputError(f"The {title} of trial {one.position + 1} is not a time of 0 ms to a week.")
    if one.frame_rate_hz is not None and not (0 < one.frame_rate_hz < 10_000):
        raise InputError(f"The frame rate of trial {one.position + 1} is not a rate in Hz.")
    for n in (one.frames or 0, one.dropped_frames):
        if not 0 <= n < 2**31:
            raise InputError(f"The frames of trial {one.position + 1} are not a count.")


def _place(one: NewAnswer) -> tuple[int, Answer | None]:
    return one.position, one.answer


def _require_same(place: tuple[int, Answer | None], one: NewAnswer) -> None:
    if place != _place(one):
        raise InputError(
            f"An answer on trial {one.position + 1} carries the token of another one; reload the page."
        )


def _find_tokens(
    session: Session, rater_id: str, tokens: Sequence[str]
) -> dict[str, tuple[int, Answer | None]]:
    """Those of the tokens that the rater has handed in before, with what each was for."""
    found: dict[str, tuple[int, Answer | None]] = {}
    # Both databases limit the parameters of one statement.
    for first in range(0, len(tokens), 500):
        query = select(RatingAnswerTable.token, RatingAnswerTable.position, RatingAnswerTable.answer).where(
            RatingAnswerTable.rater_id == rater_id,
            RatingAnswerTable.token.in_(tokens[first : first + 500]),
        )
        for row in session.execute(query):
            found[row.token] = (row.position, None if row.answer is None else Answer(row.answer))
    return found


def _count(session: Session, rater_id: str) -> int:
    return int(
        session.execute(select(_N_STANDING).where(RatingAnswerTable.rater_id == rater_id)).scalar_one()
    )


def _follow(position: int, one: NewAnswer, rater: RaterTable) -> int:
    """Return the next position after one more answer.

    Raises:
        InputError: if it cannot follow.
    """
    if one.answer is None:
        if one.position != position - 1:
            says = f"only that of trial {position} can" if position else "there is none"
            raise InputError(f"The answer of trial {one.position + 1} cannot be undone; {says}.")
        return position - 1
    if one.position != position or position >= len(rater.trials):
        expected = f"trial {position + 1} is next" if position < len(rater.trials) else "all are answered"
        raise InputError(f"An answer on trial {one.position + 1} does not fit; {expected}. Reload the page.")
    allowed = _PAIR_ANSWERS if len(rater.trials[position]["stimuli"]) == 2 else _SINGLE_ANSWERS
    if one.answer not in allowed:
        names = " or ".join(sorted(allowed))
        raise InputError(f"Trial {position + 1} is answered with {names}, not {one.answer}.")
    return position + 1


def _columns(one: NewAnswer) -> dict[str, Any]:
    return asdict(one) | {"answer": None if one.answer is None else Answer(one.answer).value}


def read_answer(row: RatingAnswerTable) -> AnswerRecord:
    """Turn a row into the record."""
    given = NewAnswer(
        position=row.position,
        token=row.token,
        answer=None if row.answer is None else Answer(row.answer),
        confidence=row.confidence,
        reaction_time_ms=row.reaction_time_ms,
        exposure_ms=row.exposure_ms,
        frames=row.frames,
        frame_rate_hz=row.frame_rate_hz,
        dropped_frames=row.dropped_frames,
        was_hidden=row.was_hidden,
        was_early=row.was_early,
    )
    return AnswerRecord(id=row.id, rater_id=row.rater_id, given=given, made_at=row.made_at)
