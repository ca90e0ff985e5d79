"""Scores the answers of a rating session, from wherever they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.rating.agreement import compute_agreement
from core.rating.answer_table import AnswerTable, TabulatedAnswers, tabulate_answers
from core.rating.attention_checks import compute_checks
from core.rating.confidence_roc import RocCurve, compute_curve, grade_answers
from core.rating.consistency import compute_consistency
from core.rating.design import Task
from core.rating.exposure_threshold import compute_threshold
from core.rating.fake_rate import compute_answer_share
from core.rating.fooling import compute_image_answers
from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import draw_raters
from core.rating.rates import compute_rates, split_rates
from core.rating.rating_score import RatingScore
from core.rating.reaction_times import compute_reaction_times, find_flagged
from core.rating.set_comparison import compare_sets
from core.rating.signal_detection import compute_mean_over_raters

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["N_BOOTSTRAP", "score_answers"]

N_BOOTSTRAP: Final = 2000

# Percent of 1,000 simulated sessions whose interval holds the truth, by the number of raters, where d' and
# criterion differ between raters with standard deviations of 0.2 to 1 and 30 fakes are shown.
_COVERAGE: Final = {2: "81 to 87", 3: "89 to 92", 4: "92 to 94"}


def score_answers(frame: pd.DataFrame, *, seed: int = 0, n_bootstrap: int = N_BOOTSTRAP) -> RatingScore:
    """Compute everything that a session's answers say.

    Only test trials enter the rates; repeats enter self-consistency alone, attention checks only their own
    counts, training trials nothing. What is not defined, such as the agreement of one rater, has no value and
    says why. The order of rows is of no account.

    Args:
        frame: one row an answer; see `core.rating.answer_table.tabulate_answers`.
        seed: seeds bootstraps and permutations.
        n_bootstrap: draws of each bootstrap.

    Raises:
        InputError: if the table cannot be used.
    """
    answers = tabulate_answers(frame)
    test = answers.test
    bootstrap = draw_raters(len(test.raters), n_bootstrap=n_bootstrap, seed=seed)
    by_set, by_class, by_rater, by_set_and_class = split_rates(test, task=answers.task, bootstrap=bootstrap)
    flagged = find_flagged(test)
    single = list(by_rater.values())
    roc, roc_by_rater = _find_curves(test, answers.task)
    return RatingScore(
        task=answers.task.value,
        overall=compute_rates(test, task=answers.task, bootstrap=bootstrap),
        by_set=by_set,
        by_class=by_class,
        by_rater=by_rater,
        by_set_and_class=by_set_and_class,
        d_prime_of_raters=compute_mean_over_raters([one.d_prime for one in single], "a d'"),
        criterion_of_raters=compute_mean_over_raters([one.criterion for one in single], "a criterion"),
        fir_unflagged=_rate_unflagged(test, {(one.rater, one.trial) for one in flagged}),
        agreement=compute_agreement(test, n_bootstrap=n_bootstrap, seed=seed),
        consistency=compute_consistency(test, answers.repeat, bootstrap),
        reaction_times=compute_reaction_times(test),
        flagged=flagged,
        checks=compute_checks(answers.check),
        comparisons=compare_sets(test, bootstrap=bootstrap, seed=seed),
        roc=roc,
        roc_by_rater=roc_by_rater,
        images=compute_image_answers(test),
        threshold=compute_threshold(test, seed=seed),
        n_training=answers.n_training,
        n_repeats=len(answers.repeat),
        notes=tuple(_write_notes(answers)),
    )


def _find_curves(test: AnswerTable, task: Task) -> tuple[RocCurve | None, dict[str, RocCurve]]:
    if task is Task.PAIR:
        return None, {}
    grades = grade_answers(test.said_fake, test.confidence)
    curves = {}
    for code in np.unique(test.rater).tolist():
        own = test.rater == code
        if (curve := compute_curve(test.is_fake[own], grades[own])) is not None:
            curves[test.raters[code]] = curve
    return compute_curve(test.is_fake, grades), curves


def _rate_unflagged(test: AnswerTable, flagged: set[tuple[str, int]]) -> Measured:
    if not flagged:
        return missing("No trial was flagged.")
    keys = zip(test.rater.tolist(), test.trial.tolist(), strict=True)
    kept: NDArray[np.bool_] = np.array([(test.raters[who], at) not in flagged for who, at in keys])
    own = test.select(kept & test.is_fake)
    return compute_answer_share(
        own.said_fake,
        raters=own.rater,
        images=own.image,
        strata=own.stratum,
        empty="Every fake image's trial was flagged.",
    )


def _write_notes(answers: TabulatedAnswers) -> list[str]:
    test = answers.test
    counts = np.bincount(test.rater, minlength=len(test.raters))
    counts = counts[counts > 0]
    n, notes = len(counts), []
    if not n:
        return ["There is no answer of a test trial yet."]
    if n == 1:
        notes.append("One rater: intervals hold for this rater and say nothing of others.")
    elif n in _COVERAGE:
        notes.append(
            f"{n} raters are few to speak of others: where raters differ, 95 % intervals hold the truth in "
            f"{_COVERAGE[n]} % of sessions."
        )
    if counts.min() < counts.max():
        notes.append(f"Raters gave {counts.min()} to {counts.max()} answers; those who gave more count more.")
    if answers.n_again:
        notes.append(
            f"Counted as repeats: {answers.n_again} answers of test trials to an image that the same "
            "rater had answered before. Where they are other images, give each an item of its own."
        )
    return notes
