"""Instants as the browser's user reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

__all__ = ["format_instant"]


def format_instant(instant: datetime) -> str:
    """Write an instant in the browser's time zone, as `2026-03-01 14:05 CET`."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return instant.astimezone(UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
