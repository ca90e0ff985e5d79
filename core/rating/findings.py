"""What a rating session says, in sentences: the answer first, then what to be careful about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.rating.design import Task, Timing
from core.rating.measured import Measured
from core.rating.rating_score import Rates, RatingScore
from core.rating.set_comparison import ALPHA

__all__ = ["SessionFacts", "describe_score"]

_FEW_IMAGES: Final = 20
# Above this share of flagged trials, what they say may matter.
_MANY_FLAGGED: Final = 0.05
_LOW_CONSISTENCY: Final = 0.7
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of a session besides its answers.

    Attributes:
        n_planned: raters who were invited.
        n_finished: raters who answered their last trial.
        is_simulated: whether no people answered.
        is_joint: whether experts agreed on one answer.
        timing: how long images were seen.
        giveaways: sentences on what could give the answer away in spite of the same encoding.
    """

    n_planned: int
    n_finished: int
    is_simulated: bool = False
    is_joint: bool = False
    timing: Timing = Timing.UNTIMED
    giveaways: tuple[str, ...] = ()


def describe_score(score: RatingScore, facts: SessionFacts | None = None) -> tuple[str, ...]:
    """Say what a session found.

    Args:
        score: from `core.rating.score.score_answers`.
        facts: of the session, where it is known.

    Returns:
        The answer for each synthetic set and how sets compare, then cautions; one sentence or two each.
    """
    if not score.overall.n_answers:
        return ("No scored trial has been answered yet.",)
    answers = [_describe_set(name, rates, score) for name, rates in score.by_set.items()]
    start = ["Simulated raters: no people answered."] if facts is not None and facts.is_simulated else []
    return (*start, *answers, *_describe_comparisons(score), *_cautions(score, facts))


def _describe_set(name: str, rates: Rates, score: RatingScore) -> str:
    fir, alarms = rates.fir, rates.false_alarm_rate
    if fir.value is None:
        return f"{name}: no fake image was answered."
    if score.task == Task.PAIR.value:
        return f"{name}: {_raters(rates)} named the fake in {_percent(fir)} of pairs; {_against_half(fir)}."
    text = f"{name}: {_raters(rates)} recognised {_percent(fir)} of its images as fake"
    if alarms.value is None:
        return f"{text}; without answers on real images this cannot be told from suspicion."
    return f"{text} and called {_percent(alarms)} of the real images fake; {_tell_apart(rates)}."


def _tell_apart(rates: Rates) -> str:
    d_prime = rates.d_prime
    if d_prime.value is None or d_prime.low is None or d_prime.high is None:
        return "whether they told them apart cannot be said"
    number = f"d' = {d_prime.value:.2f} [{d_prime.low:.2f}, {d_prime.high:.2f}]"
    if d_prime.low > 0:
        return f"they told them from real images ({number}, 0 is guessing)"
    if d_prime.high < 0:
        return f"they took them for real more often than real images ({number}, 0 is guessing)"
    return f"that they told them from real images is not shown ({number}, 0 is guessing)"


def _against_half(fir: Measured) -> str:
    assert fir.low is not None and fir.high is not None
    if fir.low > 0.5:
        return "more than the 50 % of guessing"
    if fir.high < 0.5:
        return "less than the 50 % of guessing: they took fakes for the real ones"
    return "no more than guessing (50 %) would explain"


def _describe_comparisons(score: RatingScore) -> list[str]:
    shown = sorted(score.comparisons, key=lambda one: -abs(one.difference.value or 0.0))[:_MOST_NAMED]
    found = []
    for one in shown:
        points = 100 * (one.difference.value or 0.0)
        more, less = (one.first, one.second) if points > 0 else (one.second, one.first)
        p = one.p_holm if one.p_holm is not None and not one.note else None
        over, value = ("raters", p) if p is not None else ("images, for these raters", one.p_images_holm)
        verdict = "more often than" if value < ALPHA else "not significantly more often than"
        found.append(
            f"Images of {more} were recognised {verdict} those of {less}: {abs(points):.0f} points "
            f"(p {_p(value)} over {over}, after Holm's correction)."
        )
    return found


def _cautions(score: RatingScore, facts: SessionFacts | None) -> list[str]:
    found: list[str] = []
    if facts is not None and facts.n_finished < facts.n_planned:
        found.append(
            f"Preliminary: {facts.n_finished} of {facts.n_planned} raters have finished. Whoever still rates "
            "should not hear of this."
        )
    if facts is not None and facts.is_joint:
        found.append("A joint session counts as one rater, however many experts agreed on the answers.")
    found += score.notes
    few = [name for name, rates in score.by_set.items() if rates.n_fake < _FEW_IMAGES]
    if few:
        found.append(f"Fewer than {_FEW_IMAGES} images were shown of {', '.join(few)}.")
    found += _describe_leaning(score)
    doubtful = [f"{one.rater} ({one.n_passed} of {one.n} passed)" for one in score.checks if one.is_doubtful]
    if doubtful:
        found.append(
            f"Attention checks were failed by {', '.join(doubtful)}; their answers count all the same."
        )
    found += _describe_circumstances(score)
    if facts is not None:
        found += facts.giveaways
    return found


def _describe_leaning(score: RatingScore) -> list[str]:
    """Say that raters lean to one answer, since a rate by itself misleads then."""
    criterion = score.overall.criterion
    if criterion.value is None or criterion.low is None or criterion.high is None:
        return []
    if criterion.low <= 0 <= criterion.high:
        return []
    answer = "real" if criterion.value > 0 else "fake"
    return [
        f"Raters leaned to “{answer}” in doubt (criterion {criterion.value:+.2f}): read the rate of "
        "recognised fakes beside the false alarms, or d'."
    ]


def _describe_circumstances(score: RatingScore) -> list[str]:
    found = []
    if len(score.flagged) > _MANY_FLAGGED * score.overall.n_answers:
        text = f"{len(score.flagged)} of {score.overall.n_answers} trials are flagged"
        without = score.fir_unflagged
        rate = (
            f"; without them {_percent(without)} of fakes were recognised" if without.low is not None else ""
        )
        found.append(f"{text} (hidden window, early or impossibly fast key, dropped frames){rate}.")
    same = score.consistency.same
    if same.value is not None and same.value < _LOW_CONSISTENCY:
        found.append(
            f"Raters gave the same answer again to {_percent(same)} of repeated images; guessing gives 50 %."
        )
    return found


def _raters(rates: Rates) -> str:
    return "1 rater" if rates.n_raters == 1 else f"{rates.n_raters} raters"


def _percent(one: Measured) -> str:
    """A share in whole percents, with its interval."""
    assert one.value is not None
    text = f"{100 * one.value:.0f} %"
    if one.low is None or one.high is None:
        return text
    return f"{text} [{100 * one.low:.0f}, {100 * one.high:.0f}]"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"
