"""Signed difference images: blue below zero, black at zero, orange above, on one stated scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIFFERENCE_STOPS", "choose_difference_limit", "colour_difference"]

_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_LEVELS = 255  # odd, so that zero has a level of its own

# Oklab (Ottosson 2020) coordinates of the ends, near Okabe and Ito's sky blue and orange, at equal lightness
# and opposite hue. Lightness grows linearly from the dark middle, so that equal differences look equal.
_BELOW, _ZERO, _ABOVE = (0.80, -0.065, -0.105), (0.18, 0.0, 0.0), (0.80, 0.065, 0.105)


def choose_difference_limit(differences: Iterable[NDArray[np.float64]]) -> float:
    """Choose the end of a scale that holds every value of several difference images.

    Args:
        differences: arrays of any shape, in grey levels.

    Returns:
        The largest magnitude, rounded up to one of few round numbers; 1 where all are zero.
    """
    largest = max((float(np.abs(one).max()) for one in differences if one.size), default=0.0)
    if largest == 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in _ROUND if largest <= step * power * (1 + 1e-9))


def colour_difference(difference: NDArray[np.float64], *, limit: float) -> NDArray[np.uint8]:
    """Colour a difference image.

    Args:
        difference: (h, w) signed differences in grey levels.
        limit: difference with the strongest colour; larger ones are drawn with it too.

    Returns:
        (h, w, 3) uint8.

    Raises:
        ValueError: if the limit is not above 0.
    """
    if not limit > 0:
        raise ValueError("the limit of a difference scale is above 0")
    steps = np.clip(difference / limit, -1, 1) * (_LEVELS // 2)
    return _palette()[np.rint(steps).astype(np.intp) + _LEVELS // 2]


@cache
def _palette() -> NDArray[np.uint8]:
    """(levels, 3) colours from the strongest negative to the strongest positive difference."""
    share = np.linspace(-1, 1, _LEVELS)[:, np.newaxis]
    ends = np.where(share < 0, np.array(_BELOW), np.array(_ABOVE))
    palette = _oklab_to_rgb(np.array(_ZERO) + np.abs(share) * (ends - np.array(_ZERO)))
    palette.setflags(write=False)
    return palette


def _oklab_to_rgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Oklab to 8-bit sRGB; Ottosson, A perceptual color space for image processing, 2020."""
    to_cone = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((lab @ to_cone.T) ** 3 @ to_linear.T, 0, 1)
    # IEC 61966-2-1: the transfer curve of sRGB.
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * curve), dtype=np.uint8)


def _hex(level: int) -> str:
    red, green, blue = (int(value) for value in _palette()[level])
    return f"#{red:02x}{green:02x}{blue:02x}"


DIFFERENCE_STOPS = tuple(_hex(level) for level in np.linspace(0, _LEVELS - 1, 9).astype(int))
"""Nine evenly spaced colours of the scale from its negative to its positive end, for a colour bar."""
