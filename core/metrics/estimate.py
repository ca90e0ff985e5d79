"""A measured number with what a reader needs to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Estimate"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One value, its 95 % interval, and the counts behind it.

    Attributes:
        value: the number, in the metric's unit.
        low: lower end of the 95 % interval, or None with the reason in `note`.
        high: upper end, or None.
        n_real: real images that entered it.
        n_synthetic: synthetic images that entered it.
        note: why there is no interval, or what was reduced; one sentence, empty when there is nothing to say.
    """

    value: float
    low: float | None
    high: float | None
    n_real: int
    n_synthetic: int
    note: str = ""

    def __post_init__(self) -> None:
        if not np.isfinite(self.value):
            raise ValueError("an Estimate holds a finite value")
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has both ends or none")
        if self.low is None and not self.note:
            raise ValueError("a value without an interval says why in its note")
