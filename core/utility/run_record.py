"""One run of an experiment as typed data: an arm trained in one repeat, its curve and its scores."""

from __future__ import annotations

from typing import Literal

from core.utility._record import Record

__all__ = ["CurvePoint", "RunRecord", "RunScore"]


class CurvePoint(Record):
    """One epoch of a training.

    Attributes:
        phase: the whole network, or its last layer.
        epoch: from 1.
        training_loss: mean over the epoch's steps, on images as they were changed.
        validation_loss: on the real validation images.
        validation_balanced_accuracy: likewise.
    """

    phase: Literal["network", "last layer"]
    epoch: int
    training_loss: float
    validation_loss: float
    validation_balanced_accuracy: float


class RunScore(Record):
    """One score of one trained arm on the test images.

    Attributes:
        score: id in `core.utility.score_facts`; recall of a class is `recall`.
        class_name: the class of a recall, otherwise None.
        value: the score.
        low: lower end of the 95 % interval over images, or None with the reason in `note`.
        high: upper end.
        note: one sentence where there is no interval, otherwise empty.
        group: the group of test images, such as `sex=F`, or None for all of them.
    """

    score: str
    class_name: str | None
    value: float
    low: float | None
    high: float | None
    note: str = ""
    group: str | None = None


class RunRecord(Record):
    """One arm trained in one repeat.

    Attributes:
        key: hash of everything that decides it.
        arm: the arm's id.
        repeat: from 1.
        n_real: real images that it was trained on, the last layer's included.
        n_synthetic: synthetic images that it was trained on.
        n_validation: real images that chose the epoch.
        best_epoch: the epoch of the last phase whose weights met the test images.
        seconds: how long it took.
        notes: one sentence each on anything a reader must know.
        curve: one point an epoch and phase.
        scores: on the test images.
        group_scores: on groups of them.
    """

    key: str
    arm: str
    repeat: int
    n_real: int
    n_synthetic: int
    n_validation: int
    best_epoch: int
    seconds: float
    notes: tuple[str, ...] = ()
    curve: tuple[CurvePoint, ...]
    scores: tuple[RunScore, ...] = ()
    group_scores: tuple[RunScore, ...] = ()
