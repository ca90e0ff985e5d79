"""Where a generator of the workspace stands: its checkpoints, its losses and its last training job."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import Settings
from core.db.database import Database
from core.db.generator_runs import GeneratorRun
from core.db.job_record import JobRecord, JobState
from core.generators.history import HistoryRow, read_history
from core.generators.run_folder import RunFolder
from core.generators.standing import Standing, describe_standing
from core.jobs.generator_jobs import list_generator_jobs
from core.jobs.job_folder import generator_folder

__all__ = ["GeneratorState", "describe_losses", "describe_state", "load_generator_state"]


@dataclass(frozen=True, slots=True)
class GeneratorState:
    """What is known of a generator now.

    Attributes:
        folder: where its files lie.
        standing: how far it has come by its checkpoints.
        rows: its losses, in the order of training.
        job: its newest training job, or None.
    """

    folder: RunFolder
    standing: Standing
    rows: tuple[HistoryRow, ...]
    job: JobRecord | None

    @property
    def is_active(self) -> bool:
        """Whether a job that trains it waits or runs."""
        return self.job is not None and not self.job.state.has_ended

    @property
    def images_seen(self) -> int:
        """Images that the current phase has seen: by its checkpoint, or its losses while it is trained."""
        phase = self.standing.current
        if phase is None:
            return 0
        last = self.last_row
        live = last.images if self.is_active and last is not None and last.phase == phase.name else 0
        return max(phase.images_seen, live)

    @property
    def last_row(self) -> HistoryRow | None:
        """The last losses; None before there are any."""
        return self.rows[-1] if self.rows else None


def load_generator_state(database: Database, settings: Settings, run: GeneratorRun) -> GeneratorState:
    """Read where a generator stands.

    Raises:
        InputError: if its files are damaged or of another version.
        UnknownNameError: if its family is not there.
        DatabaseError: if the database does not answer.
    """
    folder = RunFolder(generator_folder(settings, run.id))
    jobs = list_generator_jobs(database, run, kind="train")
    return GeneratorState(
        folder=folder,
        standing=describe_standing(folder),
        rows=tuple(read_history(folder.history_path)),
        job=jobs[0] if jobs else None,
    )


def describe_state(state: GeneratorState) -> str:
    """Say in one or two sentences where a generator stands."""
    standing, phase = state.standing, state.standing.current
    if not standing.phases:
        return "Its training begins." if state.is_active else "It is not trained yet."
    if phase is None:
        return f"It is trained to its end: {_list_phases(standing)}.{_tell_last(state)}"
    place = [one.name for one in standing.phases].index(phase.name) + 1
    many = f", phase {place} of {len(standing.phases)}" if len(standing.phases) > 1 else ""
    seen = state.images_seen
    # Rounded down: what is not done is never said to be all of it.
    share = f"{int(100 * min(seen / phase.n_images, 1.0))} %"
    begun = f"{phase.name}{many}: {seen:,} of {phase.n_images:,} images seen ({share})"
    if state.is_active:
        return f"In training. {begun}.{_tell_last(state)}"
    return f"Its training is not over. {begun}.{_tell_last(state)}"


def describe_losses(row: HistoryRow) -> str:
    """Write a row's losses in one line, as `generator 1.23, discriminator 0.456`."""
    return ", ".join(f"{name} {value:.3g}" for name, value in row.losses.items())


def _list_phases(standing: Standing) -> str:
    return ", ".join(f"{one.images_seen:,} images of {one.name}" for one in standing.phases)


def _tell_last(state: GeneratorState) -> str:
    row = state.last_row
    if row is None:
        return ""
    job: JobRecord | None = state.job
    speed = f"; {row.images_per_second:,.0f} images/s" if job and job.state is JobState.RUNNING else ""
    return f" Last losses: {describe_losses(row)}{speed}."
