"""What is known about a metric besides its value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Direction", "MetricFacts", "Scope"]


class Direction(StrEnum):
    """Which way a value is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


class Scope(StrEnum):
    """What one value of a metric describes."""

    SYNTHETIC_SET = "one synthetic set against the real set"
    SYNTHETIC_ALONE = "one synthetic set by itself"
    COMPARED_SETS = "one synthetic set among those compared"


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """What a reader needs to know about a metric.

    Attributes:
        id: the name in results and files.
        name: the field's name for it.
        sentence: what it tells, in one sentence for a clinician, with what is easily misread.
        definition: how it is computed, in one sentence.
        direction: which way it is better.
        interval: where its 95 % interval comes from, or why it has none.
        paper: where it is defined.
        low: smallest possible value.
        high: largest possible value.
        unit: its unit, empty for a pure number; most metrics are shares of images.
        needs: what it needs beyond features, empty when nothing.
        scope: what one value describes.
        version: raised when the same features would give another value; the protocol records it.
    """

    id: str
    name: str
    sentence: str
    definition: str
    direction: Direction
    interval: str
    paper: str
    low: float = 0.0
    high: float = 1.0
    unit: str = "share"
    needs: str = ""
    scope: Scope = Scope.SYNTHETIC_SET
    version: int = 1
