"""The utility side: each number that an experiment gives its synthetic sets."""

from __future__ import annotations

from dataclasses import dataclass

from core.fidelity_utility.fidelities import SetNumber
from core.utility.arms import ExperimentKind
from core.utility.result import ArmRecord, UtilitySummary
from core.utility.score_facts import SCORES

__all__ = ["Utility", "describe_way", "list_utilities", "name_way", "read_utility"]

_KINDS = {"augmentation": "augmentation", "feature-extraction": "feature extraction"}


@dataclass(frozen=True, slots=True)
class Utility:
    """What a way of training with a synthetic set scores, or how much it changes.

    Attributes:
        experiment: the kind of experiment.
        way: how the synthetic images are used; see `name_way`.
        baseline: arm that it is held against, or None for the score itself.
        score: id in `core.utility.score_facts`.
        class_name: the class of a recall, otherwise None.
    """

    experiment: ExperimentKind
    way: str
    baseline: str | None
    score: str
    class_name: str | None = None

    @property
    def score_title(self) -> str:
        """Name of the score, in the middle of a sentence."""
        if self.class_name is not None:
            return f"recall of {self.class_name}"
        title = SCORES[self.score].title if self.score in SCORES else self.score
        return title if title.isupper() or title.startswith("F1") else title[0].lower() + title[1:]

    @property
    def title(self) -> str:
        """What it is, in the middle of a sentence."""
        change = "" if self.baseline is None else "change of "
        return f"{change}{self.score_title} ({self.way_title})"

    @property
    def way_title(self) -> str:
        """The kind of experiment and how it uses the synthetic images."""
        return f"{_KINDS[self.experiment]}, {describe_way(self.way)}"

    @property
    def unit(self) -> str:
        """Unit of its numbers."""
        return "%" if self.baseline is None else "percentage points"


def name_way(arm: ArmRecord) -> str:
    """Name how an arm uses its synthetic set, without the set's name.

    Returns:
        `synthetic:RATIO` beside all real images, `both:RATIO` with traditional augmentation as well, `alone`
        without real images, `fraction:SHARE` beside a share of the real images, or `pretrained`.
    """
    if arm.last_layer:
        return "pretrained"
    if arm.real == 0:
        return "alone"
    if arm.real < 1:
        return f"fraction:{arm.real:g}"
    ratio = "all" if arm.ratio is None else f"{arm.ratio:g}"
    return f"both:{ratio}" if arm.traditional else f"synthetic:{ratio}"


def describe_way(way: str) -> str:
    """Say what `name_way` names."""
    kind, _, number = way.partition(":")
    match kind:
        case "pretrained":
            return "pretrained on synthetic images"
        case "alone":
            return "synthetic images alone"
        case "fraction":
            return f"synthetic × 1 beside {float(number):.0%} of the real images"
        case "both":
            return f"synthetic × {number} and traditional augmentation"
        case _:
            return f"synthetic × {number}"


def list_utilities(experiment: UtilitySummary) -> tuple[Utility, ...]:
    """List what the experiment measured of any synthetic set: changes first, then the scores themselves."""
    ways = {arm.id: name_way(arm) for arm in experiment.arms if arm.synthetic is not None}
    changes = [
        Utility(experiment.experiment, ways[one.arm], one.baseline, one.score, one.class_name)
        for one in experiment.comparisons
        if one.arm in ways
    ]
    scores = [
        Utility(experiment.experiment, ways[one.arm], None, one.score, one.class_name)
        for one in experiment.scores
        if one.arm in ways
    ]
    return tuple(dict.fromkeys((*changes, *scores)))


def read_utility(experiment: UtilitySummary, utility: Utility) -> dict[str, SetNumber]:
    """Read a number of every synthetic set that has it.

    Returns:
        Set name to the score in per cent, or to its change in percentage points; higher is better.
    """
    names = {
        arm.id: arm.synthetic
        for arm in experiment.arms
        if arm.synthetic is not None and name_way(arm) == utility.way
    }
    wanted = (utility.score, utility.class_name)
    if utility.baseline is None:
        return {
            names[one.arm]: _percent(one.mean, one.low, one.high)
            for one in experiment.scores
            if one.arm in names and (one.score, one.class_name) == wanted
        }
    return {
        names[one.arm]: _percent(one.change, one.low, one.high)
        for one in experiment.comparisons
        if one.arm in names and one.baseline == utility.baseline and (one.score, one.class_name) == wanted
    }


def _percent(value: float, low: float | None, high: float | None) -> SetNumber:
    return SetNumber(100 * value, None if low is None else 100 * low, None if high is None else 100 * high)
