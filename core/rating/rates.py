"""The rates of a whole session, and of each set, class and rater in it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.rating.answer_table import AnswerTable
from core.rating.confidence_roc import compute_area, grade_answers
from core.rating.design import Task
from core.rating.fake_rate import compute_answer_share, compute_balanced_accuracy
from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import RaterBootstrap
from core.rating.rating_score import Rates
from core.rating.signal_detection import compute_criterion, compute_pair_sensitivity, compute_sensitivity

__all__ = ["compute_rates", "split_rates"]

_PAIRS: Final = "Share of pairs in which the fake image was named: guessing gives 0.5."
_NO_SINGLES: Final = "Pairs have no answers on real images by themselves."


def compute_rates(
    table: AnswerTable, *, task: Task = Task.SINGLE, bootstrap: RaterBootstrap | None = None
) -> Rates:
    """Compute everything that tells how well fakes were told from real images.

    Args:
        table: scored answers, one a rater and image.
        task: what trials asked.
        bootstrap: draws of raters, or None for no such intervals.
    """
    fake = table.select(table.is_fake)
    is_pair = task is Task.PAIR
    who: dict[str, Any] = {
        "raters": table.rater,
        "images": table.image,
        "strata": table.stratum,
        "bootstrap": bootstrap,
    }
    whole: dict[str, Any] = {"is_fake": table.is_fake, "said_fake": table.said_fake, **who}
    fir = _share(fake, fake.said_fake, bootstrap, "No fake image was answered.")
    right = _share(table, table.is_fake == table.said_fake, bootstrap, "There is no answer.")
    numbers: dict[str, Measured]
    if is_pair:
        if fir.value is not None:
            fir, right = fir.with_note(_PAIRS), right.with_note(_PAIRS)
        numbers = {
            "fir": fir,
            "false_alarm_rate": missing(_NO_SINGLES),
            "accuracy": right,
            "balanced_accuracy": missing(_NO_SINGLES),
            "d_prime": compute_pair_sensitivity(table.said_fake, **who),
            "criterion": missing(_NO_SINGLES),
            "auc": missing(_NO_SINGLES),
        }
    else:
        real = table.select(~table.is_fake)
        numbers = {
            "fir": fir,
            "false_alarm_rate": _share(real, real.said_fake, bootstrap, "No real image was answered."),
            "accuracy": right,
            "balanced_accuracy": compute_balanced_accuracy(**whole),
            "d_prime": compute_sensitivity(**whole),
            "criterion": compute_criterion(**whole),
            "auc": compute_area(
                is_fake=table.is_fake,
                grades=grade_answers(table.said_fake, table.confidence),
                **who,
            ),
        }
    return Rates(
        **numbers,
        n_raters=len(np.unique(table.rater)),
        n_fake=len(np.unique(fake.image)),
        n_real=len(np.unique(table.image[~table.is_fake])),
        n_answers=len(table),
    )


def split_rates(
    table: AnswerTable, *, task: Task, bootstrap: RaterBootstrap | None
) -> tuple[dict[str, Rates], dict[str, Rates], dict[str, Rates], dict[str, dict[str, Rates]]]:
    """Compute rates by set, by class, by rater, and by set and class.

    A set's rates take its fakes and all real images, or with a class the real images of that class.

    Args:
        table: scored answers.
        task: what trials asked.
        bootstrap: draws of raters, or None.
    """

    def rates(mask: NDArray[np.bool_]) -> Rates:
        return compute_rates(table.select(mask), task=task, bootstrap=bootstrap)

    sets = {table.sets[at]: table.synthetic == at for at in _found(table.synthetic)}
    classes = {table.classes[at]: table.class_code == at for at in _found(table.class_code)}
    real = ~table.is_fake
    return (
        {name: rates(mask | real) for name, mask in sets.items()},
        {name: rates(mask) for name, mask in classes.items()},
        {
            table.raters[at]: compute_rates(table.select(table.rater == at), task=task)
            for at in _found(table.rater)
        },
        {
            name: {
                class_name: rates((mask | real) & of_class)
                for class_name, of_class in classes.items()
                if np.any(mask & of_class)
            }
            for name, mask in sets.items()
        },
    )


def _found(codes: NDArray[np.intp]) -> list[int]:
    return [at for at in np.unique(codes).tolist() if at >= 0]


def _share(
    table: AnswerTable, answers: NDArray[np.bool_], bootstrap: RaterBootstrap | None, empty: str
) -> Measured:
    return compute_answer_share(
        answers,
        raters=table.rater,
        images=table.image,
        strata=table.stratum,
        bootstrap=bootstrap,
        empty=empty,
    )
