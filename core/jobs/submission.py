"""What users ask for, put into the queue: one function a kind of job, for pages and the command line."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from core.audit.protocol import Protocol
from core.bias.options import BiasChoices
from core.config import Settings
from core.crop_experiment.request import CropRequest
from core.datasets.study_folders import StudyFolders
from core.db.audits import AuditRecord
from core.db.database import Database
from core.db.experiments import EXPERIMENT_KINDS
from core.db.job_record import JobRecord
from core.db.rating_record import RatingSessionRecord
from core.db.review_record import ReviewRecord
from core.db.studies import StudyRecord
from core.jobs._submit import submit_payload
from core.jobs.audit_job import AuditPayload
from core.jobs.bias_job import BiasPayload
from core.jobs.check_job import CheckPayload
from core.jobs.cleaned_job import CleanedPayload
from core.jobs.crop_job import CropPayload
from core.jobs.demo_job import DEMO_NAME
from core.jobs.map_job import MapPayload
from core.jobs.queue import submit_job
from core.jobs.rating_job import NewSession, RatingPayload
from core.jobs.report_job import ReportFormat, ReportPayload
from core.jobs.unmade_sessions import claim_session_name
from core.jobs.utility_job import UtilityPayload
from core.maps.map_options import MapOptions
from core.rating.design import SessionDesign
from core.report.content import ReportContent
from core.utility.arms import ExperimentKind
from core.utility.presets import UtilityProtocol

__all__ = [
    "submit_audit",
    "submit_bias",
    "submit_check",
    "submit_cleaned",
    "submit_crop",
    "submit_demo",
    "submit_map",
    "submit_new_rating",
    "submit_rating",
    "submit_report",
    "submit_utility",
]


def submit_audit(database: Database, settings: Settings, study: StudyRecord, protocol: Protocol) -> JobRecord:
    """Ask for an audit of a study's folders as they are now.

    Raises:
        UnknownNameError: if the protocol names an extractor that is not there.
        DatabaseError: if the database does not answer.
    """
    payload = AuditPayload(folders=study.folders, protocol=protocol)
    return submit_payload(
        database, settings, "audit", payload, title=f"Audit of {study.name}", study_id=study.id
    )


def submit_bias(
    database: Database, settings: Settings, *, audit_id: str, study_id: str, choices: BiasChoices
) -> JobRecord:
    """Ask for an analysis of the bias of an audit's images.

    Raises:
        DatabaseError: if the database does not answer.
    """
    payload = BiasPayload(audit_id=audit_id, choices=choices)
    return submit_payload(database, settings, "bias", payload, title="Analysis of bias", study_id=study_id)


def submit_check(database: Database, settings: Settings, folders: StudyFolders) -> JobRecord:
    """Ask for every file of a study's sets to be read.

    Raises:
        DatabaseError: if the database does not answer.
    """
    return submit_payload(
        database, settings, "check", CheckPayload(folders=folders), title="Check of every file"
    )


def submit_cleaned(
    database: Database,
    settings: Settings,
    review: ReviewRecord,
    *,
    set_name: str,
    only_copies: bool = False,
    study_id: str | None = None,
) -> JobRecord:
    """Ask for a synthetic set without the copies that a review confirmed, as a folder.

    Raises:
        DatabaseError: if the database does not answer.
    """
    payload = CleanedPayload(review_id=review.id, set_name=set_name, only_copies=only_copies)
    return submit_payload(
        database, settings, "cleaned", payload, title=f"Cleaned copy of {set_name}", study_id=study_id
    )


def submit_crop(
    database: Database, settings: Settings, study: StudyRecord, request: CropRequest
) -> JobRecord:
    """Ask for a crop experiment on a study's folders as they are now.

    Raises:
        InputError: if the study has no held-out set.
        UnknownNameError: if it has no synthetic set of a name, or the protocol names no extractor.
        DatabaseError: if the database does not answer.
    """
    payload = CropPayload(folders=study.folders, request=request)
    return submit_payload(
        database, settings, "crop", payload, title=f"Crop experiment on {study.name}", study_id=study.id
    )


def submit_demo(database: Database, settings: Settings) -> JobRecord:
    """Ask for the demo.

    Raises:
        DatabaseError: if the database does not answer.
    """
    return submit_job(database, settings, kind="demo", payload={}, title=DEMO_NAME)


def submit_map(
    database: Database,
    settings: Settings,
    *,
    audit_id: str,
    study_id: str,
    extractor: str,
    options: MapOptions,
) -> JobRecord:
    """Ask for a map of an audit's feature space.

    Raises:
        DatabaseError: if the database does not answer.
    """
    payload = MapPayload(audit_id=audit_id, extractor=extractor, options=options)
    return submit_payload(
        database, settings, "map", payload, title=f"Map of {extractor} features", study_id=study_id
    )


def submit_new_rating(
    database: Database, settings: Settings, study: StudyRecord, *, name: str, design: SessionDesign
) -> JobRecord:
    """Ask for a rating session of a study's folders as they are now, whose id the payload holds.

    Raises:
        InputError: if the name is none or taken.
        UnknownNameError: if the study has no synthetic set of a name.
        ImageSetError: if held-out images are asked for and the study has none.
        DatabaseError: if the database does not answer.
    """
    name = claim_session_name(database, study.id, name)
    new = NewSession(folders=study.folders, name=name, design=design)
    payload = RatingPayload(session_id=secrets.token_hex(8), new=new)
    return submit_payload(
        database, settings, "rating", payload, title=f"Rating session {name}", study_id=study.id
    )


def submit_rating(database: Database, settings: Settings, session: RatingSessionRecord) -> JobRecord:
    """Ask for the images of a rating session to be written, so that raters can begin.

    Raises:
        DatabaseError: if the database does not answer.
    """
    payload = RatingPayload(session_id=session.id)
    title = f"Images of the rating session {session.name}"
    return submit_payload(database, settings, "rating", payload, title=title, study_id=session.study_id)


def submit_report(
    database: Database,
    settings: Settings,
    audit: AuditRecord,
    *,
    content: ReportContent,
    format: ReportFormat,
) -> JobRecord:
    """Ask for a report of a finished audit.

    Raises:
        DatabaseError: if the database does not answer.
    """
    payload = ReportPayload(audit_id=audit.id, content=content, format=format)
    return submit_payload(
        database,
        settings,
        "report",
        payload,
        title=f"Report of {audit.study_name} ({content.words}, {format.upper()})",
        study_id=audit.study_id,
    )


def submit_utility(
    database: Database,
    settings: Settings,
    study: StudyRecord,
    *,
    kind: ExperimentKind,
    protocol: UtilityProtocol,
    synthetic: Sequence[str] = (),
) -> JobRecord:
    """Ask for a utility experiment on a study's folders as they are now.

    Args:
        database: where jobs are kept.
        settings: the workspace.
        study: with a held-out set, which is the test set.
        kind: `augmentation` or `feature-extraction`.
        protocol: what decides the numbers.
        synthetic: names of the synthetic sets that take part; empty takes all.

    Raises:
        InputError: if the study has no held-out set.
        UnknownNameError: if it has no synthetic set of a name.
        DatabaseError: if the database does not answer.
    """
    payload = UtilityPayload(folders=study.folders, kind=kind, protocol=protocol, synthetic=tuple(synthetic))
    return submit_payload(
        database,
        settings,
        "utility",
        payload,
        title=f"{EXPERIMENT_KINDS[kind]} of {study.name}",
        study_id=study.id,
    )
