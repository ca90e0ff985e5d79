"""`--intensity`: a policy in a few words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from core.errors import InputError

if TYPE_CHECKING:
    from core.images.intensity import Intensity

__all__ = ["IntensityText", "parse_intensity"]

IntensityText = Annotated[
    str,
    typer.Option(
        "--intensity",
        metavar="POLICY",
        help="A preset (lung, mediastinum, soft-tissue, liver, bone, brain, stroke, mr, film), "
        "window:CENTER/WIDTH, percentile:LOW/HIGH, minmax, file or asis.",
    ),
]

_NUMBER: Final = r"(-?\d{1,9}(?:\.\d{1,9})?)"
_PAIR: Final = re.compile(rf"(window|percentile):{_NUMBER}/{_NUMBER}")


def parse_intensity(text: str) -> Intensity:
    """Read `lung`, `window:-600/1500`, `percentile:1/99`, `minmax`, `file` or `asis`.

    Raises:
        InputError: if it is none of these.
        ValidationError: if its numbers do not fit.
    """
    from core.images.intensity import PRESETS, Intensity, IntensityMode

    if text in PRESETS:
        return PRESETS[text]
    if text in ("minmax", "file", "asis"):
        return Intensity(mode=IntensityMode(text))
    found = _PAIR.fullmatch(text)
    if found is None:
        raise InputError(
            f"--intensity takes a preset ({', '.join(PRESETS)}), window:CENTER/WIDTH, percentile:LOW/HIGH, "
            f"minmax, file or asis, not {text!r}."
        )
    one, other = float(found[2]), float(found[3])
    if found[1] == "window":
        return Intensity(mode=IntensityMode.WINDOW, center=one, width=other)
    return Intensity(mode=IntensityMode.PERCENTILE, low=one, high=other)
