"""Whether a set that an audit and an experiment call by one name is the same set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from core.audit.result import AuditSummary, SetSummary
from core.utility.result import UsedSet, UtilitySummary

__all__ = ["SetMatch", "match_sets"]


@dataclass(frozen=True, slots=True)
class SetMatch:
    """What is known of a set in an audit and in an experiment.

    Attributes:
        name: its name in both.
        kind: `same`: file contents, names and classes are equal; `alike`: there are as many images of each
            class, and more is not recorded; `different`: they are not equal.
        sentence: what a reader must know; empty for the same set.
    """

    name: str
    kind: Literal["same", "alike", "different"]
    sentence: str


def match_sets(audit: AuditSummary, experiment: UtilitySummary) -> dict[str, SetMatch]:
    """Compare the sets that both name: the real set and each synthetic one, by name.

    Experiments of earlier versions keep only a digest that covers patients besides what an audit's covers.
    Where no patient is known, one follows from the other; where any is, only counts can be compared.

    Args:
        audit: an audit.
        experiment: a utility experiment.
    """
    used = {(one.role, one.name): one for one in experiment.sets}
    pairs = [(one, used.get((one.role, one.name))) for one in audit.sets if one.role != "heldout"]
    return {one.name: _match(one, other) for one, other in pairs if other is not None}


def _match(audited: SetSummary, used: UsedSet) -> SetMatch:
    title = "The real set" if audited.role == "real" else f"The set {audited.name}"
    if audited.digest == used.images_digest or _digest_without_patients(audited) == used.digest:
        return SetMatch(audited.name, "same", "")
    if (audited.n, audited.classes) != (used.n, used.classes):
        counts = f"({_count(audited)}) and in the experiment ({_count(used)})"
        difference = f"is not the same in the audit {counts}"
    elif used.images_digest:
        difference = "has other files, names or classes of images in the experiment than in the audit"
    else:
        return SetMatch(
            audited.name,
            "alike",
            f"{title} has as many images of each class in the experiment as in the audit; whether they are "
            "the same images, that experiment did not record.",
        )
    return SetMatch(audited.name, "different", f"{title} {difference}; run the older of the two again.")


def _digest_without_patients(audited: SetSummary) -> str:
    """What `core.utility.run_store.digest_set` gives such a set if no patient is known."""
    return hashlib.sha256(audited.digest.encode() + b"\n" * audited.n).hexdigest()


def _count(one: SetSummary | UsedSet) -> str:
    images = "1 image" if one.n == 1 else f"{one.n:,} images"
    if not one.classes:
        return images
    return f"{images}: {', '.join(f'{n:,} {name}' for name, n in one.classes.items())}"
