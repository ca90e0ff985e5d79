"""One number of a rating session, with its interval and what a reader needs to trust it."""

from __future__ import annotations

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Ends", "Measured", "missing"]

Ends = tuple[float, float]
"""Lower and upper end of a 95 % interval."""


class Measured(BaseModel):
    """A value with its 95 % interval; unit and direction are in `core.rating.score_facts`.

    Attributes:
        value: the number, or None where it is not defined, with the reason in `note`.
        low: lower end of the interval that is to be quoted, or None with the reason in `note`.
        high: its upper end.
        n: answers behind it; for agreement images, for means over raters the raters.
        method: how the interval was made; empty where there is none.
        note: one sentence or two on what is missing or unusual, otherwise empty.
        wilson: Wilson's interval over the pooled answers, for shares; it takes every answer as a draw of its
            own, whoever gave it on whichever image.
        bootstrap: percentile interval over raters drawn with replacement; too narrow with few raters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    method: str = ""
    note: str = ""
    wilson: Ends | None = None
    bootstrap: Ends | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        numbers = [one for one in (self.value, self.low, self.high) if one is not None]
        if not all(math.isfinite(one) for one in numbers):
            raise ValueError("a Measured holds finite numbers or none")
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has both ends or none")
        if self.low is None and not self.note:
            raise ValueError("a number without an interval says why in its note")
        if self.value is None and self.low is not None:
            raise ValueError("there is no interval without a value")
        return self

    def with_note(self, note: str) -> Measured:
        """The same with one more sentence in its note."""
        return self.model_copy(update={"note": f"{self.note} {note}".strip()})


def missing(note: str, n: int = 0) -> Measured:
    """A number that is not defined here.

    Args:
        note: why, in one sentence.
        n: what there is of what it needs.
    """
    return Measured(value=None, n=n, note=note)
