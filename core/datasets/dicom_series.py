"""Tells that single DICOM files are slices of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.config import Settings
from core.datasets.entries import join_series
from core.progress import Progress, SilentProgress

__all__ = ["DicomSeries", "count_series"]


class DicomSeries(BaseModel):
    """Series whose slices are one file each, as far as headers were read.

    Attributes:
        n_series: volumes of at least two slices.
        n_slices: their files.
        n_read: files whose headers were looked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_series: int
    n_slices: int
    n_read: int


def count_series(
    files: Sequence[tuple[str, Path]], *, settings: Settings, progress: Progress | None = None
) -> DicomSeries | None:
    """Count the volumes that files would be joined to; None where there is none.

    Args:
        files: id and path of each file.
        settings: limits, and the workspace whose key identifiers are hashed with.
        progress: told about every file; may cancel.

    Raises:
        CancelledError: if progress says so.
    """
    entries, _ = join_series(files, settings=settings, progress=progress or SilentProgress())
    slices = [len(entry.paths) for entry in entries if len(entry.paths) > 1]
    return DicomSeries(n_series=len(slices), n_slices=sum(slices), n_read=len(files)) if slices else None
