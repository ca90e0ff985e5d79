"""Filters of a review's queue; they live in the address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import streamlit as st

from core.db.review_record import ReviewPair, Verdict
from pages._shared.selection import choose

__all__ = ["QueueFilters", "choose_filters"]

_UNREAD = "unread"
_BOUNDS = ("0.01", "0.05", "0.1", "0.25")


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """What narrows a queue; empty texts narrow nothing.

    Attributes:
        label: class.
        extractor: whose pairs.
        set: synthetic set.
        verdict: the reader's own verdict, or `unread`.
        max_q: largest q-value, as text.
    """

    label: str = ""
    extractor: str = ""
    set: str = ""
    verdict: str = ""
    max_q: str = ""

    @property
    def is_active(self) -> bool:
        """Whether anything is narrowed."""
        return any((self.label, self.extractor, self.set, self.verdict, self.max_q))

    def apply(self, pairs: Sequence[ReviewPair], judged: dict[int, str]) -> list[int]:
        """List the numbers of pairs to read.

        Controls stay in whatever their set and q-value, which they do not have: a narrowed queue is read as
        blindly as a whole one.

        Args:
            pairs: all pairs, in reading order.
            judged: the reader's verdicts by number.
        """
        kept = [
            pair
            for pair in pairs
            if (not self.label or pair.label == self.label)
            and (not self.extractor or pair.evidence.extractor == self.extractor)
            and (not self.verdict or judged.get(pair.number, _UNREAD) == self.verdict)
            and (pair.is_control or self._fits_evidence(pair))
        ]
        # A list of nothing but controls would tell that they are.
        by_evidence = self.label or self.set or self.max_q or self.extractor
        unread = [pair for pair in kept if pair.number not in judged]
        if by_evidence and unread and all(pair.is_control for pair in unread):
            kept = [pair for pair in kept if pair.number in judged]
        return [pair.number for pair in kept]

    def _fits_evidence(self, pair: ReviewPair) -> bool:
        q = pair.evidence.q_value
        return (not self.set or pair.query_set == self.set) and (
            not self.max_q or (q is not None and q <= float(self.max_q))
        )


def choose_filters(pairs: Sequence[ReviewPair]) -> QueueFilters:
    """Let the reader narrow the queue; only what tells pairs apart is offered."""
    asked = [name for name in ("class", "extractor", "set", "verdict", "q") if st.query_params.get(name)]
    title = f"Filters ({len(asked)} in use)" if asked else "Filters"
    with st.expander(title):
        st.caption(
            "Filters narrow what is read; controls stay mixed in. A filter by set or q-value tells you "
            "something of the pairs before you have read them."
        )
        places = iter(st.columns(5))
        label = _choose("Class", "All classes", {one.label for one in pairs if one.label}, "class", places)
        extractor = _choose(
            "Extractor", "All extractors", {one.evidence.extractor for one in pairs}, "extractor", places
        )
        chosen_set = _choose(
            "Synthetic set", "All sets", {one.query_set for one in pairs if not one.is_control}, "set", places
        )
        with next(places):
            said = {"": "Read or not", _UNREAD: "Not yet read"}
            words = {one.value: one.value.capitalize() for one in Verdict}
            verdict = choose("Your verdict", said | words, param="verdict")
        with next(places):
            bounds = {"": "Any q-value"} | {bound: f"q up to {bound}" for bound in _BOUNDS}
            max_q = choose(
                "Evidence", bounds, param="q", help="Share of false flags expected among images this strong."
            )
    return QueueFilters(label, extractor, chosen_set, verdict, max_q)


def _choose(label: str, everything: str, names: Collection[str], param: str, places: object) -> str:
    with next(places):  # type: ignore[call-overload]
        # Names come from folders; a class called "" or like another option is told apart by its prefix.
        options = {"": everything} | {f"is:{name}": name for name in sorted(names)}
        return choose(label, options, param=param).removeprefix("is:")
