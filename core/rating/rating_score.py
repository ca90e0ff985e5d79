"""Everything that the answers of a rating session say, as typed data and as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from core.rating.agreement import Agreement
from core.rating.attention_checks import AttentionCheck
from core.rating.confidence_roc import RocCurve
from core.rating.consistency import Consistency
from core.rating.exposure_threshold import ExposureThreshold
from core.rating.fooling import ImageAnswers, find_fooling, find_unfooling
from core.rating.measured import Measured, missing
from core.rating.reaction_times import FlaggedTrial, ReactionTimes
from core.rating.set_comparison import SetComparison

__all__ = ["Measured", "Rates", "RatingScore"]


class Rates(BaseModel):
    """How well fakes were told from real images, over some of the answers.

    In sessions of pairs, where one of two images is always fake, `fir` and `accuracy` are both the share of
    pairs in which the fake was named, and what takes answers on single real images has no value.

    Attributes:
        fir: fake identification rate: fakes called fake, 0 to 1; lower where fakes look more real.
        false_alarm_rate: real images called fake, 0 to 1.
        accuracy: right answers, 0 to 1; lower where fakes look more real.
        balanced_accuracy: mean of fakes and real images answered right.
        d_prime: sensitivity, 0 is guessing.
        criterion: leaning, above 0 to "real".
        auc: area under the ROC of confidence, 0.5 is guessing.
        n_raters: raters behind it.
        n_fake: fake images shown (in pairs, pairs).
        n_real: real images shown.
        n_answers: answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fir: Measured
    false_alarm_rate: Measured
    accuracy: Measured
    balanced_accuracy: Measured
    d_prime: Measured
    criterion: Measured
    auc: Measured
    n_raters: int
    n_fake: int
    n_real: int
    n_answers: int


class RatingScore(BaseModel):
    """The statistics of one session; training, repeats and attention checks enter no rate.

    Attributes:
        schema_version: raised when the JSON's form changes.
        task: `single` or `pair`.
        overall: over all answers.
        by_set: each synthetic set's fakes with all real images.
        by_class: the images of each class.
        by_rater: the answers of each rater.
        by_set_and_class: set, then class: the set's fakes and the real images of that class.
        d_prime_of_raters: mean of the raters' own d', each rater counting alike.
        criterion_of_raters: mean of the raters' own criterion.
        fir_unflagged: `fir` without flagged trials.
        agreement: among raters.
        consistency: of each rater with themselves.
        reaction_times: of answers.
        flagged: trials that went wrong in some way.
        checks: attention checks by rater.
        comparisons: every two sets.
        roc: pooled over raters, or None without confidence.
        roc_by_rater: of each rater with confidence.
        images: what raters said of each image; the fakes and real images that fooled most first.
        threshold: of a staircase session, otherwise None.
        n_training: answers of training trials.
        n_repeats: answers to images shown again.
        notes: one sentence each on anything a reader must know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    task: str
    overall: Rates
    by_set: dict[str, Rates]
    by_class: dict[str, Rates]
    by_rater: dict[str, Rates]
    by_set_and_class: dict[str, dict[str, Rates]]
    d_prime_of_raters: Measured
    criterion_of_raters: Measured
    fir_unflagged: Measured
    agreement: Agreement
    consistency: Consistency
    reaction_times: ReactionTimes
    flagged: tuple[FlaggedTrial, ...]
    checks: tuple[AttentionCheck, ...]
    comparisons: tuple[SetComparison, ...]
    roc: RocCurve | None
    roc_by_rater: dict[str, RocCurve]
    images: tuple[ImageAnswers, ...]
    threshold: ExposureThreshold | None
    n_training: int
    n_repeats: int
    notes: tuple[str, ...]

    @property
    def fooled_most(self) -> tuple[ImageAnswers, ...]:
        """Fakes that more than half of their raters took for real, the most convincing first."""
        return find_fooling(self.images)

    @property
    def fooled_none(self) -> tuple[ImageAnswers, ...]:
        """Fakes that nobody took for real."""
        return find_unfooling(self.images)

    @property
    def headline(self) -> dict[str, Measured]:
        """The numbers of the whole session by their key in the JSON, in the order of tables."""
        whole, agreement = self.overall, self.agreement
        return {
            "fir": whole.fir,
            "false_alarm_rate": whole.false_alarm_rate,
            "accuracy": whole.accuracy,
            "balanced_accuracy": whole.balanced_accuracy,
            "d_prime": whole.d_prime,
            "criterion": whole.criterion,
            "auc": whole.auc,
            "cohen_kappa": agreement.cohen_kappa,
            "fleiss_kappa": agreement.fleiss_kappa,
            "krippendorff_alpha": agreement.krippendorff_alpha,
            "same_answers": agreement.same,
            "self_consistency": self.consistency.same,
            "reaction_time_ms": self.reaction_times.median,
            "exposure_threshold_ms": (
                missing("Exposures were not adapted to the answers.")
                if self.threshold is None
                else self.threshold.mean
            ),
        }

    def as_json(self) -> dict[str, Any]:
        """The score as JSON types: each number `{value, low, high, n, method, note, wilson, bootstrap}`.

        Those of the whole session stand at the top level, under the keys of `core.rating.score_facts`; below
        stand `sets`, `classes`, `raters`, `sets_and_classes` and the rest.
        """
        whole = self.model_dump(mode="json")
        numbers = {name: one.model_dump(mode="json") for name, one in self.headline.items()}
        return {
            "schema_version": self.schema_version,
            "task": self.task,
            **numbers,
            "d_prime_of_raters": whole["d_prime_of_raters"],
            "criterion_of_raters": whole["criterion_of_raters"],
            "fir_unflagged": whole["fir_unflagged"],
            "n_raters": self.overall.n_raters,
            "n_fake": self.overall.n_fake,
            "n_real": self.overall.n_real,
            "n_answers": self.overall.n_answers,
            "n_training": self.n_training,
            "n_repeats": self.n_repeats,
            "notes": whole["notes"],
            "sets": whole["by_set"],
            "classes": whole["by_class"],
            "raters": whole["by_rater"],
            "sets_and_classes": whole["by_set_and_class"],
            "comparisons": whole["comparisons"],
            "agreement_of_pairs": whole["agreement"]["pairs"],
            "self_consistency_kappa": whole["consistency"]["kappa"],
            "self_consistency_of_raters": whole["consistency"]["by_rater"],
            "reaction_times_ms": whole["reaction_times"]["by_answer"],
            "exposure_thresholds_ms": {} if self.threshold is None else self.threshold.by_rater,
            "roc": whole["roc"],
            "roc_of_raters": whole["roc_by_rater"],
            "checks": whole["checks"],
            "flagged": whole["flagged"],
            "fooled_most": [one.item for one in self.fooled_most],
            "fooled_none": [one.item for one in self.fooled_none],
            "images": whole["images"],
        }
