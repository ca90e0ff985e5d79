"""The ROC of raters' confidence: how well "surely real" to "surely fake" orders the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.rating.crossed_variance import compute_crossed_variance
from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import RaterBootstrap

__all__ = ["RocCurve", "compute_area", "compute_curve", "grade_answers"]

_NO_GRADES: Final = "Answers came without confidence, so there is one point of the ROC and no area."
_BOTH: Final = "It takes a rater's answers with confidence on fake and on real images."


class RocCurve(BaseModel):
    """One ROC.

    Attributes:
        false_alarms: shares of real images called fake at least as surely as each threshold, from 0 to 1.
        hits: the same of fake images.
        n: answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    false_alarms: tuple[float, ...]
    hits: tuple[float, ...]
    n: int


def grade_answers(said_fake: NDArray[np.bool_], confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put answers with confidence 1 to 5 on one scale, from -5, surely real, to 5, surely fake.

    Args:
        said_fake: (n,) the answer.
        confidence: (n,) 1 to 5, NaN without.
    """
    grades: NDArray[np.float64] = np.where(said_fake, confidence, -confidence)
    return grades


def compute_curve(is_fake: NDArray[np.bool_], grades: NDArray[np.float64]) -> RocCurve | None:
    """Compute the empirical ROC of graded answers; None without fake or without real images among them."""
    kept = np.isfinite(grades)
    fake, real = grades[kept & is_fake], grades[kept & ~is_fake]
    if not len(fake) or not len(real):
        return None
    levels = np.unique(grades[kept])[::-1, np.newaxis]
    return RocCurve(
        false_alarms=(0.0, *(real >= levels).mean(axis=1).tolist()),
        hits=(0.0, *(fake >= levels).mean(axis=1).tolist()),
        n=int(kept.sum()),
    )


def compute_area(
    *,
    is_fake: NDArray[np.bool_],
    grades: NDArray[np.float64],
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    bootstrap: RaterBootstrap | None = None,
) -> Measured:
    """Area under the ROC of graded answers, the mean of the raters' areas.

    Grades of different raters are never compared, since one rater's 3 is another's 5. The variance is
    DeLong's from placements, with what raters and images add; the interval is built for the area's logit.

    Args:
        is_fake: (n,) the truth.
        grades: (n,) from `grade_answers`.
        raters: (n,) code of who answered.
        images: (n,) code of the image.
        strata: (n,) code of the image's set, from 0, where there are several.
        bootstrap: draws of raters, or None.

    Returns:
        The chance that a fake image was graded above a real one, ties counting half: 0.5 is guessing, 1 tells
        them apart always. `n` counts answers with confidence.

    References:
        DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
        characteristic curves, Biometrics 1988.
        Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics 1997.
    """
    kept = np.isfinite(grades)
    if not kept.any():
        return missing(_NO_GRADES)
    strata = np.zeros(len(kept), dtype=np.intp) if strata is None else strata
    is_fake, grades, raters, images = is_fake[kept], grades[kept], raters[kept], images[kept]
    strata = strata[kept]
    areas: dict[int, float] = {}
    placed = np.zeros(len(grades))
    for rater in np.unique(raters).tolist():
        fake, real = (raters == rater) & is_fake, (raters == rater) & ~is_fake
        if fake.any() and real.any():
            above, below = _place(grades[fake], grades[real])
            areas[rater] = float(above.mean())
            placed[fake], placed[real] = (
                (above - above.mean()) / len(above),
                (below - below.mean()) / len(below),
            )
    if not areas:
        return missing(_BOTH, len(grades))
    counted = np.isin(raters, list(areas))
    raters, images, strata = raters[counted], images[counted], strata[counted]
    placed = placed[counted] / len(areas)
    value = float(np.mean(list(areas.values())))
    sizes = np.bincount(raters)
    for rater, area in areas.items():
        # What a rater's own area adds to the mean, spread over the rater's answers.
        placed[raters == rater] += (area - value) / len(areas) / sizes[rater]
    notes = []
    if (left := int((~kept).sum())) > 0:
        notes.append(f"{left} answers without confidence are left out.")
    if len(areas) == 1:
        notes.append("One rater: the interval says nothing of other raters.")
    crossed = compute_crossed_variance(placed, raters=raters, images=images, strata=strata)
    error = float(np.sqrt(crossed.variance))
    if not 0 < value < 1 or error < _NO_WIDTH:
        notes.append("All fake images were graded alike beside all real ones, so there is no interval.")
        return Measured(value=value, n=len(raters), note=" ".join(notes))
    logit, half = np.log(value / (1 - value)), crossed.quantile * error / (value * (1 - value))
    ends = None
    if bootstrap is not None:
        k = bootstrap.weights.shape[1]
        sums = np.zeros((k, 2))
        for rater, area in areas.items():
            sums[rater] = area, 1.0
        ends = bootstrap.interval(sums, lambda drawn: drawn[:, 0] / drawn[:, 1])
    return Measured(
        value=value,
        low=float(1 / (1 + np.exp(-(logit - half)))),
        high=float(1 / (1 + np.exp(-(logit + half)))),
        n=len(raters),
        method=f"DeLong on the logit, {crossed.describe()}",
        note=" ".join(notes),
        bootstrap=ends,
    )


_NO_WIDTH: Final = 1e-9


def _place(fake: NDArray[np.float64], real: NDArray[np.float64]) -> Sequence[NDArray[np.float64]]:
    """Share of real grades below each fake one, and of fake ones above each real one; ties count half."""
    larger = np.sign(fake[:, np.newaxis] - real) / 2 + 0.5
    return larger.mean(axis=1), larger.mean(axis=0)
