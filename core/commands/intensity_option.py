"""`--intensity` and `--join-slices`: how stored values and DICOM slices become what is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.images.intensity import Intensity

__all__ = ["IntensityText", "JoinSlices", "OptionalIntensityText", "parse_intensity"]

_INTENSITY = typer.Option(
    "--intensity",
    metavar="POLICY",
    help="Which values of images deeper than 8 bits are black and white, for all sets alike: a preset (lung, "
    "mediastinum, soft-tissue, liver, bone, brain, stroke, mr, film), window:CENTER/WIDTH, "
    "percentile:LOW/HIGH, minmax, file or asis.",
)
IntensityText = Annotated[str, _INTENSITY]
OptionalIntensityText = Annotated[str | None, _INTENSITY]
"""Of commands whose options begin with a preset's."""
JoinSlices = Annotated[
    bool,
    typer.Option(
        "--join-slices",
        help="The DICOM slices of one series are one volume, not an image each. NIfTI files, stacks of TIFF "
        "pages or arrays and DICOM files of many frames are volumes without asking.",
    ),
]


def parse_intensity(text: str) -> Intensity:
    """Read `lung`, `window:-600/1500`, `percentile:1/99`, `minmax`, `file` or `asis`.

    Raises:
        InputError: if it is none of these.
        ValidationError: if its numbers do not fit.
    """
    from core.images.intensity_text import parse_intensity_text

    return parse_intensity_text(text, option="--intensity")
