"""A small study below the folder root `data`, saved and audited without a browser."""

from __future__ import annotations

import secrets
from pathlib import Path

from core.audit.archive import save_audit_summary
from core.audit.protocol import Protocol
from core.audit.run import run_audit
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study
from core.jobs.job_folder import audit_folder
from core.report.writer import write_audit
from tests.images import write_images

__all__ = ["keep_audit", "keep_study", "small_folders"]

PROTOCOL = Protocol(extractors=("pixels",))


def small_folders(data: Path, *, n: int = 14) -> StudyFolders:
    """Write a real and a synthetic set of noise below `data`."""
    write_images(data / "real", n, seed=1)
    write_images(data / "gan", n - 2, seed=2)
    return StudyFolders(
        real=FolderRef(root="data", path="real"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )


def keep_study(name: str = "Films", *, n: int = 14) -> StudyRecord:
    """Save a study of the workspace's own folders."""
    settings = get_settings()
    folders = small_folders(settings.home / "data", n=n)
    return save_study(open_database(settings), name=name, folders=folders)


def keep_audit(study: StudyRecord, protocol: Protocol = PROTOCOL) -> str:
    """Audit a study in this process and keep the result; returns its id."""
    settings = get_settings()
    result = run_audit(study.folders.resolve(settings), protocol)
    audit_id = secrets.token_hex(8)
    write_audit(result, audit_folder(settings, audit_id))
    save_audit_summary(open_database(settings), result.summary, audit_id=audit_id, study_id=study.id)
    return audit_id
