"""What becomes of images with several findings."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["MultiLabel"]


class MultiLabel(StrEnum):
    """What becomes of images with several findings, of which a class takes one.

    Attributes:
        SKIP: they are left out.
        KEEP: they stay where exactly one of their findings is asked for; with two, they are left out.
        FIRST: the first of their findings that is asked for gives the class.
    """

    SKIP = "skip"
    KEEP = "keep"
    FIRST = "first"
