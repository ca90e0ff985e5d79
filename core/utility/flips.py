"""Test images that one arm answers better or worse than another, over the repeats of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Pages hold what is found here.
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["AnswerChange", "ClassFlips", "count_flips", "find_changes"]


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A test image that an arm gets right in more, or in fewer, repeats than its baseline does.

    Attributes:
        item: the image's id, as it was handed in.
        label: its class.
        right: repeats in which the arm is right.
        baseline_right: repeats in which the baseline is right.
        n_repeats: repeats of each.
        answer: the arm's most frequent answer; among equals the one with the highest mean probability.
        baseline_answer: the baseline's.
    """

    item: str
    label: str
    right: int
    baseline_right: int
    n_repeats: int
    answer: str
    baseline_answer: str

    @property
    def is_gain(self) -> bool:
        """Whether the arm is right in more repeats; otherwise it is in fewer."""
        return self.right > self.baseline_right

    @property
    def is_flip(self) -> bool:
        """Whether most repeats of the baseline are wrong and most of the arm right, or the reverse.

        Half of the repeats are not most of them.
        """
        halves = (2 * self.baseline_right - self.n_repeats) * (2 * self.right - self.n_repeats)
        return halves < 0


@dataclass(frozen=True, slots=True)
class ClassFlips:
    """Changed answers of one class.

    Attributes:
        label: the class.
        n: its test images.
        gained: those that flip from wrong to right.
        lost: those that flip from right to wrong.
        better: those right in more repeats, the flipped ones included.
        worse: those right in fewer.
    """

    label: str
    n: int
    gained: int
    lost: int
    better: int
    worse: int


def find_changes(
    items: Sequence[str],
    labels: NDArray[np.int64],
    *,
    classes: Sequence[str],
    arm: Sequence[NDArray[np.float32]],
    baseline: Sequence[NDArray[np.float32]],
) -> tuple[AnswerChange, ...]:
    """Find the test images that an arm gets right in more or fewer repeats than its baseline.

    They are the images that the experiment's McNemar test counts.

    Args:
        items: id of each test image.
        labels: (n,) true class of each, as a place in `classes`.
        classes: k names.
        arm: (n, k) probabilities of each repeat.
        baseline: likewise, of as many repeats.

    Returns:
        The changed images, largest change first, then in their order.

    Raises:
        ValueError: if shapes or numbers of repeats differ, or there is no repeat.
    """
    import numpy as np

    shape = (len(items), len(classes))
    if not arm or len(arm) != len(baseline) or len(labels) != len(items):
        raise ValueError("an arm and its baseline have the same repeats, and each item has a label")
    if any(one.shape != shape for one in (*arm, *baseline)):
        raise ValueError("probabilities are one row an item and one column a class")
    right, answers = _count_right(arm, labels)
    baseline_right, baseline_answers = _count_right(baseline, labels)
    differing = np.abs(right - baseline_right)
    return tuple(
        AnswerChange(
            item=items[at],
            label=classes[labels[at]],
            right=int(right[at]),
            baseline_right=int(baseline_right[at]),
            n_repeats=len(arm),
            answer=classes[answers[at]],
            baseline_answer=classes[baseline_answers[at]],
        )
        for at in np.argsort(-differing, kind="stable")
        if differing[at]
    )


def count_flips(changes: Sequence[AnswerChange], n_of_class: Mapping[str, int]) -> tuple[ClassFlips, ...]:
    """Count changed answers class by class.

    Args:
        changes: from `find_changes`.
        n_of_class: test images of each class, in the order of rows.
    """
    return tuple(
        ClassFlips(
            label=label,
            n=n,
            gained=sum(one.is_flip and one.is_gain for one in changes if one.label == label),
            lost=sum(one.is_flip and not one.is_gain for one in changes if one.label == label),
            better=sum(one.is_gain for one in changes if one.label == label),
            worse=sum(not one.is_gain for one in changes if one.label == label),
        )
        for label, n in n_of_class.items()
    )


def _count_right(
    runs: Sequence[NDArray[np.float32]], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Repeats in which each image is answered right, and its most frequent answer."""
    import numpy as np

    probabilities = np.stack(runs).astype(np.float64)  # (repeats, n, k)
    answers = probabilities.argmax(axis=2)
    counts = np.stack([(answers == at).sum(axis=0) for at in range(probabilities.shape[2])], axis=1)
    # A mean below 1, halved, decides among equal counts and no others.
    favourite = (counts + probabilities.mean(axis=0) / 2).argmax(axis=1)
    return (answers == labels).sum(axis=0).astype(np.int64), favourite.astype(np.int64)
