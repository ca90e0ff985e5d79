"""Balances classes: takes images out of the larger ones until all are as large as the smallest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from core.recipes.seeded_order import draw_rank

__all__ = ["choose_balanced"]


def choose_balanced(
    *, names: Sequence[str], groups: Sequence[str], labels: Sequence[str], seed: int
) -> list[bool]:
    """Choose which images stay, so that every class has as many as the smallest one.

    Whole groups (patients) go first, in an order that the seed decides, as long as no more goes than must;
    those with images of one class alone before those with several. What is then left over is taken from
    single groups image by image. The order of images does not count.

    Args:
        names: of each image its name; unique.
        groups: of each image its patient.
        labels: of each image its class.
        seed: another seed leaves out others.

    Returns:
        Of each image whether it stays.
    """
    counts = Counter(labels)
    smallest = min(counts.values(), default=0)
    classes_of: dict[str, set[str]] = defaultdict(set)
    rows_of: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (group, label) in enumerate(zip(groups, labels, strict=True)):
        classes_of[group].add(label)
        rows_of[label, group].append(row)
    stays = [True] * len(names)
    for label, n in counts.items():
        excess = n - smallest
        line = sorted(
            (group for held, group in rows_of if held == label),
            key=lambda group: (len(classes_of[group]) > 1, draw_rank(seed, "balance", group)),
        )
        halved = []
        for group in line:
            rows = rows_of[label, group]
            if len(rows) <= excess:
                excess -= len(rows)
                for row in rows:
                    stays[row] = False
            else:
                halved.append(group)
        for group in halved:
            rows = sorted(rows_of[label, group], key=lambda row: draw_rank(seed, "balance", names[row]))
            for row in rows[:excess]:
                stays[row] = False
            excess -= len(rows[:excess])
    return stays
