"""Options that the commands of `python -m core dataset` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.recipes.placing import PlacingMode

__all__ = ["Images", "KeepPatientIds", "Mode", "Output", "Proportions", "Seed"]

Images = Annotated[
    Path, typer.Option("--images", metavar="DIR", help="Folder of the images, with everything below it.")
]
Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", help="New folder; the same command goes on in it."),
]
Proportions = Annotated[
    str,
    typer.Option(
        "--proportions", metavar="A/B/C", help="Sizes of the parts, in the order of --names; ratios count."
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Another seed, another draw.")]
Mode = Annotated[
    PlacingMode,
    typer.Option(
        "--mode",
        help="Copy files, link them (hard links; symbolic ones to another disk), or only write the list.",
    ),
]
KeepPatientIds = Annotated[
    bool,
    typer.Option(
        "--keep-patient-ids",
        help="Write patients' ids as they are; by default, digits keyed by this workspace stand for them.",
    ),
]
