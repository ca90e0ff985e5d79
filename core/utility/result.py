"""The result of a utility experiment, as typed data; `utility.json` is its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from core.utility._record import Record
from core.utility.run_record import RunRecord

if TYPE_CHECKING:
    # Pages read summaries and should not wait for it.
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ArmRecord",
    "ArmScore",
    "Comparison",
    "GroupGap",
    "McNemarResult",
    "UsedSet",
    "UtilityResult",
    "UtilitySummary",
]


class UsedSet(Record):
    """One image set as the experiment read it.

    Attributes:
        role: `real` is trained on, `test` is looked at once by each trained arm.
        name: its name in results.
        folder: the folder as given.
        n: images used.
        classes: images a class.
        digest: SHA-256 over items, labels and patients.
        images_digest: SHA-256 over items and labels, as an audit digests a set; empty in experiments of
            earlier versions.
    """

    role: Literal["real", "test", "synthetic"]
    name: str
    folder: str
    n: int
    classes: dict[str, int]
    digest: str
    images_digest: str = ""


class ArmRecord(Record):
    """One arm; see `core.utility.arms.Arm`."""

    id: str
    title: str
    real: float
    synthetic: str | None
    ratio: float | None
    traditional: bool
    last_layer: bool
    trained: bool
    baselines: tuple[str, ...]


class ArmScore(Record):
    """One score of one arm over its repeats.

    Attributes:
        arm: the arm's id.
        score: see `run_record.RunScore`.
        class_name: see `run_record.RunScore`.
        mean: mean over repeats.
        low: lower end of its 95 % Student interval over repeats, or None with the reason in `note`.
        high: upper end.
        sd: standard deviation over repeats, or None with a single one.
        n_repeats: repeats.
        n_test: test images behind the score; for a recall, those of its class.
        note: one sentence, or empty.
        group: see `run_record.RunScore`.
    """

    arm: str
    score: str
    class_name: str | None
    mean: float
    low: float | None
    high: float | None
    sd: float | None
    n_repeats: int
    n_test: int
    note: str = ""
    group: str | None = None


class McNemarResult(Record):
    """Whether two arms are right on the same test images; images count once, however many repeats there are.

    Attributes:
        gained: images that the arm gets right in more repeats than the baseline does.
        lost: those that it gets right in fewer.
        p: two-sided p-value.
        p_holm: corrected for the arms held against the same baseline.
        method: `exact` or `chi-square`.
    """

    gained: int
    lost: int
    p: float
    p_holm: float
    method: Literal["exact", "chi-square"]


class Comparison(Record):
    """The change of one score from a baseline to an arm, repeat by repeat.

    Attributes:
        arm: the arm's id.
        baseline: the baseline's id.
        score: see `run_record.RunScore`.
        class_name: see `run_record.RunScore`.
        change: mean of arm minus baseline over repeats; positive is better.
        low: lower end of its 95 % paired Student interval, or None with the reason in `note`.
        high: upper end.
        changes: the change of each repeat, in order.
        p: two-sided p-value of the paired Wilcoxon signed-rank test, exact; None with a single repeat.
        p_holm: corrected for the arms held against the same baseline by the same score.
        mcnemar: of per-image answers; for `accuracy` alone.
        note: one sentence, or empty.
        group: see `run_record.RunScore`.
    """

    arm: str
    baseline: str
    score: str
    class_name: str | None
    change: float
    low: float | None
    high: float | None
    changes: tuple[float, ...]
    p: float | None
    p_holm: float | None
    mcnemar: McNemarResult | None = None
    note: str = ""
    group: str | None = None


class GroupGap(Record):
    """How far an arm's best and worst group of test images lie apart.

    Attributes:
        arm: the arm's id.
        column: the column of the labels CSV that the groups are of.
        score: see `run_record.RunScore`.
        class_name: see `run_record.RunScore`.
        best: the group with the highest mean over repeats.
        worst: the one with the lowest.
        gap: mean over repeats of best minus worst; smaller is better.
        low: lower end of its 95 % Student interval over repeats, or None with the reason in `note`; like the
            gap it holds for these test images.
        high: upper end.
        p: how often groups drawn by chance lie as far apart, or None with the reason in `note`.
        n_repeats: repeats.
        n_best: test images of the best group; for a recall, those of its class.
        n_worst: of the worst.
        note: one sentence, or empty.
    """

    arm: str
    column: str
    score: str
    class_name: str | None
    best: str
    worst: str
    gap: float
    low: float | None
    high: float | None
    p: float | None
    n_repeats: int
    n_best: int
    n_worst: int
    note: str = ""


class UtilitySummary(Record):
    """Everything of an experiment but its per-image answers; the content of `utility.json`.

    Attributes:
        schema_version: raised when the JSON's form changes.
        experiment: `augmentation` or `feature-extraction`.
        protocol: the user's choices.
        channels: of the images that classifiers looked at.
        classes: in the order of probabilities.
        weights: what decided the initial weights besides their seed.
        device: where networks ran.
        software: versions of the packages that decided the numbers.
        sets: real, test, then synthetic ones.
        warnings: about the experiment as a whole; shown wherever its numbers are.
        arms: in the order of tables.
        runs: one a repeat and arm.
        scores: one an arm and score.
        comparisons: one an arm, baseline and score.
        groups: test images a group, of those that are scored; columns overlap.
        group_scores: one an arm, group and score.
        group_comparisons: one an arm, baseline, group and score; p-values are corrected within a group.
        group_gaps: one an arm, column and score.
        started: when it began, or went on.
        seconds: training time of all runs, those of earlier sittings included.
    """

    schema_version: int = 1
    experiment: Literal["augmentation", "feature-extraction"]
    protocol: dict[str, Any]
    channels: int
    classes: tuple[str, ...]
    weights: str
    device: str
    software: dict[str, str]
    sets: tuple[UsedSet, ...]
    warnings: tuple[str, ...] = ()
    arms: tuple[ArmRecord, ...]
    runs: tuple[RunRecord, ...]
    scores: tuple[ArmScore, ...]
    comparisons: tuple[Comparison, ...]
    groups: dict[str, int] = Field(default_factory=dict)
    group_scores: tuple[ArmScore, ...] = ()
    group_comparisons: tuple[Comparison, ...] = ()
    group_gaps: tuple[GroupGap, ...] = ()
    started: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class UtilityResult:
    """All that an experiment found.

    Attributes:
        summary: the content of `utility.json`.
        items: id of each test image, relative to the test set's folder.
        labels: (n,) its class, as a place in the summary's classes.
        probabilities: (arm id, repeat) to (n, classes) float32.
    """

    summary: UtilitySummary
    items: tuple[str, ...]
    labels: NDArray[np.int64]
    probabilities: Mapping[tuple[str, int], NDArray[np.float32]]
