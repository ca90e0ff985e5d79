"""What innocent images score: the null that nearness to a training image is judged by."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError

__all__ = ["CopyNull", "Witnesses", "choose_null"]

Ratios = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CopyNull:
    """The ratios of images that cannot be copies.

    Attributes:
        kind: `heldout`: real images that the generator never saw; `left-out`: training images, each held
            against the others.
        ratios: (n,) rho of one image a patient and picture. Images of one patient, or repeats of one
            picture, are no independent witnesses: with all of them, more innocent images would be flagged
            than the rate says.
        n_images: images that they stand for.
        noun: what several of them are called: images, or volumes.
    """

    kind: Literal["heldout", "left-out"]
    ratios: Ratios
    n_images: int
    noun: str = "images"

    @property
    def title(self) -> str:
        """How many of what."""
        n = len(self.ratios)
        noun = self.noun
        what = f"held-out {noun}" if self.kind == "heldout" else f"training {noun} left out one at a time"
        if n == self.n_images:
            return f"{n:,} {what}"
        return f"{n:,} of {self.n_images:,} {what}, one of each patient and picture"


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Ratios of images that cannot be copies, and which of them belong together.

    Attributes:
        ratios: (n,) rho of each image.
        groups: (n,) a group of each: its patient and the repeats of the same picture.
    """

    ratios: Ratios
    groups: NDArray[np.intp]

    def draw(self, seed: int) -> Ratios:
        """Draw one image of each group."""
        order = np.random.default_rng(seed).permutation(len(self.groups))
        _, first = np.unique(self.groups[order], return_index=True)
        return self.ratios[order[first]]


def choose_null(
    *,
    heldout: Witnesses | None,
    left_out: Callable[[], Witnesses],
    false_flag_rate: float,
    seed: int = 0,
    noun: str = "images",
) -> CopyNull:
    """Take held-out images where they suffice to flag anything at the rate, else left-out training images.

    Args:
        heldout: held-out images without those that repeat a training image; None without any.
        left_out: computes rho of the left-out training images; asked only where needed.
        false_flag_rate: the rate asked for.
        seed: seeds which image speaks for its patient.
        noun: what several of them are called.

    Raises:
        TooFewImagesError: if there is neither.
    """
    needed = math.ceil(1 / false_flag_rate * (1 - 1e-12)) - 1
    held = None
    if heldout is not None:
        held = CopyNull("heldout", heldout.draw(seed), len(heldout.ratios), noun)
    if held is not None and len(held.ratios) >= needed:
        return held
    try:
        own = left_out()
        left = CopyNull("left-out", own.draw(seed), len(own.ratios), noun)
    except TooFewImagesError:
        left = CopyNull("left-out", np.empty(0), 0, noun)
    if held is not None and len(held.ratios) and len(left.ratios) < needed:
        return held
    if not len(left.ratios):
        raise TooFewImagesError(
            f"There are neither held-out {noun} nor enough different training {noun} to calibrate by."
        )
    return left
