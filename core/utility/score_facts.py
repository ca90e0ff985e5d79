"""What each score is called, says, and how its interval is made; nothing here loads numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SCORES", "ScoreFacts"]


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """One score; all of them lie between 0 and 1, and higher is better.

    Attributes:
        title: its name.
        sentence: what it says, to a clinician.
        interval: how its 95 % interval over images is made.
    """

    title: str
    sentence: str
    interval: str


SCORES: Final = {
    "accuracy": ScoreFacts(
        "Accuracy", "How many of the test images the classifier gets right.", "Wilson score interval"
    ),
    "balanced_accuracy": ScoreFacts(
        "Balanced accuracy",
        "The same, with every class counting alike however rare it is.",
        "Wilson intervals of the classes, combined (MOVER)",
    ),
    "auroc": ScoreFacts(
        "AUROC",
        "How well the classifier's probabilities order test images; 0.5 is guessing. With several classes, "
        "the mean of each class against the rest.",
        "DeLong",
    ),
    "f1_macro": ScoreFacts(
        "F1 (mean of classes)",
        "Balance of finding a class and not crying it wolf, averaged over classes.",
        "bootstrap over the test images of each class",
    ),
    "recall": ScoreFacts(
        "Recall of a class",
        "How many test images of one class the classifier finds (sensitivity of that class).",
        "Wilson score interval",
    ),
}
"""Scores by id, in the order of tables."""
