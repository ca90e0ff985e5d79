"""Rank correlations of fidelity with utility over the synthetic sets of a study, one or all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.audit.result import AuditSummary
from core.fidelity_utility.fidelities import list_fidelities
from core.fidelity_utility.points import JoinedPoints, join_points
from core.fidelity_utility.utilities import Utility, list_utilities
from core.metrics.rank_correlation import RankCorrelation, correlate_ranks, find_smallest_p
from core.utility.result import UtilitySummary
from core.utility.significance import ALPHA, correct_holm

__all__ = ["Association", "associate", "associate_all", "explain_correction", "find_correction"]


@dataclass(frozen=True, slots=True)
class Association:
    """One metric and one utility over the synthetic sets that have both.

    Attributes:
        experiment: the experiment's name, where there are several.
        joined: the points.
        correlation: of their ranks, as the numbers are: negative where lower values of the metric go with
            higher utility.
        p_holm: p-value corrected for all correlations that are shown together, or None alone.
    """

    experiment: str
    joined: JoinedPoints
    correlation: RankCorrelation
    p_holm: float | None = None


def associate(joined: JoinedPoints, *, experiment: str = "") -> Association:
    """Correlate the ranks of joined points.

    Args:
        joined: from `join_points`.
        experiment: the experiment's name, where there are several.
    """
    correlation = correlate_ranks(
        np.array([point.fidelity.value for point in joined.points]),
        np.array([point.utility.value for point in joined.points]),
    )
    return Association(experiment, joined, correlation)


def associate_all(
    audit: AuditSummary,
    experiments: Sequence[tuple[str, UtilitySummary]],
    *,
    class_name: str | None = None,
    scores: Collection[str] = ("accuracy",),
) -> tuple[Association, ...]:
    """Correlate every metric of an audit with every way of training in some experiments.

    Whatever a score is held against, its order of the sets is the same, and so is the correlation: each way
    of training counts once, by its change against its first baseline.

    Args:
        audit: an audit.
        experiments: name and content of each.
        class_name: the class or subgroup of the metrics, or None for the whole sets; utilities are always of
            all test images.
        scores: ids in `core.utility.score_facts`; recall has one utility a class.

    Returns:
        Metric by metric; p-values are corrected by Holm for all correlations that could be computed.
    """
    wanted = [
        (name, experiment, utility)
        for name, experiment in experiments
        for utility in _list_once(experiment)
        if utility.score in scores
    ]
    found = [
        associate(join_points(audit, experiment, fidelity, utility), experiment=name)
        for fidelity in list_fidelities(audit, class_name=class_name)
        for name, experiment, utility in wanted
    ]
    p_values = [one.correlation.p for one in found if one.correlation.p is not None]
    corrected = iter(correct_holm(p_values))
    return tuple(one if one.correlation.p is None else replace(one, p_holm=next(corrected)) for one in found)


def find_correction(association: Association, among: Sequence[Association]) -> Association:
    """Give a single correlation the corrected p-value that the same one has among many.

    Args:
        association: from `associate`, held against any baseline.
        among: from `associate_all`; without the same metric, way of training and score nothing is corrected.
    """
    wanted = _order_of(association)
    p_holm = next((one.p_holm for one in among if _order_of(one) == wanted), None)
    return replace(association, p_holm=p_holm)


def _order_of(one: Association) -> tuple[object, ...]:
    """What decides the order of the sets; a baseline does not."""
    utility = one.joined.utility
    about = utility.experiment, utility.way, utility.score, utility.class_name
    return one.joined.fidelity, *about, one.correlation.p


def _list_once(experiment: UtilitySummary) -> tuple[Utility, ...]:
    """One utility a way of training and score."""
    first: dict[tuple[str, str, str | None], Utility] = {}
    for utility in list_utilities(experiment):
        first.setdefault((utility.way, utility.score, utility.class_name), utility)
    return tuple(first.values())


def explain_correction(associations: Sequence[Association]) -> str:
    """Say how many correlations are corrected for, and whether any could then be significant.

    Args:
        associations: all that are shown together.
    """
    computed = [one for one in associations if one.correlation.p is not None]
    if not computed:
        return ""
    n_sets = max(one.correlation.n for one in computed)
    count = "1 correlation" if len(computed) == 1 else f"{len(computed):,} correlations"
    smallest = find_smallest_p(n_sets)
    text = f"{count} over {n_sets} synthetic sets at most; p-values corrected for their number by Holm."
    if smallest * len(computed) >= ALPHA:
        text += (
            f" With so few sets the smallest p-value that there can be is {smallest:.2g}, so none of so many "
            f"correlations can reach p < {ALPHA:g} after correction: read them as hints, or add sets."
        )
    return text
