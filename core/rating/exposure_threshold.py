"""The exposure at which a staircase settled: how long raters must look to tell fake from real."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable
from core.rating.measured import Measured, missing

__all__ = ["ExposureThreshold", "compute_threshold"]

# Zhou et al. 2019, HYPE-time: the staircase moves in steps of 10 ms.
_STEP_MS: Final = 10.0
# A fixed exposure varies by dropped frames; a staircase moves after nearly every answer.
_MOVES: Final = 0.3
_RANGE_MS: Final = 60.0
_FEWEST_TRIALS: Final = 10
_N_DRAWS: Final = 2000


class ExposureThreshold(BaseModel):
    """Thresholds of a staircase session, in milliseconds; higher where fakes look more real.

    Attributes:
        mean: mean over raters of their thresholds.
        by_rater: the exposure that each rater was shown most often.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: Measured
    by_rater: dict[str, float]


def compute_threshold(table: AnswerTable, *, seed: int) -> ExposureThreshold | None:
    """Compute HYPE-time: the mode of each rater's exposures, averaged over raters.

    Exposures count in steps of 10 ms; of several modes the mean is taken. The interval draws raters with
    replacement, as the paper does.

    Args:
        table: scored answers.
        seed: seeds the draws.

    Returns:
        None where exposures were not measured or do not move as in a staircase.

    References:
        Zhou et al., HYPE: A benchmark for human eye perceptual evaluation of generative models, NeurIPS 2019,
        sec. 3.
    """
    by_rater = {}
    for code in np.unique(table.rater).tolist():
        # Answers are in the order of trials.
        shown = table.exposure_ms[table.rater == code]
        shown = shown[np.isfinite(shown)]
        if len(shown) >= _FEWEST_TRIALS and _is_staircase(shown):
            by_rater[table.raters[code]] = _mode(shown)
    if not by_rater:
        return None
    values = np.array(list(by_rater.values()))
    return ExposureThreshold(mean=_average(values, seed), by_rater=by_rater)


def _is_staircase(shown: NDArray[np.float64]) -> bool:
    moves = np.abs(np.diff(shown)) > _STEP_MS / 2
    return bool(moves.mean() >= _MOVES and np.ptp(shown) >= _RANGE_MS)


def _mode(shown: NDArray[np.float64]) -> float:
    levels, counts = np.unique(np.rint(shown / _STEP_MS), return_counts=True)
    return float(levels[counts == counts.max()].mean() * _STEP_MS)


def _average(values: NDArray[np.float64], seed: int) -> Measured:
    if not len(values):
        return missing("No rater has a threshold.")
    mean, n = float(values.mean()), len(values)
    if n < 3:
        return Measured(value=mean, n=n, note="Fewer than three raters show no spread between raters.")
    rng = np.random.default_rng(seed)
    drawn = values[rng.integers(0, n, (_N_DRAWS, n))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Measured(value=mean, low=float(low), high=float(high), n=n, method="bootstrap over raters")
