"""`python -m core dataset`: recipes that turn collections of files into folders for studies and training."""

from __future__ import annotations

import typer

from core.commands.dataset_export import export
from core.commands.dataset_montage import montage
from core.commands.dataset_nih import nih
from core.commands.dataset_patches import patches
from core.commands.dataset_split import split

__all__ = ["dataset"]

dataset = typer.Typer(
    help="Make data sets for studies and training out of collections of files.", no_args_is_help=True
)

dataset.command("export")(export)
dataset.command("montage")(montage)
dataset.command("nih")(nih)
dataset.command("patches")(patches)
dataset.command("split")(split)


@dataset.callback()
def _root() -> None:
    """Make data sets for studies and training out of collections of files."""
