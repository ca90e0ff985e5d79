"""A study named by options: folders of images, each with its role, and where results go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from core.datasets.study import Study, SyntheticSource, name_after_folder
from core.errors import InputError

__all__ = ["Labels", "Real", "Synthetic", "Test", "build_study", "name_sources"]

Real = Annotated[Path, typer.Option("--real", metavar="DIR", help="Real images to train on.")]
Test = Annotated[
    Path, typer.Option("--test", "--heldout", metavar="DIR", help="Real images of other patients to test on.")
]
Synthetic = Annotated[
    list[str],
    typer.Option("--synthetic", metavar="[NAME=]DIR", help="One generator's images; repeat for more."),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="CSV",
        help="Columns file, label and, where known, patient; others for --group-by.",
    ),
]


def name_sources(values: list[str]) -> tuple[SyntheticSource, ...]:
    """Read each `[NAME=]DIR`; a bare `DIR` is named after its folder.

    Raises:
        InputError: if a name or a folder is empty.
    """
    return tuple(
        SyntheticSource(name=name_after_folder(folder) if name is None else name, folder=folder)
        for name, folder in map(_split_source, values)
    )


def build_study(
    *, real: Path, synthetic: list[str], heldout: Path | None, labels: Path | None, output: Path
) -> Study:
    """Build the study that options name, whose results go into a folder apart from its images.

    Args:
        real: folder of the real images.
        synthetic: `[NAME=]DIR` of each synthetic set.
        heldout: folder of real images of other patients, or None.
        labels: the labels CSV, or None.
        output: folder of results. Inside an image set, its pictures would join the set in the next run.

    Raises:
        InputError: if a name or a folder is empty, or `output` lies inside an image set.
    """
    study = Study(real=real, heldout=heldout, labels=labels, synthetic=name_sources(synthetic))
    folders = [real, *filter(None, [heldout]), *(source.folder for source in study.synthetic)]
    for folder in folders:
        if output.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"--output {output} lies inside the image set {folder}; choose a folder outside it."
            )
    return study


def _split_source(value: str) -> tuple[str | None, Path]:
    """Split `NAME=DIR`; a bare `DIR` has no name, also when its path holds an equals sign.

    Raises:
        InputError: if the name or the folder is empty.
    """
    if "=" not in value or os.path.isdir(value):  # noqa: PTH112  Path.is_dir raises where this answers no
        return None, Path(value)
    name, _, folder = value.partition("=")
    if not name.strip() or not folder.strip():
        raise InputError(f"--synthetic takes NAME=DIR, not {value!r}.")
    return name.strip(), Path(folder.strip())
