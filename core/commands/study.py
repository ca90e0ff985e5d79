"""`python -m core study`: the dashboard's studies without a browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.choices import (
    Channels,
    GroupBy,
    Resolution,
    VolumeViewChoice,
    parse_channels,
    split_names,
)
from core.commands.intensity_option import IntensityText, JoinSlices, parse_intensity
from core.commands.study_options import name_sources
from core.commands.utility_options import with_protocol
from core.errors import InputError
from core.features.volume_view import VolumeView
from core.utility.arms import ExperimentKind
from core.utility.presets import UtilityProtocol

if TYPE_CHECKING:
    from core.config import Settings
    from core.db.database import Database

__all__ = ["study"]

study = typer.Typer(
    help="Add, list, audit, try out and remove the dashboard's studies.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The study's name, or its id.")]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until it has ended.")]

_LOOK_EVERY_S = 0.5


def _open() -> tuple[Settings, Database]:
    from core.config import get_settings
    from core.db.database import open_database

    settings = get_settings()
    return settings, open_database(settings)


@study.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="How pages call it.")],
    real: Annotated[Path, typer.Option("--real", metavar="DIR", help="Real images behind the generators.")],
    synthetic: Annotated[
        list[str] | None,
        typer.Option(
            "--synthetic",
            metavar="[NAME=]DIR",
            help="One generator's images; repeat for more. Without any, train a generator first.",
        ),
    ] = None,
    heldout: Annotated[
        Path | None, typer.Option("--heldout", metavar="DIR", help="Real images of other patients.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="CSV", help="Columns file, label and patient.")
    ] = None,
) -> None:
    """Save a study; its folders must lie below the folder roots (MEDSYN_DATA_ROOTS)."""
    from core.datasets.study_folders import StudyFolders
    from core.db.studies import save_study

    settings, database = _open()
    folders = StudyFolders.describe_sets(
        real=real,
        heldout=heldout,
        labels=labels,
        synthetic=name_sources(synthetic or []),
        settings=settings,
    )
    saved = save_study(database, name=name, folders=folders)
    typer.echo(saved.id)
    if not folders.synthetic:
        # Standard output is the id alone, for scripts.
        typer.echo(
            "The study has no synthetic set yet: train a generator on its real images from the dashboard's "
            "Generators page, or by `python -m core train`.",
            err=True,
        )


@study.command("list")
def list_(
    removed: Annotated[bool, typer.Option("--removed", help="Those that were removed.")] = False,
) -> None:
    """List studies: id, name, number of synthetic sets."""
    from core.db.studies import list_studies

    _, database = _open()
    for one in list_studies(database, removed=removed):
        typer.echo(f"{one.id}\t{one.name}\t{len(one.folders.synthetic)}")


@study.command()
def remove(name: Name) -> None:
    """Take a study off the lists; its audits and experiments stay, and `study restore` brings it back."""
    from core.db.studies import find_study, remove_study

    _, database = _open()
    remove_study(database, find_study(database, name).id)


@study.command()
def restore(
    study_id: Annotated[str, typer.Argument(metavar="ID", help="As `study list --removed` shows it.")],
) -> None:
    """Bring a removed study back."""
    from core.db.studies import restore_study

    _, database = _open()
    restore_study(database, study_id)


@study.command()
def audit(
    name: Name,
    extractor: Annotated[
        list[str] | None, typer.Option("--extractor", metavar="ID", help="Extractor; repeat for more.")
    ] = None,
    nearest_k: Annotated[
        int, typer.Option("--nearest-k", min=1, max=1000, help="k of all neighbour metrics.")
    ] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds every draw.")] = 0,
    resolution: Resolution = None,
    num_channels: Channels = None,
    intensity: IntensityText = "file",
    join_slices: JoinSlices = False,
    volume_view: VolumeViewChoice = VolumeView.TRI_PLANAR,
    class_names: Annotated[
        str | None, typer.Option("--class-names", metavar="A,B", help="Keep only these classes.")
    ] = None,
    group_by: GroupBy = None,
    bias: Annotated[
        bool,
        typer.Option("--bias", help="Find what gives a class away, and what synthetic sets inherit."),
    ] = False,
    wait: Wait = False,
) -> None:
    """Audit a study as a job, as the dashboard does; prints the job's id."""
    from core.audit.protocol import Protocol
    from core.db.studies import find_study
    from core.jobs.submission import submit_audit

    settings, database = _open()
    found = find_study(database, name)
    protocol = Protocol(
        extractors=tuple(extractor or ()),
        nearest_k=nearest_k,
        seed=seed,
        resolution=resolution,
        num_channels=parse_channels(num_channels),
        intensity=parse_intensity(intensity),
        join_slices=join_slices,
        volume_view=volume_view,
        class_names=split_names(class_names),
        group_by=tuple(group_by or ()),
        bias=bias,
    )
    job = submit_audit(database, settings, found, protocol)
    typer.echo(job.id)
    if wait:
        _wait(database, settings, job.id)


@study.command()
@with_protocol()
def utility(
    *,
    name: Name,
    kind: Annotated[
        ExperimentKind,
        typer.Option(
            "--kind", help="Synthetic images join the real ones, or the network is trained on them first."
        ),
    ],
    synthetic: Annotated[
        list[str] | None,
        typer.Option(
            "--synthetic", metavar="NAME", help="One of the study's synthetic sets; repeat for more."
        ),
    ] = None,
    protocol: UtilityProtocol,
    wait: Wait = False,
) -> None:
    """Run a utility experiment on a study as a job, as the dashboard does; prints the job's id.

    It tests on the study's held-out set. Trainings that were finished before are not run again.
    """
    from core.db.studies import find_study
    from core.jobs.submission import submit_utility

    settings, database = _open()
    found = find_study(database, name)
    if protocol.weights_file is not None:
        # The job's process works in another folder.
        protocol = protocol.model_copy(update={"weights_file": protocol.weights_file.absolute()})
    job = submit_utility(database, settings, found, kind=kind, protocol=protocol, synthetic=synthetic or ())
    typer.echo(job.id)
    if wait:
        _wait(database, settings, job.id)


def _wait(database: Database, settings: Settings, job_id: str) -> None:
    """Show a job's stages on standard error until it has ended."""
    from core.commands.terminal_progress import TerminalProgress
    from core.db.job_record import JobState
    from core.db.jobs import load_job
    from core.jobs.queue import tend_jobs

    stage, done = "", 0
    with TerminalProgress() as progress:
        while not (job := load_job(database, job_id)).state.has_ended:
            tend_jobs(database, settings)
            if job.stage != stage and job.steps_total:
                progress.start(job.stage, job.steps_total, job.unit)
                stage, done = job.stage, 0
            if job.steps_done > done:
                progress.advance(job.steps_done - done)
                done = job.steps_done
            time.sleep(_LOOK_EVERY_S)
    if job.state is not JobState.DONE:
        raise InputError(job.exit_reason)
