"""`python -m core dataset montage`: slices of volumes side by side in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.dataset_options import Output
from core.commands.intensity_option import IntensityText, parse_intensity

__all__ = ["montage"]


def montage(
    volumes: Annotated[
        Path,
        typer.Option("--volumes", metavar="DIR", help="NIfTI, TIFF and NumPy files, and DICOM series."),
    ],
    output: Output,
    slices: Annotated[int, typer.Option("--slices", metavar="N", help="Slices a montage; a square.")] = 4,
    per_volume: Annotated[
        int, typer.Option("--per-volume", metavar="N", help="Most montages of a volume.")
    ] = 20,
    size: Annotated[int, typer.Option("--size", metavar="PX", help="Side of a montage.")] = 256,
    plane: Annotated[
        str, typer.Option("--plane", metavar="PLANE", help="axial, coronal or sagittal.")
    ] = "axial",
    intensity: IntensityText = "mr",
    classes: Annotated[
        bool, typer.Option("--classes", help="The first sub-folder of a volume is its class.")
    ] = False,
) -> None:
    """Make montages of volumes, by default four axial slices a montage and 20 montages a volume.

    Every montage shows the whole body, no slice is in two of them, and one intensity policy serves all
    volumes: by default the 0.5 and 99.5 percentiles of each, for CT rather a window such as soft-tissue.
    Writes montages/[CLASS/]VOLUME_NN.png, labels.csv (file, label, patient, volume, montage, slices) and
    report.json.
    """
    from core.commands.interruptible_progress import InterruptibleProgress
    from core.config import get_settings
    from core.images.montage_options import MontageOptions
    from core.recipes.montage_set import make_montage_set

    options = MontageOptions.model_validate(
        {
            "slices": slices,
            "per_volume": per_volume,
            "size": size,
            "plane": plane,
            "intensity": parse_intensity(intensity),
        }
    )
    with InterruptibleProgress() as progress:
        report = make_montage_set(
            volumes,
            output,
            options=options,
            settings=get_settings(),
            progress=progress,
            with_classes=classes,
        )
    for file, reason in report.left_out:
        typer.echo(f"Left out {file}: {reason}.", err=True)
    for warning in report.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    many = "volume" if len(report.volumes) == 1 else "volumes"
    made = f"{report.n_montages:,} montages of {len(report.volumes):,} {many}"
    typer.echo(f"{made}; {options.intensity.describe()}.")
    typer.echo(f"Results: {output.absolute()}")
