"""What a utility experiment found of one score against one baseline, arm by arm."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnknownNameError
from core.utility.result import ArmRecord, ArmScore, Comparison, UtilitySummary
from core.utility.score_facts import SCORES
from core.utility.significance import ALPHA

__all__ = [
    "ArmChange",
    "ScoreChoice",
    "find_arm_kind",
    "find_scores",
    "list_arm_titles",
    "list_baselines",
    "list_changes",
    "list_scores",
]

_RECALL = "recall"


@dataclass(frozen=True, slots=True)
class ScoreChoice:
    """One score that readers may look at.

    Attributes:
        id: as addresses call it: a score's id, and `recall:CLASS` for the recall of a class.
        score: id in `core.utility.score_facts`.
        class_name: the class of a recall, otherwise None.
        title: what readers call it.
        sentence: what it says.
        group: the group of test images that it is of, such as `sex=F`, or None for all of them.
    """

    id: str
    score: str
    class_name: str | None
    title: str
    sentence: str
    group: str | None = None

    @property
    def noun(self) -> str:
        """What sentences call it."""
        name = self.title if self.title[:2].isupper() or self.score == "f1_macro" else _lower(self.title)
        return name if self.group is None else f"{name} in {self.group}"


@dataclass(frozen=True, slots=True)
class ArmChange:
    """One arm, with its change against a baseline.

    Attributes:
        arm: the arm.
        score: its score over repeats.
        change: its change against the baseline; None for the baseline itself and arms not held against it.
    """

    arm: ArmRecord
    score: ArmScore
    change: Comparison | None

    @property
    def kind(self) -> str:
        """See `find_arm_kind`."""
        return find_arm_kind(self.arm)

    @property
    def is_significant(self) -> bool:
        """Whether the change has p < 0.05 by the signed-rank test after Holm's correction."""
        return self.change is not None and self.change.p_holm is not None and self.change.p_holm < ALPHA


def list_scores(summary: UtilitySummary, group: str | None = None) -> dict[str, ScoreChoice]:
    """List the scores of an experiment by id, in the order of tables.

    Args:
        summary: the experiment.
        group: only scores of this group of test images; None for those of all test images.
    """
    found = {}
    for one in _scores(summary, group):
        facts = SCORES[one.score]
        title = facts.title if one.class_name is None else f"Recall of {one.class_name}"
        name = one.score if one.class_name is None else f"{_RECALL}:{one.class_name}"
        found[name] = ScoreChoice(name, one.score, one.class_name, title, facts.sentence, group)
    return found


def list_baselines(summary: UtilitySummary) -> dict[str, str]:
    """List the arms that others are held against: id to title, in the order of arms."""
    used = {name for arm in summary.arms for name in arm.baselines}
    return {arm.id: arm.title for arm in summary.arms if arm.id in used}


def list_arm_titles(summary: UtilitySummary) -> dict[str, str]:
    """Title of each arm by id."""
    return {arm.id: arm.title for arm in summary.arms}


def list_changes(summary: UtilitySummary, score: ScoreChoice, baseline: str) -> tuple[ArmChange, ...]:
    """List the arms with one score and its change against one baseline, in the order of arms.

    Raises:
        UnknownNameError: if no arm of that id is a baseline.
    """
    if baseline not in list_baselines(summary):
        raise UnknownNameError(
            f"No arm is held against {baseline!r}; baselines are {', '.join(list_baselines(summary))}."
        )
    scores = find_scores(summary, score)
    wanted = (score.score, score.class_name, score.group)
    changes = {
        one.arm: one
        for one in (summary.comparisons if score.group is None else summary.group_comparisons)
        if (one.score, one.class_name, one.group) == wanted and one.baseline == baseline
    }
    return tuple(ArmChange(arm, scores[arm.id], changes.get(arm.id)) for arm in summary.arms)


def find_scores(summary: UtilitySummary, score: ScoreChoice) -> dict[str, ArmScore]:
    """One score of every arm, by the arm's id."""
    wanted = (score.score, score.class_name)
    return {one.arm: one for one in _scores(summary, score.group) if (one.score, one.class_name) == wanted}


def find_arm_kind(arm: ArmRecord) -> str:
    """Tell what an arm is, by the first part of its id.

    Returns:
        `none`, `traditional`, `synthetic`, `both`, `alone`, `real` (a part of the real images), `fraction`,
        `pretrained-real`, `untrained` or `pretrained`.
    """
    return arm.id.partition(":")[0]


def _scores(summary: UtilitySummary, group: str | None) -> tuple[ArmScore, ...]:
    if group is None:
        return summary.scores
    return tuple(one for one in summary.group_scores if one.group == group)


def _lower(title: str) -> str:
    return f"{title[0].lower()}{title[1:]}"
