"""Simulated raters of known sensitivity, for examples and to put the statistics to the test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.db.rating_record import Answer, NewAnswer, StimulusRecord, Trial, TrialKind
from core.rating.truth import find_truth

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SimulatedRater", "simulate_answers"]

# Distances from the criterion, in standard deviations, from which a rater is as sure as 2 to 5.
_SURE: Final = (0.3, 0.7, 1.2, 1.8)
# Reaction times are log-normal; sure answers come faster.
_SPREAD_OF_TIMES: Final = 0.35
_FASTEST_MS: Final = 180.0


@dataclass(frozen=True, slots=True)
class SimulatedRater:
    """A rater after signal detection theory: evidence with normal noise, held against a criterion.

    Attributes:
        d_prime: sensitivity by synthetic set: how far its fakes lie from real images, in standard deviations
            of the evidence.
        criterion: from the middle between no evidence and the mean of `d_prime`, upwards towards "real".
        image_sd: how much of the evidence's unit standard deviation is the image's own, the same for every
            rater; from 0 to below 1.
        steadiness: share of the variance left that is the same when the rater sees the image again.
        lapse_rate: how often an attention check is answered by a toss.
        typical_ms: median reaction time.
        seed: seeds the rater; the images' own evidence is seeded by `image_seed`.
        image_seed: the same for all raters of a session.
    """

    d_prime: Mapping[str, float]
    criterion: float = 0.0
    image_sd: float = 0.4
    steadiness: float = 0.5
    lapse_rate: float = 0.02
    typical_ms: float = 2600.0
    seed: int = 0
    image_seed: int = 0

    def answer_trials(
        self, trials: Sequence[Trial], stimuli: Sequence[StimulusRecord], *, with_confidence: bool
    ) -> tuple[NewAnswer, ...]:
        """Answer all trials of one rater, in order.

        Args:
            trials: single images or pairs.
            stimuli: all of the session's images, in the order of their numbers.
            with_confidence: whether each answer has a confidence.

        Returns:
            One answer a trial, with tokens that are the same for the same rater.
        """
        rng = np.random.default_rng([self.seed, 1])
        own = np.random.default_rng([self.seed, 2]).normal(size=len(stimuli))
        shared = np.random.default_rng([self.image_seed, 3]).normal(size=len(stimuli))
        centre = float(np.mean(list(self.d_prime.values()))) / 2 if self.d_prime else 0.0
        is_fake = {one.number: one.is_fake for one in stimuli}

        def look(number: int) -> float:
            one = stimuli[number]
            place = self.d_prime.get(one.synthetic or "", 0.0) if one.is_fake else 0.0
            rest = 1 - self.image_sd**2
            return float(
                place
                + self.image_sd * shared[number]
                + math.sqrt(rest * self.steadiness) * own[number]
                + math.sqrt(rest * (1 - self.steadiness)) * rng.normal()
            )

        answers = []
        for position, trial in enumerate(trials):
            evidence = [look(number) for number in trial.stimuli]
            if len(evidence) == 1:
                margin = evidence[0] - centre - self.criterion
                said = Answer.FAKE if margin > 0 else Answer.REAL
            else:
                # The difference of two images has twice the variance of one.
                margin = (evidence[0] - evidence[1]) / math.sqrt(2)
                said = Answer.LEFT if margin > 0 else Answer.RIGHT
            if trial.kind is TrialKind.CHECK and rng.random() >= self.lapse_rate:
                said, margin = find_truth(trial, is_fake), _SURE[-1]
            grade = _grade(margin)
            time_ms = self.typical_ms * math.exp(_SPREAD_OF_TIMES * rng.normal() - 0.12 * (grade - 3))
            answers.append(
                NewAnswer(
                    position=position,
                    token=f"simulated-{self.seed}-{position}",
                    answer=said,
                    confidence=grade if with_confidence else None,
                    reaction_time_ms=round(max(time_ms, _FASTEST_MS), 1),
                )
            )
        return tuple(answers)


def simulate_answers(
    *,
    n_raters: int,
    n_fake: Mapping[str, int],
    n_real: int,
    d_prime: Mapping[str, float] | float,
    criterion: float = 0.0,
    d_prime_sd: float = 0.0,
    criterion_sd: float = 0.0,
    image_sd: float = 0.0,
    with_confidence: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate a session of single images in which every rater sees every image.

    The evidence of an image has unit variance, `image_sd**2` of it the image's own, and its mean is 0 for
    real images and the rater's d' for fakes. Raters say "fake" where it exceeds `criterion` plus half of the
    mean d'. So with F the normal distribution, a set's fakes are recognised with probability
    `F((d' - threshold) / sqrt(1 + d_prime_sd**2 + criterion_sd**2))`, and real images called fake with
    `F(-threshold / sqrt(1 + criterion_sd**2))`.

    Args:
        n_raters: raters.
        n_fake: fakes of each synthetic set.
        n_real: real images.
        d_prime: sensitivity by set, or one for all.
        criterion: 0 leans to neither answer, above 0 to "real".
        d_prime_sd: standard deviation of d' between raters.
        criterion_sd: of the criterion between raters.
        image_sd: of the evidence between images, from 0 to below 1.
        with_confidence: whether answers have a confidence from 1 to 5.
        seed: the same seed gives the same answers.

    Returns:
        A table for `core.rating.score.score_answers`.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    sensitivity = dict.fromkeys(n_fake, d_prime) if isinstance(d_prime, int | float) else dict(d_prime)
    names = np.repeat(["", *n_fake], [n_real, *n_fake.values()])
    place = np.array([sensitivity.get(name, 0.0) for name in names])
    is_fake = names != ""
    n = len(names)
    threshold = criterion + float(np.mean(list(sensitivity.values()))) / 2
    # (raters, images)
    evidence = place + image_sd * rng.normal(size=n) + is_fake * d_prime_sd * rng.normal(size=(n_raters, 1))
    evidence = evidence + math.sqrt(1 - image_sd**2) * rng.normal(size=(n_raters, n))
    margin = evidence - threshold - criterion_sd * rng.normal(size=(n_raters, 1))
    table = {
        "rater": np.repeat([f"Rater {number}" for number in range(1, n_raters + 1)], n),
        "trial": np.tile(np.arange(1, n + 1), n_raters),
        "item": np.tile([f"{number:04d}" for number in range(n)], n_raters),
        "synthetic": np.tile(names, n_raters),
        "truth": np.tile(np.where(is_fake, "fake", "real"), n_raters),
        "answer": np.where(margin.ravel() > 0, "fake", "real"),
    }
    if with_confidence:
        grades: NDArray[np.int64] = 1 + np.searchsorted(_SURE, np.abs(margin.ravel()))
        table["confidence"] = grades
    return pd.DataFrame(table)


def _grade(margin: float) -> int:
    """Confidence from 1 to 5 of a distance from the criterion."""
    return 1 + int(np.searchsorted(_SURE, abs(margin), side="right"))
