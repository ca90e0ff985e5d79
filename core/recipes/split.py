"""Splits images into parts, whole groups (patients) at a time, with the shares and classes asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import InputError
from core.recipes.parts import Part
from core.recipes.seeded_order import draw_rank

__all__ = ["assign_parts"]

_ROUNDING = 1e-6


@dataclass(slots=True)
class _Filling:
    """How full one part is; images, in all and by class."""

    share: float
    asked: float
    n: int = 0
    by_class: Counter[str | None] = field(default_factory=Counter)

    @property
    def room(self) -> float:
        return self.asked - self.n


def assign_parts(
    *,
    groups: Sequence[str],
    labels: Sequence[str | None],
    parts: Sequence[Part],
    seed: int,
    group_noun: str = "patient",
) -> list[int]:
    """Give each image a part, so that no group stands in two.

    Groups are taken largest first, equally large ones in an order that the seed decides. Each goes to the
    part that holds the least of the group's classes, measured by what the part is to hold of them, among
    parts that have room for the whole group; where none has, to the part with most room. So each part gets
    large and small groups alike, and its number of images is less than one largest group off what was asked
    (unless a part asked for less than a group; it still gets one). The order of images does not count.

    Args:
        groups: of each image its group: a patient, or pictures that show the same.
        labels: of each image its class, or None.
        parts: what to split into.
        seed: another seed gives another split.
        group_noun: what messages call a group.

    Returns:
        Of each image the index of its part.

    Raises:
        InputError: if there are fewer groups than parts.
    """
    members: dict[str, Counter[str | None]] = {}
    for group, label in zip(groups, labels, strict=True):
        members.setdefault(group, Counter())[label] += 1
    if len(members) < len(parts):
        raise InputError(
            f"{len(parts)} parts need at least {len(parts)} {group_noun}s, but there "
            f"{'is' if len(members) == 1 else 'are'} {len(members)}; ask for fewer parts."
        )
    n_of_class = Counter(labels)
    fillings = [_Filling(part.share, part.share * len(labels)) for part in parts]
    queue = sorted(members, key=lambda group: (-members[group].total(), draw_rank(seed, "split", group)))
    chosen: dict[str, int] = {}
    for n_done, group in enumerate(queue):
        classes, size = members[group], members[group].total()
        empty = [at for at, part in enumerate(fillings) if not part.n]
        fitting = [at for at, part in enumerate(fillings) if part.room > size - _ROUNDING]
        if empty and len(queue) - n_done <= len(empty):
            best = min(empty, key=lambda at: -fillings[at].room)
        elif fitting:
            best = min(fitting, key=lambda at: _fullness(fillings[at], classes, n_of_class))
        else:
            best = min(range(len(fillings)), key=lambda at: -fillings[at].room)
        fillings[best].n += size
        fillings[best].by_class.update(classes)
        chosen[group] = best
    return [chosen[group] for group in groups]


def _fullness(part: _Filling, classes: Counter[str | None], n_of_class: Counter[str | None]) -> float:
    """How full a part would be of a group's classes, weighed by the group's images.

    Half of the group counts, as in Webster's method of apportionment: no size of part is favoured.
    """
    return sum(
        n * (part.by_class[label] + n / 2) / (part.share * n_of_class[label]) for label, n in classes.items()
    )
