"""What innocent images score: the null that nearness to a training image is judged by."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError

__all__ = ["CopyNull", "choose_null"]

Ratios = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CopyNull:
    """The ratios of images that cannot be copies.

    Attributes:
        kind: `heldout`: real images that the generator never saw; `left-out`: training images, each held
            against the others.
        ratios: (n,) rho of each.
    """

    kind: Literal["heldout", "left-out"]
    ratios: Ratios

    @property
    def title(self) -> str:
        """What its images are called."""
        return "held-out images" if self.kind == "heldout" else "training images left out one at a time"


def choose_null(
    *, heldout: Ratios | None, left_out: Callable[[], Ratios], false_flag_rate: float
) -> CopyNull:
    """Take held-out images where they suffice to flag anything at the rate, else left-out training images.

    Args:
        heldout: rho of the held-out images without those that repeat a training image; None without any.
        left_out: computes rho of the left-out training images; asked only where needed.
        false_flag_rate: the rate asked for.

    Raises:
        TooFewImagesError: if there is neither.
    """
    needed = math.ceil(1 / false_flag_rate * (1 - 1e-12)) - 1
    if heldout is not None and len(heldout) >= needed:
        return CopyNull("heldout", heldout)
    try:
        own = left_out()
    except TooFewImagesError:
        own = np.empty(0)
    if heldout is not None and len(heldout) and len(own) < needed:
        return CopyNull("heldout", heldout)
    if not len(own):
        raise TooFewImagesError(
            "There are neither held-out images nor enough different training images to calibrate by."
        )
    return CopyNull("left-out", own)
