"""Keeps the queue of jobs moving while the dashboard runs, also when nobody looks at it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from core.errors import MedSynError

__all__ = ["make_rounds"]

_EVERY_S = 10.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def make_rounds(_app: st.App) -> AsyncIterator[None]:
    """Make a round of the queue at the start, which finds jobs that died meanwhile, and then regularly."""
    task = asyncio.create_task(_go_round())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _go_round() -> None:
    while True:
        try:
            await asyncio.to_thread(_make_round)
        except MedSynError as error:
            # Pages show the same sentence to whoever looks.
            _log.warning("%s", error)
        except Exception:
            # Whatever one round met, the next one must come.
            _log.exception("A round of the queue failed")
        await asyncio.sleep(_EVERY_S)


def _make_round() -> None:
    # Imported here: the server answers while this loads, and the first page finds it loaded.
    from pages._shared.workspace import open_workspace

    open_workspace()
