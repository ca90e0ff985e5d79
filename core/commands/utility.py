"""`python -m core utility`: whether synthetic images help a classifier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.against_fidelity import against_fidelity
from core.commands.choices import DeviceChoice, Workers
from core.commands.study_options import Labels, Real, Synthetic, Test, build_study
from core.commands.terminal_progress import TerminalProgress
from core.commands.utility_options import with_protocol
from core.features.base import Device
from core.utility.presets import UtilityProtocol

if TYPE_CHECKING:
    from core.utility.arms import ExperimentKind

__all__ = ["utility"]

utility = typer.Typer(help="Measure what synthetic images do to a classifier.", no_args_is_help=True)
utility.command("against-fidelity")(against_fidelity)

Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for runs and results.")]


@utility.command()
@with_protocol()
def augmentation(
    *,
    real: Real,
    test: Test,
    synthetic: Synthetic,
    output: Output,
    labels: Labels = None,
    protocol: UtilityProtocol,
    device: DeviceChoice = Device.AUTO,
    workers: Workers = None,
) -> None:
    """Train with and without synthetic images among the real ones, and test on real images.

    The same command goes on where an earlier one was stopped.
    """
    _run("augmentation", protocol, real, test, synthetic, labels, output, device, workers)


@utility.command("feature-extraction")
@with_protocol(augmentation=False)
def feature_extraction(
    *,
    real: Real,
    test: Test,
    synthetic: Synthetic,
    output: Output,
    labels: Labels = None,
    protocol: UtilityProtocol,
    device: DeviceChoice = Device.AUTO,
    workers: Workers = None,
) -> None:
    """Train on synthetic images alone, then the last layer on half of the real ones, and test on real images.

    The same command goes on where an earlier one was stopped.
    """
    _run("feature-extraction", protocol, real, test, synthetic, labels, output, device, workers)


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
    from core.output_folder import check_output_folder
    from core.utility.experiment import run_experiment
    from core.utility.sets import prepare_sets
    from core.utility.writer import RUNS_FOLDER, write_utility

    study = build_study(real=real, heldout=test, synthetic=synthetic, labels=labels, output=output)
    settings = get_settings()
    check_output_folder(output)
    with TerminalProgress() as progress:
        scanned = scan_study(
            study,
            group_by=protocol.group_by,
            intensity=protocol.intensity,
            join_slices=protocol.join_slices,
            workers=workers,
            settings=settings,
            progress=progress,
        )
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
