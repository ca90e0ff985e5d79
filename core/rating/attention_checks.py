"""Whether raters passed the attention checks: images whose answer is obvious."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable

__all__ = ["AttentionCheck", "compute_checks"]


class AttentionCheck(BaseModel):
    """One rater.

    Attributes:
        rater: who.
        n_passed: checks answered right.
        n: checks answered.
        is_doubtful: whether more than one was failed, or all of them; one slip of the hand is no sign of
            inattention.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rater: str
    n_passed: int
    n: int
    is_doubtful: bool


def compute_checks(checks: AnswerTable) -> tuple[AttentionCheck, ...]:
    """Count the checks that each rater passed; nobody is left out of any number because of it.

    Args:
        checks: answers to attention checks.
    """
    found = []
    for code in np.unique(checks.rater).tolist():
        own = checks.rater == code
        n, n_passed = int(own.sum()), int((checks.is_fake[own] == checks.said_fake[own]).sum())
        found.append(
            AttentionCheck(
                rater=checks.raters[code],
                n_passed=n_passed,
                n=n,
                is_doubtful=n - n_passed > 1 or n_passed == 0,
            )
        )
    return tuple(found)
