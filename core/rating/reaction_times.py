"""How long raters took, and the trials whose circumstances make an answer doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable
from core.rating.measured import Measured, missing

__all__ = ["FASTEST_MS", "FlaggedTrial", "ReactionTimes", "compute_reaction_times", "find_flagged"]

FASTEST_MS: Final = 100.0
"""Nobody answers what they see any faster (Luce, Response Times, 1986, ch. 2)."""

# Fewer give no 95 % interval of a median: the outermost two hold it with 1 - 2 / 2^n.
_FEWEST_FOR_MEDIAN: Final = 6
_NONE: Final = "There is no reaction time."


class FlaggedTrial(BaseModel):
    """One trial that went wrong in some way; its answer counts all the same.

    Attributes:
        rater: who.
        trial: position among the rater's trials, as in the table.
        item: the image.
        synthetic: its set, or None for a real image.
        flags: `hidden window`, `early key`, `under 100 ms`, `dropped frames`.
        reaction_time_ms: or None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rater: str
    trial: int
    item: str
    synthetic: str | None
    flags: tuple[str, ...]
    reaction_time_ms: float | None


class ReactionTimes(BaseModel):
    """Reaction times in milliseconds, without trials with a hidden window, an early key or under 100 ms.

    Attributes:
        median: each rater's median, averaged over raters on the logarithmic scale.
        by_answer: the same of the answers of one kind: `fake called fake`, `fake called real`,
            `real called real`, `real called fake`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: Measured
    by_answer: dict[str, Measured]


def compute_reaction_times(table: AnswerTable) -> ReactionTimes:
    """Compute medians, of all answers and by truth and answer.

    Args:
        table: scored answers.
    """
    usable = np.isfinite(table.reaction_time_ms) & ~_is_unusable(table)
    kinds = {
        f"{truth} called {answer}": (table.is_fake == (truth == "fake"))
        & (table.said_fake == (answer == "fake"))
        for truth in ("fake", "real")
        for answer in ("fake", "real")
    }
    return ReactionTimes(
        median=_median(table, usable),
        by_answer={name: _median(table, usable & mask) for name, mask in kinds.items() if mask.any()},
    )


def find_flagged(table: AnswerTable) -> tuple[FlaggedTrial, ...]:
    """List the trials that went wrong in some way, in the order of raters and trials."""
    masks = dict(_list_flags(table))
    places = np.flatnonzero(np.any(list(masks.values()), axis=0))
    return tuple(
        FlaggedTrial(
            rater=table.raters[table.rater[at]],
            trial=int(table.trial[at]),
            item=table.images[table.image[at]].item,
            synthetic=table.images[table.image[at]].synthetic,
            flags=tuple(name for name, mask in masks.items() if mask[at]),
            reaction_time_ms=(
                float(table.reaction_time_ms[at]) if np.isfinite(table.reaction_time_ms[at]) else None
            ),
        )
        for at in places.tolist()
    )


def _list_flags(table: AnswerTable) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    yield "hidden window", table.was_hidden
    yield "early key", table.was_early
    # NaN, where nothing was measured, is not below anything.
    yield f"under {FASTEST_MS:g} ms", table.reaction_time_ms < FASTEST_MS
    yield "dropped frames", table.dropped_frames > 0


def _is_unusable(table: AnswerTable) -> NDArray[np.bool_]:
    unusable: NDArray[np.bool_] = table.was_hidden | table.was_early | (table.reaction_time_ms < FASTEST_MS)
    return unusable


def _median(table: AnswerTable, mask: NDArray[np.bool_]) -> Measured:
    from scipy import special, stats

    n = int(mask.sum())
    if not n:
        return missing(_NONE)
    raters, times = table.rater[mask], table.reaction_time_ms[mask]
    medians = [float(np.median(times[raters == rater])) for rater in np.unique(raters)]
    if len(medians) == 1:
        if n < _FEWEST_FOR_MEDIAN:
            note = f"{n} answers are too few for an interval of a median."
            return Measured(value=medians[0], n=n, note=note)
        test: Any = stats.quantile_test(times, q=medians[0], p=0.5)
        found = test.confidence_interval(0.95)
        return Measured(
            value=medians[0],
            low=float(found.low),
            high=float(found.high),
            n=n,
            method="order statistics of one rater's answers",
        )
    logs = np.log(medians)
    half = float(special.stdtrit(len(logs) - 1, 0.975)) * float(logs.std(ddof=1)) / np.sqrt(len(logs))
    mean = float(logs.mean())
    return Measured(
        value=float(np.exp(mean)),
        low=float(np.exp(mean - half)),
        high=float(np.exp(mean + half)),
        n=n,
        method="Student's t over raters, on the logarithmic scale",
    )
