"""`python -m core job`: list, follow, cancel and run jobs without a browser."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from core.errors import CancelledError, InputError

__all__ = ["job"]

job = typer.Typer(help="List, follow, cancel and run jobs.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, as `job list` shows it.")]


@job.command("list")
def list_(
    active: Annotated[bool, typer.Option("--active", help="Only those that wait or run.")] = False,
) -> None:
    """List jobs, newest first."""
    from core.config import get_settings
    from core.db.database import open_database
    from core.db.jobs import list_jobs
    from core.jobs.queue import tend_jobs

    settings = get_settings()
    database = open_database(settings)
    tend_jobs(database, settings)
    for one in list_jobs(database, active=active):
        step = f"{one.stage} {one.steps_done:,}/{one.steps_total:,}" if one.state.value == "running" else ""
        typer.echo("\t".join((one.id, one.state.value, one.kind, one.title, one.exit_reason or step)))


@job.command()
def log(job_id: JobId) -> None:
    """Print the end of a job's log."""
    from core.config import get_settings
    from core.db.database import open_database
    from core.db.jobs import load_job
    from core.jobs.job_folder import read_log_tail

    settings = get_settings()
    load_job(open_database(settings), job_id)
    typer.echo(read_log_tail(settings, job_id), nl=False)


@job.command()
def cancel(job_id: JobId) -> None:
    """Ask a job to stop; what it finished is kept."""
    from core.config import get_settings
    from core.db.database import open_database
    from core.jobs.queue import cancel_job

    settings = get_settings()
    one = cancel_job(open_database(settings), settings, job_id)
    typer.echo(f"{one.id}\t{one.state.value}" + ("" if one.state.has_ended else ", stopping"))


@job.command()
def rerun(job_id: JobId) -> None:
    """Ask again for what an ended job was asked."""
    from core.config import get_settings
    from core.db.database import open_database
    from core.jobs.queue import rerun_job

    settings = get_settings()
    typer.echo(rerun_job(open_database(settings), settings, job_id).id)


@job.command()
def run(job_id: JobId) -> None:
    """Run a waiting job in this process; what the dashboard starts for every job."""
    import os

    from core.config import get_settings
    from core.db.database import open_database
    from core.db.job_record import JobState
    from core.db.jobs import load_job
    from core.jobs.runner import run_job

    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("medsynaudit").setLevel(logging.INFO)
    if hasattr(os, "nice"):
        # Pages must answer while jobs work.
        os.nice(5)
    settings = get_settings()
    database = open_database(settings)
    state = run_job(database, settings, job_id)
    if state is JobState.CANCELLED:
        raise CancelledError
    if state is not JobState.DONE:
        raise InputError(load_job(database, job_id).exit_reason)
