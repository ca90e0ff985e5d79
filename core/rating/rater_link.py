"""The link of a rater: whoever holds it may answer that rater's trials, and reach nothing else."""

from __future__ import annotations

import hmac

from core.config import Settings
from core.workspace_key import load_workspace_key

__all__ = ["make_rater_path", "sign_rater"]

_N_DIGITS = 32


def make_rater_path(settings: Settings, rater_id: str) -> str:
    """Return the path of a rater's page on the dashboard, such as `/rate/0a1b...-9f8e...`.

    Raises:
        StoreError: if the workspace's key cannot be read or made.
    """
    return f"/rate/{rater_id}-{sign_rater(settings, rater_id)}"


def sign_rater(settings: Settings, rater_id: str) -> str:
    """Sign a rater's id with the workspace's key: 32 hexadecimal digits.

    Raises:
        StoreError: if the workspace's key cannot be read or made.
    """
    key = load_workspace_key(settings.home)
    return hmac.new(key, f"rating{rater_id}".encode(), "sha256").hexdigest()[:_N_DIGITS]
