"""How often each synthetic set of a study was recognised as fake, from its ended rating sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_answers import count_answers
from core.db.rating_record import RaterRecord, TrialKind
from core.db.rating_sessions import list_rating_sessions
from core.rating.design import RealSource, SessionDesign, Task
from core.rating.loaded_session import LoadedSession, load_whole_session

if TYPE_CHECKING:
    from core.rating.measured import Measured
    from core.rating.rating_score import Rates

__all__ = ["SetRate", "load_set_rates", "rate_sets"]


@dataclass(frozen=True, slots=True)
class SetRate:
    """What raters recognised of one synthetic set in one session.

    Attributes:
        session_id: the session.
        session_name: what researchers call it.
        synthetic: name of the set.
        rates: of the set's images, held against all real images.
        classes: the same by class; empty where images have none.
        finished_raters: raters of the session who answered their last trial.
        is_pair: whether a real image stood beside each.
        is_joint: whether several experts agreed on each answer.
        has_heldout: whether the real images were held-out ones.
        is_simulated: whether no people answered.
        digests: SHA-256 of the set's images that were to be rated; None where any is not known.
    """

    session_id: str
    session_name: str
    synthetic: str
    rates: Rates
    classes: Mapping[str, Rates]
    finished_raters: int
    is_pair: bool
    is_joint: bool
    has_heldout: bool
    is_simulated: bool
    digests: frozenset[str] | None

    @property
    def rate(self) -> Measured:
        """The fake identification rate: from 0 to 1, lower where fewer images were recognised."""
        return self.rates.fir

    @property
    def n_raters(self) -> int:
        """Raters behind it."""
        return self.rates.n_raters

    @property
    def n_images(self) -> int:
        """Images of the set behind it."""
        return self.rates.n_fake


def load_set_rates(database: Database, study_id: str) -> tuple[SetRate, ...]:
    """Rate the sets of every session of a study that has ended: closed, or all its raters have finished.

    What others said must not reach somebody who still rates, so that a running session counts nowhere.

    Args:
        database: where.
        study_id: the study.

    Returns:
        Rates session by session, newest first, sets by name.

    Raises:
        DatabaseError: if the database does not answer.
    """
    rates: list[SetRate] = []
    for session in list_rating_sessions(database, study_id):
        if session.closed_at is not None or _all_finished(list_raters(database, session.id)):
            answered = tuple(sorted(count_answers(database, session.id).items()))
            rates += _rate_ended(database, session.id, session.closed_at, answered)
    return tuple(rates)


@lru_cache(maxsize=64)
def _rate_ended(
    database: Database, session_id: str, _closed_at: datetime | None, _answered: tuple[tuple[str, int], ...]
) -> tuple[SetRate, ...]:
    """Rate a session, once for as long as it stays ended: pages ask whenever they are drawn."""
    return rate_sets(load_whole_session(database, session_id))


def rate_sets(session: LoadedSession) -> tuple[SetRate, ...]:
    """Rate each synthetic set of a session that was answered to; the same numbers as its score has.

    Args:
        session: with its answers.
    """
    from core.rating.answer_table import tabulate_answers
    from core.rating.rates import split_rates

    record, design = session.record, SessionDesign.model_validate(session.record.design)
    answers = tabulate_answers(session.tabulate())
    by_set, _, _, by_set_and_class = split_rates(answers.test, task=answers.task, bootstrap=None)
    rates = []
    for name, whole in by_set.items():
        digests = [
            one.digest
            for one in session.stimuli
            if one.kind is TrialKind.TEST and one.synthetic == name and one.is_fake
        ]
        rates.append(
            SetRate(
                session_id=record.id,
                session_name=record.name,
                synthetic=name,
                rates=whole,
                classes=by_set_and_class[name],
                finished_raters=sum(one.finished_at is not None for one in session.raters),
                is_pair=design.task is Task.PAIR,
                is_joint=design.is_joint,
                has_heldout=design.real_source is RealSource.HELDOUT,
                is_simulated=record.is_simulated,
                digests=None if None in digests else frozenset(filter(None, digests)),
            )
        )
    return tuple(rates)


def _all_finished(raters: Sequence[RaterRecord]) -> bool:
    """Whether nobody still rates; those whose link was taken back are not waited for."""
    invited = [one for one in raters if one.revoked_at is None]
    return bool(invited) and all(one.finished_at is not None for one in invited)
