"""An order that a seed decides: the same on every machine, whatever order things came in."""

from __future__ import annotations

import hashlib

__all__ = ["draw_rank"]


def draw_rank(seed: int, purpose: str, key: str) -> bytes:
    """Return what to sort by: as good as random in the seed, and of this key alone.

    Args:
        seed: another seed gives another order.
        purpose: what is drawn, so that two draws with one seed have nothing to do with each other.
        key: what stands in line.
    """
    text = f"{seed}\0{purpose}\0{key}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(text).digest()
