"""What each number of a rating session is called and says, and which way it is better; loads no numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["RATING_FACTS", "RatingFacts"]


@dataclass(frozen=True, slots=True)
class RatingFacts:
    """One number.

    Attributes:
        title: its name.
        unit: its unit.
        direction: what higher and lower mean for the synthetic images.
        sentence: what it says, to a clinician.
        low: smallest possible value, or None.
        high: largest possible value, or None.
        chance: its value where raters guess, or None.
    """

    title: str
    unit: str
    direction: str
    sentence: str
    low: float | None
    high: float | None
    chance: float | None


RATING_FACTS: Final = {
    "fir": RatingFacts(
        "Fake identification rate (FIR)",
        "share of answers on fake images",
        "lower: fewer fakes are recognised",
        "How many of the fake images were called fake. Read it beside the false alarms: who calls everything "
        "fake recognises every fake.",
        0.0,
        1.0,
        None,
    ),
    "false_alarm_rate": RatingFacts(
        "False alarms",
        "share of answers on real images",
        "none: it is the raters' suspicion",
        "How many of the real images were called fake. Where it equals the fake identification rate, fakes "
        "were not told from real images at all.",
        0.0,
        1.0,
        None,
    ),
    "accuracy": RatingFacts(
        "Accuracy",
        "share of answers",
        "lower: fake and real are told apart less",
        "How many answers were right; half where raters guess and as many fakes as real images are shown.",
        0.0,
        1.0,
        0.5,
    ),
    "balanced_accuracy": RatingFacts(
        "Balanced accuracy",
        "mean of two shares",
        "lower: fake and real are told apart less",
        "How many answers were right, with fakes and real images counting alike however many were shown.",
        0.0,
        1.0,
        0.5,
    ),
    "d_prime": RatingFacts(
        "Sensitivity d'",
        "standard deviations of the evidence",
        "lower: fake and real are told apart less",
        "How well fake is told from real, apart from a leaning to either answer: 0 is guessing, 1 is about "
        "69 % right, 3 about 93 %.",
        None,
        None,
        0.0,
    ),
    "criterion": RatingFacts(
        "Criterion c",
        "standard deviations of the evidence",
        "none: it is the raters' leaning",
        "Which answer raters lean to in doubt: above 0 to real, below 0 to fake.",
        None,
        None,
        0.0,
    ),
    "auc": RatingFacts(
        "Area under the ROC",
        "share of pairs of a fake and a real image",
        "lower: fake and real are told apart less",
        "How often a fake image was called fake more surely than a real one, by the same rater.",
        0.0,
        1.0,
        0.5,
    ),
    "cohen_kappa": RatingFacts(
        "Cohen's kappa",
        "none",
        "none: higher, raters agree more",
        "How far two raters agree beyond chance, averaged over pairs: 0 as by chance, 1 always. Raters who "
        "cannot tell fakes agree by chance only, however careful they are.",
        -1.0,
        1.0,
        0.0,
    ),
    "fleiss_kappa": RatingFacts(
        "Fleiss' kappa",
        "none",
        "none: higher, raters agree more",
        "How far all raters agree beyond chance, over the images that every one of them saw.",
        -1.0,
        1.0,
        0.0,
    ),
    "krippendorff_alpha": RatingFacts(
        "Krippendorff's alpha",
        "none",
        "none: higher, raters agree more",
        "How far raters agree beyond chance, over all images that two or more of them saw.",
        -1.0,
        1.0,
        0.0,
    ),
    "same_answers": RatingFacts(
        "Same answers",
        "share of pairs of answers",
        "none: higher, raters agree more",
        "How often two raters gave the same answer to an image.",
        0.0,
        1.0,
        None,
    ),
    "self_consistency": RatingFacts(
        "Self-consistency",
        "share of repeated images",
        "none: higher, raters are steadier",
        "How often a rater gave the same answer to an image shown again; half where answers are guesses.",
        0.0,
        1.0,
        0.5,
    ),
    "reaction_time_ms": RatingFacts(
        "Reaction time",
        "ms",
        "none",
        "Each rater's median time to an answer, averaged over raters.",
        0.0,
        None,
        None,
    ),
    "exposure_threshold_ms": RatingFacts(
        "Exposure threshold (HYPE-time)",
        "ms",
        "higher: fakes need longer looks",
        "How long an image must be seen before about three of four answers are right.",
        0.0,
        None,
        None,
    ),
}
"""Facts by the key in a score's JSON, in the order of tables."""
