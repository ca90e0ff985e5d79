"""`python -m core dataset nih`: classes of NIH's chest X-rays, balanced and split by patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.choices import split_names
from core.commands.dataset_options import Images, KeepPatientIds, Mode, Output, Proportions, Seed
from core.recipes.multi_label import MultiLabel
from core.recipes.placing import PlacingMode

__all__ = ["nih"]


def nih(
    csv: Annotated[
        Path, typer.Option("--csv", metavar="CSV", help="Data_Entry_2017.csv, or its version of 2020.")
    ],
    images: Images,
    labels: Annotated[
        str,
        typer.Option("--labels", metavar="A,B", help='Findings, a class each: "Infiltration,No Finding".'),
    ],
    output: Output,
    multi_label: Annotated[
        MultiLabel,
        typer.Option(
            "--multi-label",
            help="Images with several findings: skip; keep those with one that is asked for; or take "
            "the first that is asked for.",
        ),
    ] = MultiLabel.SKIP,
    balance: Annotated[
        bool, typer.Option("--balance", help="Leave images out until all classes are of one size.")
    ] = False,
    proportions: Proportions = "70/20/10",
    names: Annotated[
        str, typer.Option("--names", metavar="A,B,C", help="The parts' folders.")
    ] = "train,test,val",
    official_lists: Annotated[
        Path | None,
        typer.Option(
            "--official-lists",
            metavar="DIR",
            help="Folder of train_val_list.txt and test_list.txt; the latter decides what `test` holds.",
        ),
    ] = None,
    by_image: Annotated[
        bool,
        typer.Option("--by-image", help="Split image by image, which puts patients on several sides."),
    ] = False,
    seed: Seed = 0,
    mode: Mode = PlacingMode.COPY,
    keep_patient_ids: KeepPatientIds = False,
) -> None:
    """Take classes out of NIH's chest X-rays, and split them into train, test and val by patient.

    Writes PART/CLASS/FILE, labels.csv (file, label, patient, sex, age, view, part), report.json, summary.txt,
    and missing.txt where files were not found.
    """
    from core.commands.interruptible_progress import InterruptibleProgress
    from core.config import get_settings
    from core.recipes.nih import NihRequest, extract_nih
    from core.recipes.parts import parse_parts

    request = NihRequest(
        csv=csv,
        images=images,
        labels=split_names(labels),
        multi_label=multi_label,
        balance=balance,
        parts=parse_parts(proportions, split_names(names)),
        official_lists=official_lists,
        by_image=by_image,
        seed=seed,
        mode=mode,
        keep_patient_ids=keep_patient_ids,
    )
    with InterruptibleProgress() as progress:
        report = extract_nih(request, output, settings=get_settings(), progress=progress)
    for line in report.lines:
        typer.echo(line)
    for warning in report.warnings:
        typer.echo(f"Warning: {warning}")
    typer.echo(f"Results: {output.absolute()}")
