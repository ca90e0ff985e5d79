"""`python -m core extract`: features of one folder, as a file for other tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from core.commands.intensity_option import IntensityText, JoinSlices, parse_intensity
from core.commands.terminal_progress import TerminalProgress
from core.errors import InputError
from core.features.base import Device, Precision, ResizeMode
from core.features.volume_view import VolumeView

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.images.slices import Plane

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
    intensity: IntensityText = "file",
    join_slices: JoinSlices = False,
    volume_view: VolumeViewChoice = VolumeView.TRI_PLANAR,
    planes: Annotated[
        bool, typer.Option("--planes", help="Of volumes, also the features along each plane.")
    ] = False,
    device: DeviceChoice = Device.AUTO,
    precision: PrecisionChoice = Precision.FP32,
    batch_size: BatchSize = 32,
    workers: Workers = None,
) -> None:
    """Extract the features of a folder into a Parquet file.

    Columns: item, digest, label, patient, features (and logits) as lists of float32. Features are as the
    extractor gives them, not standardised. Of volumes they are means over slices along three planes; --planes
    adds features_axial, features_coronal and features_sagittal.
    """
    from core.audit.volume_views import check_view, describe_view, looks_along_planes
    from core.datasets.image_set import Role
    from core.datasets.labels import load_labels
    from core.datasets.scan import scan_image_set
    from core.features.export import name_space, write_features
    from core.features.extraction import default_workers, extract_features
    from core.features.registry import load_extractor
    from core.features.volume_extraction import extract_planes

    if output.suffix != ".parquet":
        raise InputError(f"--output must end with .parquet, not {output.name!r}.")
    protocol = Protocol(
        weights=weights,
        resize=resize,
        resolution=resolution,
        num_channels=parse_channels(num_channels),
        precision=precision,
    )
    policy = parse_intensity(intensity)
    execution = Execution(device=device, batch_size=batch_size, workers=workers)
    with TerminalProgress() as progress:
        network = load_extractor(extractor, protocol.extractor_options(execution), progress=progress)
        image_set = scan_image_set(
            images,
            role=Role.REAL,
            name=images.absolute().name,
            labels=None if labels is None else load_labels(labels),
            intensity=policy,
            join_slices=join_slices,
            workers=default_workers() if workers is None else workers,
            progress=progress,
        )
        sets = [image_set]
        check_view(network.info, network.name, sets, volume_view)
        by_plane: Mapping[Plane, NDArray[np.float32]] = {}
        if looks_along_planes(network.info, sets, volume_view):
            found = extract_planes(
                image_set.items,
                extractor=network,
                num_channels=protocol.num_channels,
                batch_size=batch_size,
                workers=workers,
                progress=progress,
            )
            batch = found.pooled
            by_plane = found.planes if planes else {}
        elif planes:
            raise InputError(
                "--planes goes with volumes, a --volume-view of tri-planar and an extractor of pictures."
            )
        else:
            batch = extract_features(
                image_set.items,
                extractor=network,
                num_channels=protocol.num_channels,
                volume_view=volume_view,
                batch_size=batch_size,
                workers=workers,
                progress=progress,
            )
        view = describe_view(network.info, sets, volume_view)
        write_features(
            output,
            items=image_set.items,
            batch=batch,
            planes=by_plane,
            space=name_space(network.identity, view=view, intensity=policy),
        )
    for bad in image_set.unreadable:
        typer.echo(f"Left out {bad.id}: {bad.reason}.", err=True)
    what = "volumes" if image_set.has_volumes else "images"
    typer.echo(f"{len(image_set)} {what}, {network.dimension} features each: {output.absolute()}")
