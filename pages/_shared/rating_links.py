"""Reads the links of raters; `core.rating.rater_link` makes them."""

from __future__ import annotations

import hmac

from core.config import Settings
from core.rating.rater_link import sign_rater

__all__ = ["read_key"]

_LONGEST_ID = 32


def read_key(settings: Settings, key: str) -> str | None:
    """Return the id of the rater whose link ends in a key; None where this workspace never made it.

    Raises:
        StoreError: if the workspace's key cannot be read or made.
    """
    rater_id, _, signature = key.partition("-")
    if not (rater_id.isascii() and rater_id.isalnum() and len(rater_id) <= _LONGEST_ID):
        return None
    # Takes the same time wherever the two differ.
    is_ours = hmac.compare_digest(sign_rater(settings, rater_id).encode(), signature.encode())
    return rater_id if is_ours else None
