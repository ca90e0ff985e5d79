"""The result of a crop experiment, as typed data; `crop.json` is its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from core.crop_experiment.request import Kind, Region

if TYPE_CHECKING:
    # Pages read summaries and should not wait for these.
    import pyarrow as pa

    from core.audit.result import AuditResult
    from core.utility.result import UtilityResult

__all__ = [
    "CropResult",
    "CropSummary",
    "CroppedSet",
    "MetricChange",
    "ProbeArea",
    "ProbeRecord",
    "ScoreChange",
    "SuspectLeft",
]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CroppedSet(_Record):
    """One image set of the experiment.

    Attributes:
        role: what it is in the study; the held-out set is what classifiers are tested on.
        name: its name in results.
        n: images, the same before and after.
        digest: SHA-256 over items and labels before the crop.
        cropped_digest: the same after it.
    """

    role: Literal["real", "heldout", "synthetic"]
    name: str
    n: int
    digest: str
    cropped_digest: str


class MetricChange(_Record):
    """One number of the audit before and after the crop.

    Attributes:
        synthetic: the synthetic set.
        extractor: the extractor, or None.
        class_name: the class, or None for the whole set.
        metric: id in `core.metrics.catalogue`.
        direction: which way it is better: `higher`, `lower` or `none`.
        before: the number before the crop, or None where it is undefined.
        before_low: lower end of its 95 % interval, or None.
        before_high: upper end.
        after: the number after the crop, or None.
        after_low: lower end of its interval, or None.
        after_high: upper end.
        change: after minus before, or None.
        low: lower end of its 95 % interval, or None where one of the two numbers has none.
        high: upper end.
        n_real: real images behind it.
        n_synthetic: synthetic images behind it.
    """

    synthetic: str
    extractor: str | None
    class_name: str | None
    metric: str
    direction: str
    before: float | None
    before_low: float | None
    before_high: float | None
    after: float | None
    after_low: float | None
    after_high: float | None
    change: float | None
    low: float | None
    high: float | None
    n_real: int
    n_synthetic: int


class ScoreChange(_Record):
    """One score of one arm, or its gain over one baseline, before and after the crop.

    Attributes:
        kind: the experiment.
        arm: the arm's id.
        title: what readers call it.
        synthetic: its synthetic set, or None.
        family: arms that differ in their synthetic set alone have the same; p-values are corrected within.
        baseline: None for the score itself; else the arm that the gain is over.
        score: id in `core.utility.score_facts`.
        class_name: the class of a recall, otherwise None.
        before: mean over repeats before the crop.
        before_low: lower end of its 95 % Student interval over repeats, or None with a single repeat.
        before_high: upper end.
        after: mean after the crop.
        after_low: lower end of its interval, or None.
        after_high: upper end.
        change: mean of after minus before, repeat by repeat with the same splits, weights and draws.
        low: lower end of its 95 % paired Student interval, or None.
        high: upper end.
        changes: the change of each repeat, in order.
        p: two-sided p-value of the exact paired Wilcoxon signed-rank test, or None.
        p_holm: corrected for the arms of the family.
        n_repeats: repeats.
        n_test: test images behind the score; for a recall, those of its class.
    """

    kind: Kind
    arm: str
    title: str
    synthetic: str | None
    family: str
    baseline: str | None
    score: str
    class_name: str | None
    before: float
    before_low: float | None
    before_high: float | None
    after: float
    after_low: float | None
    after_high: float | None
    change: float
    low: float | None
    high: float | None
    changes: tuple[float, ...]
    p: float | None
    p_holm: float | None
    n_repeats: int
    n_test: int


class ProbeArea(_Record):
    """How well one place of the images alone tells their class.

    Attributes:
        auroc: area under the ROC curve, cross-validated by patient; 0.5 is guessing.
        low: lower end of its 95 % interval.
        high: upper end.
        p_value: chance that shuffled labels do as well.
    """

    auroc: float
    low: float
    high: float
    p_value: float


class ProbeRecord(_Record):
    """What one cropped place of one set told of the class before and after.

    Attributes:
        set: the set.
        place: `region`, or a margin by its side.
        box: the place as shares of the whole image.
        n: images that were looked at.
        before: before the crop, or None where there were too few images.
        after: after it, or None where the place is no longer in the images.
        is_uniform: whether all images look the same there after the crop; None where it is gone.
        note: why something is missing; else empty.
    """

    set: str
    place: str
    box: Region
    n: int
    before: ProbeArea | None
    after: ProbeArea | None
    is_uniform: bool | None
    note: str = ""


class SuspectLeft(_Record):
    """The most suspect region of the real set, before or after the crop.

    Attributes:
        when: before or after the crop.
        box: as shares of the whole image, before the crop.
        auroc: area under the ROC curve at its strongest position.
        low: lower end of its 95 % interval.
        high: upper end.
        p_value: family-wise.
        surround_auroc: mean area around it.
        beside: whether it lies within a patch's width of what is cropped.
    """

    when: Literal["before", "after"]
    box: Region
    auroc: float
    low: float
    high: float
    p_value: float
    surround_auroc: float
    beside: bool


class CropSummary(_Record):
    """Everything of a crop experiment but its audits and utility experiments; the content of `crop.json`.

    Attributes:
        schema_version: raised when the JSON's form changes.
        margin: see `CropRequest`.
        region: see `CropRequest`.
        mode: see `CropRequest`.
        request: the user's choices.
        classes: in the order of the utility experiments.
        sets: real, held-out, then synthetic ones.
        warnings: about the experiment as a whole; shown wherever its numbers are.
        metrics: one a number of the audits.
        scores: one an arm, baseline and score.
        probes: one a set and cropped place.
        suspects: the real set's most suspect region before and after; a missing one means that no place told
            the class beyond chance.
        suspects_note: why suspects were not looked for; else empty.
        started: when it began, or went on.
        seconds: how long this sitting took.
    """

    schema_version: int = 1
    margin: float
    region: Region | None
    mode: Literal["blank", "cut"]
    request: dict[str, Any]
    classes: tuple[str, ...]
    sets: tuple[CroppedSet, ...]
    warnings: tuple[str, ...]
    metrics: tuple[MetricChange, ...]
    scores: tuple[ScoreChange, ...]
    probes: tuple[ProbeRecord, ...]
    suspects: tuple[SuspectLeft, ...]
    suspects_note: str = ""
    started: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class CropResult:
    """All that an experiment found.

    Attributes:
        summary: the content of `crop.json`.
        audits: `before` and `after` to the audit.
        utilities: kind, then `before` and `after`, to the utility experiment.
        items: images of every set and of its cropped twin, as `core.audit.items` keeps them.
    """

    summary: CropSummary
    audits: Mapping[str, AuditResult]
    utilities: Mapping[tuple[Kind, str], UtilityResult]
    items: pa.Table
