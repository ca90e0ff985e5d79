"""`python -m core dataset patches`: tiles of whole-slide images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.dataset_options import Output

__all__ = ["patches"]


def patches(
    slide: Annotated[
        Path,
        typer.Option("--slide", metavar="FILE|DIR", help="A slide (TIFF, SVS, PNG ...) or a folder."),
    ],
    output: Output,
    size: Annotated[int, typer.Option("--size", metavar="PX", help="Side of a patch.")] = 256,
    mpp: Annotated[
        float | None, typer.Option("--mpp", metavar="UM", help="Micrometres a pixel of the patches.")
    ] = None,
    magnification: Annotated[
        float | None,
        typer.Option("--magnification", metavar="X", help="Or their magnification, such as 20."),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option("--level", metavar="N", help="Or a level of the file; 0, the full one, by default."),
    ] = None,
    source_mpp: Annotated[
        float | None,
        typer.Option("--source-mpp", metavar="UM", help="Micrometres a pixel of files that do not tell."),
    ] = None,
    overlap: Annotated[
        int, typer.Option("--overlap", metavar="PX", help="Pixels that neighbouring patches share.")
    ] = 0,
    min_tissue: Annotated[
        float,
        typer.Option(
            "--min-tissue",
            metavar="SHARE",
            help="Least share of tissue, 0 to 1; 0 keeps all. Fat is pale: ask for less where it is a class.",
        ),
    ] = 0.5,
    mask: Annotated[
        Path | None,
        typer.Option("--mask", metavar="FILE|DIR", help="Mask of classes, or a folder, named as the slides."),
    ] = None,
    mask_labels: Annotated[
        str | None,
        typer.Option("--mask-labels", metavar="V=CLASS,...", help="Its values: 1=tumour,2=stroma."),
    ] = None,
    purity: Annotated[
        float,
        typer.Option("--purity", metavar="SHARE", help="Least share of a patch that is its class, 0 to 1."),
    ] = 0.5,
    patient_pattern: Annotated[
        str,
        typer.Option(
            "--patient-pattern",
            metavar="REGEX",
            help="Finds the patient in a slide's name (first group); by default each slide is a patient.",
        ),
    ] = "",
) -> None:
    """Cut slides into patches at one magnification, without background, with classes from masks.

    Writes patches/[CLASS/]SLIDE_X_Y.png, labels.csv (file, label, purity, slide, patient, x, y, tissue) and
    report.json: how many were kept, and how many left out as background, by the mask or over the edge.
    """
    from core.commands.interruptible_progress import InterruptibleProgress
    from core.config import get_settings
    from core.recipes.patch_options import PatchOptions, parse_mask_labels
    from core.recipes.patches import cut_patches

    options = PatchOptions(
        size=size,
        mpp=mpp,
        magnification=magnification,
        level=level,
        source_mpp=source_mpp,
        overlap=overlap,
        min_tissue=min_tissue,
        mask_labels=() if mask_labels is None else parse_mask_labels(mask_labels),
        purity=purity,
        patient_pattern=patient_pattern,
    )
    with InterruptibleProgress() as progress:
        report = cut_patches(
            slide, output, options=options, settings=get_settings(), mask=mask, progress=progress
        )
    for file, reason in report.left_out:
        typer.echo(f"Left out {file}: {reason}.", err=True)
    typer.echo(report.sentence)
    for name, count in report.classes.items():
        typer.echo(f"  {name}: {count:,}")
    typer.echo(f"Results: {output.absolute()}")
