"""How much work a utility experiment is, before it is started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.utility.arms import ExperimentKind, plan_arms
from core.utility.comparison import count_comparisons
from core.utility.presets import UtilityProtocol
from core.utility.significance import explain_repeats

__all__ = ["ExperimentSize", "measure_experiment"]


@dataclass(frozen=True, slots=True)
class ExperimentSize:
    """What an experiment will do.

    Attributes:
        n_arms: ways to train.
        n_runs: trainings, those of every arm in every repeat.
        n_comparisons: most arms that are held against one baseline.
        too_few_repeats: why no change can be significant, as one sentence; empty where one can.
    """

    n_arms: int
    n_runs: int
    n_comparisons: int
    too_few_repeats: str


def measure_experiment(
    kind: ExperimentKind, protocol: UtilityProtocol, synthetic: Sequence[str]
) -> ExperimentSize:
    """Count the trainings of an experiment, and tell whether its repeats can show anything.

    Args:
        kind: `augmentation` or `feature-extraction`.
        protocol: the user's choices.
        synthetic: names of the synthetic sets that take part.
    """
    arms = plan_arms(kind, protocol, synthetic)
    n_comparisons = count_comparisons(arms)
    return ExperimentSize(
        n_arms=len(arms),
        n_runs=len(arms) * protocol.repeats,
        n_comparisons=n_comparisons,
        too_few_repeats=explain_repeats(protocol.repeats, n_comparisons),
    )
