"""Reads the image sets of a finished audit again, with patients and formats that its own list lacks."""

from __future__ import annotations

from core.audit.policy import read_policy
from core.audit.result import AuditSummary
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import InputError
from core.progress import Progress

__all__ = ["rescan_study"]


def rescan_study(
    study: Study,
    summary: AuditSummary,
    *,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> list[ImageSet]:
    """Scan the folders of an audited study, and make sure that they hold what was audited.

    Args:
        study: its folders.
        summary: what the audit recorded.
        workers: decoding threads; None takes one a core, at most eight.
        settings: limits and workspace; confined where the audit was.
        progress: told about every file; may cancel.

    Returns:
        The audit's sets in its order, image by image and class by class as it saw them.

    Raises:
        InputError: if a set is not the audit's any more.
        ImageSetError: if a set or the labels cannot be used.
        CancelledError: if progress says so.
    """
    sets = scan_study(
        study,
        class_names=tuple(summary.protocol.choices.get("class_names") or ()),
        # Audits of earlier versions had no choice.
        intensity=read_policy(summary.protocol.choices),
        join_slices=bool(summary.protocol.choices.get("join_slices")),
        workers=workers,
        settings=settings,
        progress=progress,
    )
    audited = {one.name: one.digest for one in summary.sets}
    found = {one.name: one.digest for one in sets}
    changed = [name for name in {**audited, **found} if audited.get(name) != found.get(name)]
    if changed:
        raise InputError(
            f"The images or classes of {', '.join(changed)} are not those that the audit saw; run a new "
            "audit."
        )
    return sets
