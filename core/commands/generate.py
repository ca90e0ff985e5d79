"""`python -m core generate`: images from a trained generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.choices import DeviceChoice
from core.commands.terminal_progress import TerminalProgress
from core.features.base import Device
from core.generators.sampling_settings import SamplingSettings

__all__ = ["generate"]


def generate(
    *,
    model: Annotated[Path, typer.Option("--model", metavar="RUN", help="Folder of a trained run.")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="Images in all.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the images.")],
    class_names: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="NAME", help="Draw this class only; repeat for more."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds every image.")] = 0,
    truncation: Annotated[
        float | None,
        typer.Option("--truncation", metavar="X", help="StyleGAN2: 0 to 1, less varied below 1."),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option("--guidance", metavar="X", help="Diffusion: how strongly the class steers."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", metavar="N", help="Diffusion: denoising steps.")
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option("--sampler", metavar="ddpm|ddim|dpm-solver", help="Diffusion: how steps are taken."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option("--temperature", metavar="X", help="VQ-VAE-2: less varied below 1.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option("--precision", metavar="fp32|amp", help="amp is faster on GPUs.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, max=1024, help="Images drawn at once; 16 by default.")
    ] = None,
    device: DeviceChoice = Device.AUTO,
) -> None:
    """Draw images as PNG into class folders, in the proportions of the training images.

    The same seed gives the same images, whatever the batch size. The same command goes on where an earlier
    one was stopped.
    """
    given: dict[str, Any] = {
        "seed": seed,
        "truncation": truncation,
        "guidance": guidance,
        "steps": steps,
        "sampler": sampler,
        "temperature": temperature,
        "precision": precision,
        "batch_size": batch_size,
    }
    settings = SamplingSettings.model_validate({k: v for k, v in given.items() if v is not None})

    from core.features.device import resolve_device
    from core.generators.generation import generate_images
    from core.generators.run_folder import RunFolder
    from core.output_folder import check_output_folder

    check_output_folder(output)
    with TerminalProgress() as progress:
        written = generate_images(
            RunFolder(model.absolute()),
            count=count,
            output=output,
            class_names=class_names or (),
            settings=settings,
            device=resolve_device(device),
            progress=progress,
        )
    for name, n in written.items():
        typer.echo(f"{name or 'Images'}: {n:,}")
    typer.echo(f"Images: {output.absolute()}")
