"""A study's generators in a table, with what runs now and what was removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.generator_runs import GeneratorRun, list_generator_runs, restore_generator_run
from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.errors import InputError, MedSynError
from core.generators.families import FAMILIES
from core.generators.run_folder import RunFolder
from core.generators.standing import Standing, describe_standing
from core.jobs.description import describe_job
from core.jobs.job_folder import generator_folder
from pages._shared.job_progress import show_active_jobs
from pages._shared.names import escape_markdown, show_name
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["lay_out_generators", "show_generators"]

_COLUMNS: Final = (
    Column("name", "Generator", "Opens its losses, samples and drawn sets.", width=200),
    Column("family", "Family"),
    Column("preset", "Preset", "Where its settings began; options that differ stand on its page."),
    Column("standing", "Training", "By its last checkpoint, in images shown to its networks."),
    Column("share", "Trained", "Share of all images to be shown, every phase counted.", kind="number"),
    Column("job", "Last job", "How its last training job stands or ended."),
    Column("made", "Made", kind="time"),
)  # fmt: skip


def show_generators(database: Database, settings: Settings, study: StudyRecord) -> None:
    """Show a study's generators, newest first, below what is trained and drawn now."""
    show_active_jobs(study_id=study.id, kind="train")
    show_active_jobs(study_id=study.id, kind="generate")
    runs = list_generator_runs(database, study.id)
    if runs:
        table = lay_out_generators(runs, _find_standings(settings, runs), _find_last_jobs(database, study.id))
        opened = show_table(table, key="generators", file_name="generators.csv", height_px=420)
        if opened:
            st.query_params.from_dict({"study": study.id, "run": opened})
            st.rerun()
    else:
        st.markdown(
            "No generator of this study yet. One that learns from the real images draws synthetic ones. An "
            "audit then says whether these look real, how varied they are, and whether they copy patients' "
            "images."
        )
    _show_removed(database, study.id)


def lay_out_generators(
    runs: Sequence[GeneratorRun],
    standings: Mapping[str, Standing | str],
    last_jobs: Mapping[str, JobRecord],
) -> Table:
    """One row a generator, whose action is its id.

    Args:
        runs: newest first.
        standings: by generator's id; a sentence where its files cannot be read.
        last_jobs: newest training job by generator's id.
    """
    rows = []
    for run in runs:
        standing, job = standings[run.id], last_jobs.get(run.id)
        cells = {
            "name": Cell(show_name(run.name), tooltip="Open it.", action=run.id),
            "family": Cell(FAMILIES[run.family].title if run.family in FAMILIES else run.family),
            "preset": Cell(run.preset or "trained elsewhere"),
            "standing": Cell(_describe(standing, job)),
            "made": Cell("", run.created_at.isoformat()),
        }
        if not isinstance(standing, str):
            # Rounded down: what is not done is never said to be all of it.
            percent = int(100 * standing.share)
            cells["share"] = Cell(f"{percent} %", percent)
        if job is not None:
            about = describe_job(job, datetime.now(UTC))
            cells["job"] = Cell(about.word, tooltip=job.exit_reason)
        rows.append((run.id, cells))
    return Table(_COLUMNS, tuple(rows))


def _describe(standing: Standing | str, job: JobRecord | None) -> str:
    if isinstance(standing, str):
        return standing
    if standing.is_complete:
        return "Done"
    phase = standing.current
    is_active = job is not None and not job.state.has_ended
    if phase is None or not standing.has_begun:
        return "Begins" if is_active else "Not begun"
    several = f" of {phase.name}" if len(standing.phases) > 1 else ""
    place = f"{phase.images_seen:,} of {phase.n_images:,} images{several}"
    return place if is_active else f"Stopped at {place}"


def _find_standings(settings: Settings, runs: Sequence[GeneratorRun]) -> dict[str, Standing | str]:
    found: dict[str, Standing | str] = {}
    for run in runs:
        try:
            found[run.id] = describe_standing(RunFolder(generator_folder(settings, run.id)))
        except MedSynError as error:
            # One that is damaged hides no other.
            found[run.id] = str(error)
    return found


def _find_last_jobs(database: Database, study_id: str) -> dict[str, JobRecord]:
    """The newest training job of each generator, by the generator's id."""
    jobs = list_jobs(database, study_id=study_id, kind="train", limit=2_000)
    return {str(job.payload.get("run_id")): job for job in reversed(jobs)}


def _show_removed(database: Database, study_id: str) -> None:
    removed = list_generator_runs(database, study_id, removed=True)
    if not removed:
        return
    with st.expander(f"Removed generators ({len(removed)})"):
        for run in removed:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(show_name(run.name))
                if not st.button("Restore", key=f"restore_{run.id}", icon=":material/undo:"):
                    continue
                try:
                    restore_generator_run(database, run.id)
                except InputError as error:
                    st.error(escape_markdown(str(error)))
                else:
                    st.rerun()
