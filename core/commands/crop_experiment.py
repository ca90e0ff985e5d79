"""`python -m core bias crop-experiment`: what synthetic sets are worth once a region is cropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.choices import DeviceChoice, Workers, split_names
from core.commands.study_options import Labels, Real, Synthetic, Test, build_study
from core.commands.terminal_progress import TerminalProgress
from core.commands.utility_options import with_protocol
from core.errors import InputError
from core.features.base import Device
from core.utility.arms import KIND_TITLES
from core.utility.presets import UtilityProtocol

if TYPE_CHECKING:
    from core.crop_experiment.request import Kind
    from core.crop_experiment.result import CropSummary

__all__ = ["crop_experiment"]


@with_protocol()
def crop_experiment(
    *,
    real: Real,
    test: Test,
    synthetic: Synthetic,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for cropped sets, runs and results.")
    ],
    labels: Labels = None,
    margin: Annotated[
        float,
        typer.Option("--margin", metavar="X", help="Share of width and height to cut off at each side."),
    ] = 0.0,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="L,T,R,B", help="Rectangle as shares of the image to take out."),
    ] = None,
    suspect: Annotated[
        int | None,
        typer.Option(
            "--suspect",
            metavar="N",
            min=1,
            help="Look for suspect regions in the real set and take the Nth, a sixteenth wider at each side.",
        ),
    ] = None,
    mode: Annotated[
        str,
        typer.Option("--mode", metavar="blank|cut", help="Paint the region black, or cut its strip off."),
    ] = "blank",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="|".join(KIND_TITLES), help="Utility experiments; both by default."),
    ] = None,
    extractor: Annotated[
        list[str] | None,
        typer.Option("--extractor", metavar="ID", help="Extractor of the audits; repeat for more."),
    ] = None,
    class_names: Annotated[
        str | None, typer.Option("--class-names", metavar="A,B", help="Keep only these classes.")
    ] = None,
    protocol: UtilityProtocol,
    device: DeviceChoice = Device.AUTO,
    workers: Workers = None,
) -> None:
    """Crop all sets, and hold metrics and utility after the crop against those before it.

    A generator that copied a shortcut looks useful until the shortcut is cropped from real, test and
    synthetic images alike. The same command goes on where an earlier one was stopped.
    """
    from core.audit.protocol import Execution, Protocol
    from core.bias.crop import CropMode
    from core.bias.patch_probe import ProbeOptions
    from core.config import get_settings
    from core.crop_experiment.experiment import run_crop_experiment
    from core.crop_experiment.request import CropRequest, parse_region, write_region
    from core.crop_experiment.suspect_region import choose_suspect
    from core.crop_experiment.writer import write_crop
    from core.output_folder import check_output_folder
    from core.utility.writer import RUNS_FOLDER

    if mode not in list(CropMode):
        raise InputError(f"--mode is blank or cut, not {mode!r}.")
    if region is not None and suspect is not None:
        raise InputError("Name a --region or a --suspect, not both.")
    if not margin and region is None and suspect is None:
        raise InputError("Name what to crop: --margin X, --region L,T,R,B or --suspect N.")
    study = build_study(real=real, heldout=test, synthetic=synthetic, labels=labels, output=output)
    settings = get_settings()
    box = None if region is None else parse_region(region)
    audit = Protocol(
        extractors=tuple(extractor or ()),
        class_names=split_names(class_names),
        group_by=protocol.group_by,
        intensity=protocol.intensity,
        join_slices=protocol.join_slices,
        seed=protocol.seed,
    )
    # Refused before a minute of probing; a corner stands in until the suspect region is found.
    request = CropRequest(
        margin=margin,
        region=box if suspect is None else (0.0, 0.0, 0.1, 0.1),
        mode=CropMode(mode).value,
        protocol=audit,
        utility=protocol,
        kinds=_parse_kinds(kind),
    )
    execution = Execution(device=device, workers=workers)
    check_output_folder(output)
    with TerminalProgress() as progress:
        if suspect is not None:
            box = choose_suspect(
                study,
                suspect,
                class_names=audit.class_names,
                intensity=audit.intensity,
                join_slices=audit.join_slices,
                options=ProbeOptions(seed=protocol.seed),
                execution=execution,
                settings=settings,
                progress=progress,
            )
            progress.notice(f"Suspect region {suspect}, widened: --region {write_region(box)}")
            request = CropRequest.model_validate(request.model_dump() | {"region": box})
        result = run_crop_experiment(
            study,
            request,
            folder=output,
            runs_folder=output / RUNS_FOLDER,
            execution=execution,
            settings=settings,
            progress=progress,
        )
        write_crop(result, output, settings=settings)
    _print_summary(result.summary, output)


def _parse_kinds(kinds: list[str] | None) -> tuple[Kind, ...]:
    chosen: list[Kind] = []
    for name in kinds or KIND_TITLES:
        match name:
            case "augmentation" | "feature-extraction":
                chosen.append(name)
            case _:
                raise InputError(f"--kind is {' or '.join(KIND_TITLES)}, not {name!r}.")
    return tuple(chosen)


def _print_summary(summary: CropSummary, folder: Path) -> None:
    from core.crop_experiment.experiment_names import CROP_FILE
    from core.crop_experiment.findings import answer_sets, describe_crop, describe_probes, summarise_answers

    answers = answer_sets(summary)
    typer.echo(summarise_answers(answers))
    typer.echo(describe_crop(summary))
    for answer in answers:
        typer.echo(answer.sentence)
    for sentence in describe_probes(summary):
        typer.echo(sentence)
    for warning in summary.warnings:
        typer.echo(f"Warning: {warning}")
    typer.echo(f"Results: {folder.absolute() / CROP_FILE}")
