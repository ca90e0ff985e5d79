"""A rater's trials: which image, which side, in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from core.db.rating_record import StimulusRecord, Trial, TrialKind
from core.rating.design import SessionDesign, Task
from core.rating.pairing import pair_stimuli

__all__ = ["LEAST_GAP", "make_trials"]

LEAST_GAP = 5
"""A repeat comes at least so many trials after what it repeats, where the session is long enough."""

_ATTEMPTS = 50


def make_trials(
    design: SessionDesign, stimuli: Sequence[StimulusRecord], rater_number: int
) -> tuple[Trial, ...]:
    """Make the trials of one rater; the same seed and number give the same trials.

    All raters see the same images, in pairs with the same partner, so that their answers can be compared;
    order, sides and which trials are repeated differ. Training comes first, then scored trials, repeats and
    attention checks in random order. As many pairs show the fake on the left as on the right (one more
    where their number is odd), and a repeated pair has its sides swapped. Repeats are, as nearly as can be,
    half of fake and half of real images.

    Args:
        design: the session's.
        stimuli: all of its images.
        rater_number: from 0.

    Raises:
        InputError: if images cannot be paired within classes.
    """
    rng = np.random.default_rng([design.seed, rater_number])
    training = _show(design, stimuli, TrialKind.TRAINING, rng)
    test = _show(design, stimuli, TrialKind.TEST, rng)
    checks = _show(design, stimuli, TrialKind.CHECK, rng)
    n_repeats = min(design.n_repeats, len(test))
    chosen = _choose_repeats(test, stimuli, n_repeats, rng)
    best: list[Trial] = []
    best_gap = -1
    for _ in range(_ATTEMPTS):
        order, gap = _arrange([*test, *checks], chosen, rng)
        if gap > best_gap:
            best, best_gap = order, gap
        if best_gap >= LEAST_GAP:
            break
    return (*(training[place] for place in rng.permutation(len(training))), *best)


def _show(
    design: SessionDesign, stimuli: Sequence[StimulusRecord], kind: TrialKind, rng: Generator
) -> list[Trial]:
    """One trial an image or pair of a kind, not yet in order."""
    if design.task is Task.SINGLE:
        return [Trial(kind, (one.number,)) for one in stimuli if one.kind is kind]
    pairs = pair_stimuli(stimuli, kind=kind, seed=design.seed)
    # As many fakes on either side; which side has one more is chance, too.
    on_left = (np.arange(len(pairs)) + rng.integers(2)) % 2 == 0
    on_left = rng.permutation(on_left)
    return [
        Trial(kind, (fake, real) if left else (real, fake))
        for (fake, real), left in zip(pairs, on_left, strict=True)
    ]


def _choose_repeats(
    test: Sequence[Trial], stimuli: Sequence[StimulusRecord], n_repeats: int, rng: Generator
) -> frozenset[Trial]:
    """Pick the trials that are shown again, half of each truth as far as there are."""
    shuffled = [test[place] for place in rng.permutation(len(test))]
    if all(len(trial.stimuli) == 2 for trial in test):
        return frozenset(shuffled[:n_repeats])
    fakes = [trial for trial in shuffled if stimuli[trial.stimuli[0]].is_fake]
    reals = [trial for trial in shuffled if not stimuli[trial.stimuli[0]].is_fake]
    n_fakes = (n_repeats + int(rng.integers(2))) // 2
    n_fakes = max(min(n_fakes, len(fakes)), n_repeats - len(reals))
    return frozenset([*fakes[:n_fakes], *reals[: n_repeats - n_fakes]])


def _arrange(trials: Sequence[Trial], chosen: frozenset[Trial], rng: Generator) -> tuple[list[Trial], int]:
    """Shuffle trials and put repeats in behind their originals.

    Returns:
        The order, and the smallest gap between a trial and its repeat, `LEAST_GAP` at most.
    """
    order = [trials[place] for place in rng.permutation(len(trials))]
    gap = LEAST_GAP
    # Putting one in never brings an earlier pair of trial and repeat nearer to each other. Late originals
    # come last, when there is most room behind them.
    for original in [trial for trial in order if trial in chosen]:
        place = order.index(original)
        first = min(place + LEAST_GAP, len(order))
        gap = min(gap, first - place)
        repeat = Trial(TrialKind.REPEAT, original.stimuli[::-1])
        order.insert(int(rng.integers(first, len(order) + 1)), repeat)
    return order, gap
