"""Whether raters say the same again of an image that they see a second time."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable
from core.rating.fake_rate import compute_answer_share
from core.rating.kappas import compute_cohen
from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import RaterBootstrap

__all__ = ["Consistency", "compute_consistency"]

_NONE = "No image was shown to a rater twice."


class Consistency(BaseModel):
    """Self-consistency.

    Attributes:
        same: share of repeated images with the same answer again, 0 to 1; higher is more consistent. Guessing
            both times gives 0.5.
        kappa: Cohen's kappa of first and second answers, -1 to 1, all raters pooled.
        by_rater: `same` of each rater who saw an image twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    same: Measured
    kappa: Measured
    by_rater: dict[str, Measured]


def compute_consistency(
    test: AnswerTable, repeat: AnswerTable, bootstrap: RaterBootstrap | None = None
) -> Consistency:
    """Compare answers to repeated images with the first ones.

    Args:
        test: first answers.
        repeat: answers of repeats; those whose first trial was not answered do not count.
        bootstrap: draws of raters, or None.
    """
    first = {
        key: bool(said)
        for key, said in zip(
            zip(test.rater.tolist(), test.image.tolist(), strict=True), test.said_fake, strict=True
        )
    }
    keys = list(zip(repeat.rater.tolist(), repeat.image.tolist(), strict=True))
    kept = repeat.select(np.array([key in first for key in keys], dtype=bool))
    before = np.array([first[key] for key in keys if key in first], dtype=bool)
    same = before == kept.said_fake
    counts = np.bincount(2 * before.astype(int) + kept.said_fake, minlength=4).reshape(2, 2)
    by_rater = {}
    for code in np.unique(kept.rater).tolist():
        own = kept.rater == code
        by_rater[test.raters[code]] = compute_answer_share(
            same[own], raters=kept.rater[own], images=kept.image[own]
        )
    return Consistency(
        same=compute_answer_share(
            same, raters=kept.rater, images=kept.image, strata=kept.stratum, bootstrap=bootstrap, empty=_NONE
        ),
        kappa=compute_cohen(counts) if len(same) else missing(_NONE),
        by_rater=by_rater,
    )
