"""`python -m core utility`: whether synthetic images help a classifier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.commands.choices import Channels, DeviceChoice, Workers, parse_channels, parse_synthetic
from core.commands.terminal_progress import TerminalProgress
from core.datasets.study import Study, SyntheticSource, name_after_folder
from core.errors import InputError
from core.features.base import Device
from core.utility.presets import CLASSIFIERS, PRESETS, UtilityProtocol, get_preset

if TYPE_CHECKING:
    from core.utility.arms import ExperimentKind

__all__ = ["utility"]

utility = typer.Typer(help="Measure what synthetic images do to a classifier.", no_args_is_help=True)

Real = Annotated[Path, typer.Option("--real", metavar="DIR", help="Real images to train on.")]
Test = Annotated[
    Path, typer.Option("--test", "--heldout", metavar="DIR", help="Real images of other patients to test on.")
]
Synthetic = Annotated[
    list[str],
    typer.Option("--synthetic", metavar="[NAME=]DIR", help="One generator's images; repeat for more."),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for runs and results.")]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", metavar="CSV", help="Columns file, label and, where known, patient."),
]
Preset = Annotated[str, typer.Option("--preset", metavar="|".join(PRESETS), help="Where choices start from.")]
Repeats = Annotated[
    int | None,
    typer.Option("--repeats", metavar="N", help="Trainings of each arm; fewer than 6 cannot reach p < 0.05."),
]
ClassifierName = Annotated[
    str | None, typer.Option("--classifier", metavar="NAME", help=f"One of {', '.join(CLASSIFIERS)}.")
]
InitialWeights = Annotated[
    str | None,
    typer.Option("--weights", metavar="scratch|imagenet|PATH", help="Initial weights of the classifier."),
]
Side = Annotated[int | None, typer.Option("--resolution", metavar="N", help="Side in pixels.")]
Epochs = Annotated[int | None, typer.Option("--epochs", metavar="N", help="Passes of each training.")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", metavar="N", help="Images a step.")]
LearningRate = Annotated[float | None, typer.Option("--learning-rate", metavar="RATE", help="Its peak.")]
Ratio = Annotated[
    list[float] | None,
    typer.Option("--ratio", metavar="X", help="Synthetic images for each real one; repeat for more."),
]
Fraction = Annotated[
    list[float] | None,
    typer.Option("--label-fraction", metavar="X", help="Share of real images for a curve; repeat for more."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds every draw; 0 by default.")
]


@utility.command()
def augmentation(
    real: Real,
    test: Test,
    synthetic: Synthetic,
    output: Output,
    labels: Labels = None,
    preset: Preset = "quick",
    repeats: Repeats = None,
    ratio: Ratio = None,
    label_fraction: Fraction = None,
    classifier: ClassifierName = None,
    weights: InitialWeights = None,
    resolution: Side = None,
    num_channels: Channels = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
    device: DeviceChoice = Device.AUTO,
    workers: Workers = None,
) -> None:
    """Train with and without synthetic images among the real ones, and test on real images.

    The same command goes on where an earlier one was stopped.
    """
    protocol = _choose(
        preset,
        weights,
        repeats=repeats,
        ratios=tuple(ratio) if ratio else None,
        label_fractions=tuple(label_fraction) if label_fraction else None,
        classifier=classifier,
        resolution=resolution,
        channels=parse_channels(num_channels),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )
    _run("augmentation", protocol, real, test, synthetic, labels, output, device, workers)


@utility.command("feature-extraction")
def feature_extraction(
    real: Real,
    test: Test,
    synthetic: Synthetic,
    output: Output,
    labels: Labels = None,
    preset: Preset = "quick",
    repeats: Repeats = None,
    classifier: ClassifierName = None,
    weights: InitialWeights = None,
    resolution: Side = None,
    num_channels: Channels = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
    device: DeviceChoice = Device.AUTO,
    workers: Workers = None,
) -> None:
    """Train on synthetic images alone, then the last layer on half of the real ones, and test on real images.

    The same command goes on where an earlier one was stopped.
    """
    protocol = _choose(
        preset,
        weights,
        repeats=repeats,
        classifier=classifier,
        resolution=resolution,
        channels=parse_channels(num_channels),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )
    _run("feature-extraction", protocol, real, test, synthetic, labels, output, device, workers)


def _choose(preset: str, weights: str | None, **choices: Any) -> UtilityProtocol:
    """The preset with what was asked for on top of it."""
    given = {name: value for name, value in choices.items() if value is not None}
    if weights in ("scratch", "imagenet"):
        given |= {"weights": weights, "weights_file": None}
    elif weights is not None:
        given |= {"weights": "scratch", "weights_file": Path(weights)}
    return UtilityProtocol.model_validate(get_preset(preset).model_dump() | given)


def _run(
    kind: ExperimentKind,
    protocol: UtilityProtocol,
    real: Path,
    test: Path,
    synthetic: list[str],
    labels: Path | None,
    output: Path,
    device: Device,
    workers: int | None,
) -> None:
    from core.commands.utility_outcome import print_utility
    from core.config import get_settings
    from core.datasets.study_scan import scan_study
    from core.utility.experiment import run_experiment
    from core.utility.sets import prepare_sets
    from core.utility.writer import RUNS_FOLDER, check_output, write_utility

    sources = [parse_synthetic(value) for value in synthetic]
    study = Study(
        real=real,
        heldout=test,
        labels=labels,
        synthetic=tuple(
            SyntheticSource(name=name_after_folder(folder) if name is None else name, folder=folder)
            for name, folder in sources
        ),
    )
    for folder in (real, test, *(folder for _, folder in sources)):
        if output.resolve().is_relative_to(folder.resolve()):
            raise InputError(f"--output {output} lies inside the image set {folder}; choose another folder.")
    settings = get_settings()
    check_output(output)
    with TerminalProgress() as progress:
        scanned = scan_study(study, workers=workers, settings=settings, progress=progress)
        result = run_experiment(
            kind,
            prepare_sets(scanned[0], scanned[1], scanned[2:]),
            protocol,
            runs_folder=output / RUNS_FOLDER,
            device=device,
            workers=workers,
            settings=settings,
            progress=progress,
        )
        write_utility(result, output)
    print_utility(result.summary, output)
