"""Sentences on what makes a set hard to compare with the real one, written in one place and found by it."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["title_set", "warn_of_classes", "warn_of_sizes"]


def title_set(role: str, name: str) -> str:
    """What a warning calls a set.

    Args:
        role: heldout or synthetic.
        name: its name in results.
    """
    return "The held-out set" if role == "heldout" else f"Synthetic set {name!r}"


def warn_of_classes(title: str, theirs: Iterable[str], real: Iterable[str]) -> str:
    """Say that a set and the real one do not have the same classes.

    Args:
        title: from `title_set`.
        theirs: the set's classes, in its order.
        real: the real set's.
    """
    return (
        f"{title} has the classes {', '.join(theirs)}, the real set {', '.join(real)}: whole-set numbers mix "
        "what is missing with how good it is."
    )


def warn_of_sizes(title: str) -> str:
    """Say that no image of a set is of a real image's size."""
    return f"{title} and the real set have no image size in common: resizing alone moves distances."
