"""An intensity policy in a few words, as command lines and forms take it: `lung`, `window:-600/1500`."""

from __future__ import annotations

import re
from typing import Final

from core.errors import InputError
from core.images.intensity import PRESETS, Intensity, IntensityMode, WindowFunction

__all__ = ["parse_intensity_text", "write_intensity_text"]

_NUMBER: Final = r"(-?\d{1,9}(?:\.\d{1,9})?)"
_PAIR: Final = re.compile(rf"(window|percentile):{_NUMBER}/{_NUMBER}")
_PLAIN: Final = ("minmax", "file", "asis")


def parse_intensity_text(text: str, *, option: str = "Intensity") -> Intensity:
    """Read `lung`, `window:-600/1500`, `percentile:1/99`, `minmax`, `file` or `asis`.

    Args:
        text: the policy.
        option: how a message calls what was asked for.

    Raises:
        InputError: if it is none of these.
        ValidationError: if its numbers do not fit.
    """
    if text in PRESETS:
        return PRESETS[text]
    if text in _PLAIN:
        return Intensity(mode=IntensityMode(text))
    found = _PAIR.fullmatch(text)
    if found is None:
        raise InputError(
            f"{option} takes a preset ({', '.join(PRESETS)}), window:CENTER/WIDTH, percentile:LOW/HIGH, "
            f"minmax, file or asis, not {text!r}."
        )
    one, other = float(found[2]), float(found[3])
    if found[1] == "window":
        return Intensity(mode=IntensityMode.WINDOW, center=one, width=other)
    return Intensity(mode=IntensityMode.PERCENTILE, low=one, high=other)


def write_intensity_text(policy: Intensity) -> str:
    """Write a policy as `parse_intensity_text` reads it; a preset by its name.

    Raises:
        ValueError: if the words have no such policy: a window whose function is not linear.
    """
    # The policy of files has a preset's name, too; the plain word is what users know.
    if policy.mode.value in _PLAIN:
        return policy.mode.value
    named = next((name for name, preset in PRESETS.items() if preset == policy), None)
    if named is not None:
        return named
    if policy.function is not WindowFunction.LINEAR:
        raise ValueError("only linear windows are written in words")
    if policy.mode is IntensityMode.WINDOW:
        return f"window:{_digits(policy.center or 0.0)}/{_digits(policy.width or 0.0)}"
    return f"percentile:{_digits(policy.low)}/{_digits(policy.high)}"


def _digits(number: float) -> str:
    return f"{number:.9f}".rstrip("0").rstrip(".")
