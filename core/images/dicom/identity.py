"""Whose image it is, without saying whose: keyed hashes of identifiers."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

__all__ = ["Identity", "hash_identifier"]

_PURPOSE = b"medsynaudit/dicom-identity/"


@dataclass(frozen=True, slots=True)
class Identity:
    """Keyed hashes; equal where the identifiers are, meaningless elsewhere; None where a file has none.

    Attributes:
        patient: of the patient id (with its issuer), for splits by patient.
        study: of the study.
        series: of the series, for grouping.
    """

    patient: str | None
    study: str | None
    series: str | None


def hash_identifier(kind: str, value: bytes, *, key: bytes) -> str | None:
    """HMAC-SHA-256 of an identifier, as 32 hexadecimal digits; None of an empty one.

    Without the key, nobody can tell whether a known patient is in a set by hashing ids until one fits.

    Args:
        kind: `patient`, `study` or `series`; hashes of different kinds never meet.
        value: the identifier as stored; padding is dropped.
        key: the workspace's own (`core.workspace_key`).
    """
    bare = value.strip(b" \x00\t\r\n")
    if not bare:
        return None
    message = _PURPOSE + kind.encode() + b"\x00" + bare
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]
