"""Options that several commands share, with their spellings and the predecessors' aliases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from core.errors import InputError
from core.features.base import Device, Precision, ResizeMode
from core.features.volume_view import VolumeView

__all__ = [
    "BatchSize",
    "Channels",
    "DeviceChoice",
    "GroupBy",
    "PrecisionChoice",
    "Resize",
    "Resolution",
    "VolumeViewChoice",
    "Weights",
    "Workers",
    "parse_channels",
    "split_names",
]

Weights = Annotated[
    Path | None,
    typer.Option(
        "--weights", metavar="PATH", help="Weight file of the FID Inception (.pth or .safetensors)."
    ),
]
Resize = Annotated[
    ResizeMode,
    typer.Option(
        "--resize", help="Filter to the networks' input size; clean is antialiased, as clean-fid's."
    ),
]
Resolution = Annotated[
    int | None,
    typer.Option(
        "--resolution",
        metavar="N",
        min=8,
        max=4096,
        help="Side in pixels that extractors look at; FID needs 299.",
    ),
]
Channels = Annotated[
    int | None,
    typer.Option(
        "--num-channels", "--num_channels", metavar="1|3", help="1: colour becomes grey; 3: grey is repeated."
    ),
]
DeviceChoice = Annotated[Device, typer.Option("--device", help="Where networks run.")]
PrecisionChoice = Annotated[Precision, typer.Option("--precision", help="Number format inside networks.")]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Images a step of a network.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=0, help="Decoding threads; one a core when not given.")
]
VolumeViewChoice = Annotated[
    VolumeView,
    typer.Option(
        "--volume-view",
        help="What extractors of pictures see of a volume: every slice along three planes, or one montage.",
    ),
]
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by",
        metavar="COLUMN",
        help="Column of the labels CSV, such as sex or age, whose values are measured as groups; repeat.",
    ),
]


def parse_channels(value: int | None) -> Literal[1, 3] | None:
    """Check a number of channels.

    Raises:
        InputError: if it is neither 1 nor 3.
    """
    if value is None or value == 1 or value == 3:
        return value  # type: ignore[return-value]
    raise InputError(f"--num-channels is 1 or 3, not {value}.")


def split_names(text: str | None) -> tuple[str, ...]:
    """Split `A,B` into names, without blanks around them."""
    return tuple(name for part in (text or "").split(",") if (name := part.strip()))
