"""Which real image stands beside which fake one in a session of pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from core.db.rating_record import StimulusRecord, TrialKind
from core.errors import InputError

__all__ = ["count_unmatched", "pair_stimuli"]

# Apart from the streams of raters, which are (seed, number of the rater).
_PAIRING_STREAM = (0, 2)


def pair_stimuli(
    stimuli: Sequence[StimulusRecord], *, kind: TrialKind, seed: int
) -> tuple[tuple[int, int], ...]:
    """Pair each fake image with a real one of its class; the same pairs for all raters.

    An image without a class may stand beside any other.

    Args:
        stimuli: the session's images.
        kind: which of them: `TEST`, `TRAINING` or `CHECK`.
        seed: the session's.

    Returns:
        (number of the fake image, number of the real one) of each pair, in the order of the fakes.

    Raises:
        InputError: if there are not as many real images as fakes, in all or within a class.
    """
    fakes = [one for one in stimuli if one.kind is kind and one.is_fake]
    reals = [one for one in stimuli if one.kind is kind and not one.is_fake]
    if len(fakes) != len(reals):
        raise InputError(
            f"Pairs take as many real images as synthetic ones, not {len(reals)} and {len(fakes)}; make the "
            "counts equal."
        )
    unmatched = count_unmatched([one.class_name for one in fakes], [one.class_name for one in reals])
    if unmatched:
        name, n = next(iter(unmatched.items()))
        raise InputError(
            f"Pairs are of one class, and {n} synthetic image{'' if n == 1 else 's'} of class {name!r} "
            "would stand beside a real one of another class; give each class equal counts."
        )
    rng = np.random.default_rng([seed, *_PAIRING_STREAM])
    waiting: defaultdict[str | None, list[int]] = defaultdict(list)
    for place in rng.permutation(len(reals)):
        waiting[reals[place].class_name].append(reals[place].number)
    partners: dict[int, int] = {}
    # Images of the same class find each other first; what has no class takes what is left.
    for fake in fakes:
        if fake.class_name is not None and waiting[fake.class_name]:
            partners[fake.number] = waiting[fake.class_name].pop()
    left = [
        number for name in sorted(waiting, key=lambda name: (name is None, name)) for number in waiting[name]
    ]
    for fake in sorted(fakes, key=lambda one: one.class_name is None):
        if fake.number not in partners:
            # Without-class reals stand last: fakes with a class left over may only have those.
            partners[fake.number] = left.pop() if fake.class_name is not None else left.pop(0)
    return tuple((fake.number, partners[fake.number]) for fake in fakes)


def count_unmatched(fakes: Iterable[str | None], reals: Iterable[str | None]) -> dict[str, int]:
    """Count the fakes of each class that find neither a real image of their class nor one without a class.

    Args:
        fakes: class of each fake image.
        reals: class of each real image.
    """
    left = Counter(name for name in fakes if name is not None)
    free = Counter(reals)
    without = free.pop(None, 0)
    unmatched: dict[str, int] = {}
    for name in sorted(left):
        missing = max(0, left[name] - free[name])
        helped = min(missing, without)
        without -= helped
        if missing > helped:
            unmatched[name] = missing - helped
    return unmatched
