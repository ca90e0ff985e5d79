"""A rectangle of an image, as shares of its sides; nothing here loads numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.errors import InputError

__all__ = ["ZONES", "Box"]

ZONES: Final = (
    "upper left", "upper middle", "upper right",
    "middle left", "centre", "middle right",
    "lower left", "lower middle", "lower right",
)  # fmt: skip
"""Names of the thirds of an image, as seen on the screen, row by row."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as shares of an image's width and height, from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InputError(
                "A region is left,top,right,bottom as shares of the image, as in 0,0,0.2,0.15; left lies "
                "before right, top above bottom, all between 0 and 1."
            )

    @property
    def area(self) -> float:
        """Share of the image."""
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def zone(self) -> str:
        """Which third of the image holds its middle, a name of `ZONES`."""
        column = int((self.left + self.right) / 2 * 3)
        row = int((self.top + self.bottom) / 2 * 3)
        return ZONES[3 * min(row, 2) + min(column, 2)]

    def overlaps(self, other: Box) -> bool:
        """Tell whether two rectangles share any area."""
        beside = self.left >= other.right or other.left >= self.right
        return not (beside or self.top >= other.bottom or other.top >= self.bottom)
