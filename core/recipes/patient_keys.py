"""Stands in for patients' ids in files that are handed on: keyed by the workspace, the same each time."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from core.config import Settings
from core.workspace_key import load_workspace_key

__all__ = ["make_patient_keys"]

_N_DIGITS = 16


def make_patient_keys(settings: Settings) -> Callable[[str], str]:
    """Return what turns a patient's id into 16 hexadecimal digits.

    Whoever lacks the workspace's key can neither turn them back nor try ids out; in one workspace, a patient
    has the same digits in every data set.

    Raises:
        StoreError: if the workspace's key cannot be read or made.
    """
    key = load_workspace_key(settings.home)

    def stand_in(patient: str) -> str:
        text = f"patient{patient}".encode("utf-8", "backslashreplace")
        return hmac.new(key, text, "sha256").hexdigest()[:_N_DIGITS]

    return stand_in
