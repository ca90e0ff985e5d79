"""`python -m core bias audit`: adds an analysis of bias to a finished audit of the dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

from core.bias.options import BiasChoices
from core.commands.terminal_progress import TerminalProgress

__all__ = ["analyse_audit_command"]

_DEFAULTS = BiasChoices()


def analyse_audit_command(
    audit: Annotated[str, typer.Argument(metavar="ID", help="An audit, by its id.")],
    frame: Annotated[
        int, typer.Option("--frame", help="Side in pixels that images are brought to.")
    ] = _DEFAULTS.frame_px,
    patch: Annotated[
        int, typer.Option("--patch", help="Side of a patch in frame pixels.")
    ] = _DEFAULTS.patch_px,
    stride: Annotated[int, typer.Option("--stride", help="Step between patches.")] = _DEFAULTS.stride_px,
    permutations: Annotated[
        int, typer.Option("--permutations", help="Shuffled labellings behind the threshold.")
    ] = _DEFAULTS.n_permutations,
    max_per_class: Annotated[
        int, typer.Option("--max-per-class", help="Images of a class and set that are looked at.")
    ] = _DEFAULTS.max_per_class,
    seed: Annotated[int, typer.Option("--seed", help="Seeds folds and labellings.")] = _DEFAULTS.seed,
    attribution: Annotated[
        bool, typer.Option("--attribution", help="Also train a classifier and map where it looks.")
    ] = False,
) -> None:
    """Find what gives a class away in an audit's images, and what its synthetic sets inherit of it.

    The analysis is kept in the audit's folder, where the dashboard's Bias page and reports find it.
    """
    from core.bias.archive import BIAS_FOLDER
    from core.config import get_settings
    from core.datasets.study_folders import confine_to_roots
    from core.db.database import open_database
    from core.jobs.bias_job import analyse_audit
    from core.jobs.job_folder import audit_folder

    choices = BiasChoices(
        frame_px=frame,
        patch_px=patch,
        stride_px=stride,
        n_permutations=permutations,
        max_per_class=max_per_class,
        seed=seed,
        attribution=attribution,
    )
    settings = confine_to_roots(get_settings())
    with TerminalProgress() as progress:
        key = analyse_audit(open_database(settings), audit, choices, settings=settings, progress=progress)
    typer.echo(str((audit_folder(settings, audit) / BIAS_FOLDER / key).absolute()))
