"""`python -m core train`: a generator from a folder of real images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from core.commands.choices import DeviceChoice, Workers, split_names
from core.commands.intensity_option import OptionalIntensityText
from core.commands.interruptible_progress import InterruptibleProgress
from core.commands.study_options import Labels
from core.errors import InputError
from core.features.base import Device
from core.generators.families import FAMILIES
from core.generators.presets import choose_options, parse_changes

__all__ = ["train"]


def train(
    *,
    family: Annotated[str, typer.Argument(metavar="|".join(FAMILIES), help="What to train.")],
    real: Annotated[
        Path | None, typer.Option("--real", metavar="DIR", help="Real images to train on; needed.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder of the run; made, or gone on with; needed."
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            "--preset", metavar="NAME", help="smoke takes minutes on a CPU; published is a paper's own size."
        ),
    ] = "smoke",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change an option of the preset; repeat for more."),
    ] = None,
    labels: Labels = None,
    class_names: Annotated[
        str | None, typer.Option("--class-names", metavar="A,B", help="Train on these classes only.")
    ] = None,
    intensity: OptionalIntensityText = None,
    device: DeviceChoice = Device.AUTO,
    workers: Workers = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write logs for TensorBoard.")
    ] = False,
    show_options: Annotated[
        bool, typer.Option("--show-options", help="Print every option with its value, and train nothing.")
    ] = False,
) -> None:
    """Train a generator of one of five families.

    The same command goes on where an earlier one was stopped. Started by torchrun, its processes train
    together.
    """
    chosen = FAMILIES[family]
    asked = parse_changes(changes or [])
    if class_names is not None:
        if "classes" in asked:
            raise InputError("Name classes by --class-names or by --set classes=…, not by both.")
        asked["classes"] = split_names(class_names)
    if intensity is not None:
        if "intensity" in asked:
            raise InputError("Name the policy by --intensity or by --set intensity=…, not by both.")
        asked["intensity"] = intensity
    options = choose_options(chosen, preset, asked)
    if show_options:
        for name, field in type(options).model_fields.items():
            typer.echo(f"{name}={getattr(options, name)}  {field.description}")
        return
    if real is None or output is None:
        raise InputError("Name the training images by --real DIR and the run's folder by --output DIR.")
    if output.resolve().is_relative_to(real.resolve()):
        raise InputError(
            f"--output {output} lies inside the training images {real}; choose a folder outside it."
        )

    from core.config import get_settings
    from core.generators.run_folder import RunFolder
    from core.generators.training_run import run_training
    from core.output_folder import check_output_folder

    # Of several processes under torchrun, one looks.
    if os.environ.get("RANK", "0") == "0":
        check_output_folder(output)
    with InterruptibleProgress() as progress:
        cost = run_training(
            family,
            options,
            real=real,
            labels=labels,
            run=RunFolder(output.absolute()),
            device=device,
            workers=workers,
            tensorboard=tensorboard,
            settings=get_settings(),
            progress=progress,
        )
    if cost is None:
        return
    about = "" if cost.timed_images >= 1000 else f", scaled up from {cost.timed_images} images"
    speeds = ", ".join(f"{phase} {speed:,.0f}" for phase, speed in cost.training_images_per_second.items())
    typer.echo(f"Trained {chosen.title}: {cost.training_seconds:,.0f} s, images per second: {speeds}.")
    typer.echo(
        f"Drawing on {cost.device}: {cost.seconds_per_1000:,.1f} s for 1,000 images{about}; "
        f"{cost.peak_memory_bytes / 2**20:,.0f} MiB for 8 images; {cost.n_parameters:,} parameters."
    )
    typer.echo(f"Run: {output.absolute()}")
    typer.echo(f"Draw images: python -m core generate --model {output} --count 1000 --output DIR")
