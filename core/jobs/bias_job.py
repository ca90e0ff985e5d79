"""A job that analyses the bias of an audited study, for an audit that did not, or with other options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.audit.archive import load_audit_summary
from core.bias.options import BiasChoices
from core.config import Settings
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.db.audits import AuditRecord
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.jobs import load_job
from core.db.studies import load_study
from core.errors import InputError, UnknownNameError
from core.jobs._payload import parse_payload
from core.jobs.audit_job import AuditPayload
from core.jobs.job_folder import audit_folder
from core.progress import Progress

__all__ = ["BiasJob", "BiasPayload", "analyse_audit"]


class BiasPayload(BaseModel):
    """What an analysis of bias was asked.

    Attributes:
        audit_id: a finished audit.
        choices: what decides the numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    audit_id: str
    choices: BiasChoices = BiasChoices()


class BiasJob:
    """Analyses the bias of an audit's images into the audit's folder, confined to the folder roots."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that asks for no analysis."""
        parse_payload(BiasPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Analyse; what is there already with these choices stays as it is."""
        asked = parse_payload(BiasPayload, job.payload)
        key = analyse_audit(
            database, asked.audit_id, asked.choices, settings=confine_to_roots(settings), progress=progress
        )
        return {"audit_id": asked.audit_id, "bias": key}


def analyse_audit(
    database: Database, audit_id: str, choices: BiasChoices, *, settings: Settings, progress: Progress
) -> str:
    """Analyse the bias of an audit's images; what is there already with these choices stays as it is.

    Args:
        database: where the audit and its study are kept.
        audit_id: a finished audit.
        choices: what decides the numbers.
        settings: the workspace; confined where the audit was.
        progress: told about every stage; may cancel.

    Returns:
        Name of the analysis in the audit's folder of analyses.

    Raises:
        UnknownNameError: if there is no such audit.
        InputError: if the study's images are not the audit's any more, or the folder cannot be written.
        ImageSetError: if there are fewer than two classes.
        TooFewImagesError: if the real set has too few images of a class.
        DatabaseError: if the database does not answer.
        CancelledError: if progress says so.
    """
    from core.audit.rescan import rescan_study
    from core.bias.archive import BIAS_FOLDER, load_bias
    from core.bias.attribution_archive import load_attribution
    from core.bias.heatmap import analyse_bias
    from core.bias.writer import write_bias
    from core.output_folder import check_output_folder

    document, summary = load_audit_summary(database, audit_id)
    folder = audit_folder(settings, audit_id) / BIAS_FOLDER / choices.key
    is_analysed = _is_readable(load_bias, folder)
    is_explained = is_analysed and _is_readable(load_attribution, folder)
    if is_analysed and (is_explained or not choices.attribution):
        return choices.key
    check_output_folder(folder)
    folders = _find_folders(database, document.record)
    sets = rescan_study(folders.resolve(settings), summary, settings=settings, progress=progress)
    if not is_analysed:
        write_bias(analyse_bias(sets, choices.build_options(), settings=settings, progress=progress), folder)
    if choices.attribution:
        from core.bias.attribution_analysis import add_attribution
        from core.bias.attribution_options import AttributionOptions

        asked = AttributionOptions(seed=choices.seed)
        add_attribution(folder, sets, asked, settings=settings, progress=progress)
    return choices.key


def _is_readable(load: Callable[[Path], object], folder: Path) -> bool:
    """Whether a result is there; what is damaged is made anew."""
    try:
        return load(folder) is not None
    except InputError:
        return False


def _find_folders(database: Database, audit: AuditRecord) -> StudyFolders:
    """The folders that the audit was asked for; where its job does not name them, the study's own."""
    try:
        job = load_job(database, audit.id)
    except UnknownNameError:
        job = None
    if job is not None and job.kind == "audit":
        return parse_payload(AuditPayload, job.payload).folders
    return load_study(database, audit.study_id).folders
