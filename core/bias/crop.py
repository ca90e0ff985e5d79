"""What is taken out of every image: margins, a region, or both; nothing here loads numpy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.bias.box import Box
from core.errors import InputError

__all__ = ["Crop", "CropMode"]


class CropMode(StrEnum):
    """What happens to a region.

    `blank` paints it black and leaves the image's size. `cut` takes off the strip along one border that holds
    it, the one that loses least: nothing is left that could tell where it was.
    """

    BLANK = "blank"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Crop:
    """What is taken out of every image: margins, a region, or both (the region counts in the whole image).

    Attributes:
        margin: share of width and height that is cut off at every side; below 0.5.
        region: a rectangle as shares of the image, or None.
        mode: what happens to the region.

    Raises:
        InputError: if there is nothing to take out, or nothing would be left.
    """

    margin: float = 0.0
    region: Box | None = None
    mode: CropMode = CropMode.BLANK

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 0.5:
            raise InputError(f"A margin is a share of the image from 0 to below 0.5, not {self.margin}.")
        if not self.margin and self.region is None:
            raise InputError("Name what to crop: a margin above 0, or a region.")
        left, top, right, bottom = self.kept
        if not (left < right and top < bottom):
            raise InputError("That crop would leave nothing of the images; choose a smaller one.")

    @property
    def kept(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what stays, as shares of the image."""
        kept = [self.margin, self.margin, 1 - self.margin, 1 - self.margin]
        if self.region is not None and self.mode is CropMode.CUT:
            box = self.region
            lost = (box.right, box.bottom, 1 - box.left, 1 - box.top)
            edges = (max(kept[0], box.right), max(kept[1], box.bottom), min(kept[2], box.left))
            side = min(range(4), key=lost.__getitem__)
            kept[side] = (*edges, min(kept[3], box.top))[side]
        return kept[0], kept[1], kept[2], kept[3]
