"""How a failure is shown: one sentence in the browser, the rest in the server's log."""

from __future__ import annotations

import logging

import streamlit as st

from core.errors import MedSynError
from pages._shared.names import escape_markdown

__all__ = ["show_failure"]

LOGGER = logging.getLogger(__name__)


def show_failure(error: Exception) -> bool:
    """Show an error that a page, a fragment or a callback let escape.

    Args:
        error: a `MedSynError` is shown as its own sentence; of anything else only the type is named, since
            its message may hold paths or patient data.

    Returns:
        True, which tells Streamlit that nothing is left to show.
    """
    if isinstance(error, MedSynError):
        st.error(escape_markdown(str(error)))
    else:
        LOGGER.error("A page failed", exc_info=error)
        st.error(
            f"Something unexpected went wrong ({type(error).__name__}); the details are in the server's log."
        )
    return True
