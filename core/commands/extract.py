"""`python -m core extract`: features of one folder, as a file for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.audit.protocol import Execution, Protocol
from core.commands.choices import (
    BatchSize,
    Channels,
    DeviceChoice,
    PrecisionChoice,
    Resize,
    Resolution,
    Weights,
    Workers,
    parse_channels,
)
from core.commands.terminal_progress import TerminalProgress
from core.errors import InputError
from core.features.base import Device, Precision, ResizeMode

__all__ = ["extract"]


def extract(
    images: Annotated[Path, typer.Option("--images", metavar="DIR", help="Folder of images.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Parquet file, one row an image.")
    ],
    extractor: Annotated[str, typer.Option("--extractor", metavar="ID", help="Extractor.")] = "texture",
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="CSV", help="Columns file, label and patient.")
    ] = None,
    weights: Weights = None,
    resize: Resize = ResizeMode.CLEAN,
    resolution: Resolution = None,
    num_channels: Channels = None,
    device: DeviceChoice = Device.AUTO,
    precision: PrecisionChoice = Precision.FP32,
    batch_size: BatchSize = 32,
    workers: Workers = None,
) -> None:
    """Extract the features of a folder into a Parquet file.

    Columns: item, digest, label, patient, features (and logits) as lists of float32. Features are as the
    extractor gives them, not standardised.
    """
    from core.datasets.image_set import Role
    from core.datasets.labels import load_labels
    from core.datasets.scan import scan_image_set
    from core.features.export import write_features
    from core.features.extraction import default_workers, extract_features
    from core.features.registry import load_extractor

    if output.suffix != ".parquet":
        raise InputError(f"--output must end with .parquet, not {output.name!r}.")
    protocol = Protocol(
        weights=weights,
        resize=resize,
        resolution=resolution,
        num_channels=parse_channels(num_channels),
        precision=precision,
    )
    execution = Execution(device=device, batch_size=batch_size, workers=workers)
    with TerminalProgress() as progress:
        network = load_extractor(extractor, protocol.extractor_options(execution), progress=progress)
        image_set = scan_image_set(
            images,
            role=Role.REAL,
            name=images.absolute().name,
            labels=None if labels is None else load_labels(labels),
            workers=default_workers() if workers is None else workers,
            progress=progress,
        )
        batch = extract_features(
            image_set.items,
            extractor=network,
            num_channels=protocol.num_channels,
            batch_size=batch_size,
            workers=workers,
            progress=progress,
        )
        write_features(output, items=image_set.items, batch=batch, space=network.identity)
    for bad in image_set.unreadable:
        typer.echo(f"Left out {bad.id}: {bad.reason}.", err=True)
    typer.echo(f"{len(image_set)} images, {network.dimension} features each: {output.absolute()}")
