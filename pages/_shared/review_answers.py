"""The answers that the review of copies opens with: one a synthetic set, what was flagged and confirmed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.audit.result import AuditSummary
from core.report.findings import find_answers, summarise_answers
from core.report.numbers import format_count
from core.review.outcome import SetOutcome
from pages._shared.names import escape_markdown

__all__ = ["show_copy_answers"]

_ORDER = {"concern": 0, "open": 1, "clear": 2}
_SHOWN = 4


def show_copy_answers(
    summary: AuditSummary, outcomes: Mapping[str, SetOutcome] | None, *, folded: bool
) -> None:
    """Show what the audit and the readers say of each synthetic set, those that raise a concern first.

    Args:
        summary: the audit.
        outcomes: what the review found, by set; None while the reader must not know.
        folded: whether one sentence stands for all of them, to leave the room to images.
    """
    answers = sorted(find_answers(summary), key=lambda one: _ORDER[one.privacy.level])
    lines = [
        f"**{escape_markdown(f'{one.name}: {one.privacy.headline}')}.** "
        f"{escape_markdown(one.privacy.sentence)}{_confirm((outcomes or {}).get(one.name))}"
        for one in answers
    ]
    if folded:
        whole = next(sentence for word, sentence in summarise_answers(answers) if word == "Privacy")
        with st.expander(escape_markdown(whole)):
            for line in lines:
                st.markdown(line)
        return
    with st.container(border=True, gap="xsmall"):
        for line in lines[:_SHOWN]:
            st.markdown(line)
        if lines[_SHOWN:]:
            with st.expander(f"{len(lines) - _SHOWN} more sets"):
                for line in lines[_SHOWN:]:
                    st.markdown(line)


def _confirm(outcome: SetOutcome | None) -> str:
    if outcome is None:
        return ""
    left = f", {format_count(outcome.n_open)} to be settled" if outcome.n_open else ""
    return (
        f" Readers confirmed {format_count(outcome.n_confirmed)} of the {format_count(outcome.n_called)} "
        f"images judged as copies or near copies{left}."
    )
