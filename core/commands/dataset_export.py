"""`python -m core dataset export`: image sets for FiftyOne, Embedding Atlas and pandas."""

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
    VolumeViewChoice,
    Weights,
    Workers,
    parse_channels,
)
from core.commands.dataset_options import KeepPatientIds, Output
from core.commands.intensity_option import IntensityText, JoinSlices, parse_intensity
from core.commands.study_options import name_sources
from core.features.base import Device, Precision, ResizeMode
from core.features.volume_view import VolumeView

__all__ = ["export"]


def export(
    real: Annotated[Path, typer.Option("--real", "-r", metavar="DIR", help="Real images.")],
    output: Output,
    synthetic: Annotated[
        list[str] | None,
        typer.Option("--synthetic", "-i", metavar="[NAME=]DIR", help="A synthetic set; may be repeated."),
    ] = None,
    heldout: Annotated[
        Path | None, typer.Option("--heldout", metavar="DIR", help="Real images of other patients.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="Classes and patients, instead of sub-folders."),
    ] = None,
    extractor: Annotated[str, typer.Option("--extractor", metavar="ID", help="Extractor.")] = "texture",
    with_images: Annotated[
        bool, typer.Option("--with-images", help="Also write each image, as images/ID.png.")
    ] = False,
    keep_patient_ids: KeepPatientIds = False,
    weights: Weights = None,
    resize: Resize = ResizeMode.CLEAN,
    resolution: Resolution = None,
    num_channels: Channels = None,
    intensity: IntensityText = "file",
    join_slices: JoinSlices = False,
    volume_view: VolumeViewChoice = VolumeView.TRI_PLANAR,
    device: DeviceChoice = Device.AUTO,
    precision: PrecisionChoice = Precision.FP32,
    batch_size: BatchSize = 32,
    workers: Workers = None,
) -> None:
    """Write image sets as one table for viewers of embeddings.

    embeddings.parquet has the columns id, set, role, label, patient_hash, path (relative to the table) and
    embedding (a list of float32), of volumes also slices and spacing_mm: for pandas.read_parquet,
    `embedding-atlas FILE --vector embedding`, and FiftyOne's compute_visualization. Ids are those of an audit
    of the same sets.
    """
    from core.commands.interruptible_progress import InterruptibleProgress
    from core.config import get_settings
    from core.datasets.image_set import Role
    from core.datasets.labels import load_labels
    from core.datasets.scan import scan_image_set
    from core.features.extraction import default_workers
    from core.features.registry import load_extractor
    from core.recipes.embedding_export import export_embeddings

    protocol = Protocol(
        weights=weights,
        resize=resize,
        resolution=resolution,
        num_channels=parse_channels(num_channels),
        precision=precision,
    )
    policy = parse_intensity(intensity)
    named = [(Role.REAL, "real", real)]
    named += [] if heldout is None else [(Role.HELDOUT, "heldout", heldout)]
    named += [(Role.SYNTHETIC, one.name, one.folder) for one in name_sources(synthetic or [])]
    options = protocol.extractor_options(Execution(device=device, batch_size=batch_size, workers=workers))
    with InterruptibleProgress() as progress:
        network = load_extractor(extractor, options, progress=progress)
        table = None if labels is None else load_labels(labels)
        sets = [
            scan_image_set(
                folder,
                role=role,
                name=name,
                labels=table,
                intensity=policy,
                join_slices=join_slices,
                workers=default_workers() if workers is None else workers,
                progress=progress,
            )
            for role, name, folder in named
        ]
        written = export_embeddings(
            sets,
            output,
            extractor=network,
            settings=get_settings(),
            num_channels=protocol.num_channels,
            volume_view=volume_view,
            batch_size=batch_size,
            workers=workers,
            with_images=with_images,
            keep_patient_ids=keep_patient_ids,
            progress=progress,
        )
    for one in sets:
        for bad in one.unreadable:
            typer.echo(f"Left out {one.name}/{bad.id}: {bad.reason}.", err=True)
    what = "volumes" if sets[0].has_volumes else "images"
    typer.echo(f"{sum(map(len, sets)):,} {what}, {network.dimension} features each: {written.absolute()}")
