"""What a rank correlation of fidelity with utility says, in words."""

from __future__ import annotations

from core.fidelity_utility.association import Association
from core.fidelity_utility.utilities import Utility
from core.metrics.metric_facts import Direction
from core.metrics.rank_correlation import RankCorrelation, find_smallest_p
from core.report.numbers import format_interval, format_value, typeset
from core.utility.significance import ALPHA

__all__ = ["say_association", "say_reading", "write_correlation", "write_p"]


def say_association(association: Association) -> str:
    """Say what was found, or why nothing can be stated, in one or two sentences."""
    joined, correlation = association.joined, association.correlation
    metric = joined.fidelity.title
    if correlation.value is None:
        return f"How {metric} goes with {joined.utility.title} cannot be stated. {correlation.note}"
    p = "" if correlation.p is None else f" (p {write_p(correlation.p)})"
    return (
        f"Across {correlation.n} synthetic sets, {metric} and {joined.utility.title} have a Spearman "
        f"correlation of {write_correlation(correlation)}{p}: {say_reading(association)}"
    )


def say_reading(association: Association) -> str:
    """Say what the correlation means for a user who goes by the metric."""
    correlation, metric = association.correlation, association.joined.fidelity.facts.name
    more, less = _say_outcome(association.joined.utility)
    if correlation.value is None or correlation.p is None:
        return "nothing can be said."
    if correlation.p >= ALPHA:
        too_few = find_smallest_p(correlation.n) >= ALPHA
        reason = (
            f"; {correlation.n} sets cannot tell, whatever their order, since their smallest p-value is "
            f"{find_smallest_p(correlation.n):.2g}"
            if too_few
            else ""
        )
        return f"whether sets that are better by {metric} {more} cannot be told{reason}."
    direction = association.joined.fidelity.direction
    if direction is Direction.NONE:
        claim = f"sets with a {'higher' if correlation.value > 0 else 'lower'} {metric} {more}"
    elif (correlation.value > 0) == (direction is Direction.HIGHER):
        claim = f"sets that are better by {metric} {more}"
    else:
        claim = f"sets that are better by {metric} {less}"
    if association.p_holm is not None and association.p_holm >= ALPHA:
        return (
            f"at most a hint that {claim}; after Holm's correction for all correlations computed together, "
            f"p {write_p(association.p_holm)}."
        )
    return f"{claim}."


def _say_outcome(utility: Utility) -> tuple[str, str]:
    """What a set does that has more of a utility, and one that has less."""
    if utility.baseline is None:
        return "score higher", "score lower"
    if utility.class_name is None:
        return "help the classifier more", "help the classifier less"
    # The recall of one class may rise at the cost of another's.
    return f"do more for {utility.score_title}", f"do less for {utility.score_title}"


def write_correlation(correlation: RankCorrelation) -> str:
    """Write a correlation with its interval, as `−0.3 [−0.9, 0.8]`; a dash where there is none."""
    if correlation.value is None:
        return "–"
    ends = correlation.low, correlation.high
    text = f"{format_value(correlation.value, *ends)} {format_interval(correlation.value, *ends)}"
    return typeset(text.strip())


def write_p(p: float) -> str:
    """Write a p-value with its sign, as `= 0.083` or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"
