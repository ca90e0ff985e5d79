"""`python -m core dataset split`: any folder of images split by patient, and looked through for leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.choices import Workers, split_names
from core.commands.dataset_options import Images, KeepPatientIds, Mode, Output, Proportions, Seed
from core.recipes.placing import PlacingMode

__all__ = ["LEAKS_FOUND", "split"]

LEAKS_FOUND = 3
"""Exit status of a split whose parts share pictures."""


def split(
    images: Images,
    output: Output,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="CSV", help="Columns file, label and patient; else sub-folders are classes."
        ),
    ] = None,
    patient_pattern: Annotated[
        str | None,
        typer.Option(
            "--patient-pattern",
            metavar="REGEX",
            help="Takes the patient from the file's name: its first group, or all that matches; with a / in "
            "it, from the path below --images.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help="Further columns of the labels CSV to take over."),
    ] = None,
    proportions: Proportions = "70/20/10",
    names: Annotated[
        str, typer.Option("--names", metavar="A,B,C", help="The parts' folders.")
    ] = "train,heldout,test",
    join_look_alikes: Annotated[
        bool,
        typer.Option(
            "--join-look-alikes",
            help="Keep pictures that look the same together across patients, too; without patients they are.",
        ),
    ] = False,
    only_exact: Annotated[
        bool,
        typer.Option("--only-exact", help="Compare files and pixels only; look-alikes take longer."),
    ] = False,
    seed: Seed = 0,
    mode: Mode = PlacingMode.COPY,
    keep_patient_ids: KeepPatientIds = False,
    workers: Workers = None,
) -> None:
    """Split images into train, heldout and test by patient, and look for pictures in two parts.

    Writes PART/CLASS/FILE, labels.csv, leaks.csv (pairs of pictures in two parts), report.json and
    summary.txt. Ends with status 3 if pictures leak from one part into another.
    """
    from core.commands.interruptible_progress import InterruptibleProgress
    from core.config import get_settings
    from core.recipes.folder_split import SplitRequest, split_folder
    from core.recipes.parts import parse_parts

    request = SplitRequest(
        images=images,
        labels=labels,
        patient_pattern=patient_pattern,
        columns=split_names(columns),
        parts=parse_parts(proportions, split_names(names)),
        join_look_alikes=join_look_alikes,
        only_exact=only_exact,
        seed=seed,
        mode=mode,
        keep_patient_ids=keep_patient_ids,
    )
    with InterruptibleProgress() as progress:
        report = split_folder(request, output, settings=get_settings(), workers=workers, progress=progress)
    for line in report.lines:
        typer.echo(line)
    for warning in report.warnings:
        typer.echo(f"Warning: {warning}")
    typer.echo(f"Results: {output.absolute()}")
    if report.numbers["n_leaks"]:
        raise typer.Exit(LEAKS_FOUND)
