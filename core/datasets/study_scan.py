"""Reads all sets of a study, or of one that has no synthetic set yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from core.config import Settings
from core.datasets.groups import assign_groups
from core.datasets.image_set import ImageSet, Role
from core.datasets.labels import LabelTable, load_labels
from core.datasets.scan import scan_image_set
from core.datasets.study import Study
from core.errors import ImageSetError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.progress import Progress

__all__ = ["scan_real_sets", "scan_study"]


def scan_study(
    study: Study,
    *,
    class_names: Sequence[str] = (),
    group_by: Sequence[str] = (),
    intensity: Intensity = DEFAULT_INTENSITY,
    join_slices: bool = False,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> list[ImageSet]:
    """Read the real set, the held-out set where there is one, and the synthetic sets, in this order.

    Args:
        study: the sets.
        class_names: keep only these classes; empty keeps all.
        group_by: columns of the labels CSV whose values become the images' groups.
        intensity: which values are black and white, for all sets alike.
        join_slices: whether the DICOM slices of one series are one volume, not a picture each.
        workers: decoding threads; None takes one a core, at most eight.
        settings: limits and workspace.
        progress: told about every file; may cancel.

    Raises:
        ImageSetError: if a set or the labels cannot be used.
        CancelledError: if progress says so.
    """
    if group_by and study.labels is None:
        raise ImageSetError(
            f"Groups by {', '.join(map(repr, group_by))} are read from a labels CSV, and none is given; name "
            "one that has the columns."
        )
    labels = None
    if study.labels is not None:
        labels = load_labels(study.labels, settings.confined_to, group_by=group_by)
    sources = _list_real_sets(study.real, study.heldout)
    sources += [(Role.SYNTHETIC, source.name, source.folder) for source in study.synthetic]
    sets = _scan_sets(
        sources,
        labels,
        class_names=class_names,
        intensity=intensity,
        join_slices=join_slices,
        workers=workers,
        settings=settings,
        progress=progress,
    )
    return assign_groups(sets, labels) if labels is not None and group_by else sets


def scan_real_sets(
    *,
    real: Path,
    heldout: Path | None,
    labels: Path | None,
    join_slices: bool = False,
    settings: Settings,
    progress: Progress,
) -> list[ImageSet]:
    """Read the real set, and the held-out set where there is one, of a study without synthetic sets.

    Args:
        real: folder of the real set.
        heldout: folder of real images of other patients, or None.
        labels: CSV of file and label, or None.
        join_slices: whether the DICOM slices of one series are one volume, not a picture each.
        settings: limits and workspace.
        progress: told about every file; may cancel.

    Raises:
        ImageSetError: if a set or the labels cannot be used.
        CancelledError: if progress says so.
    """
    table = None if labels is None else load_labels(labels, settings.confined_to)
    return _scan_sets(
        _list_real_sets(real, heldout),
        table,
        join_slices=join_slices,
        settings=settings,
        progress=progress,
    )


def _list_real_sets(real: Path, heldout: Path | None) -> list[tuple[Role, str, Path]]:
    sources = [(Role.REAL, "real", real)]
    return sources if heldout is None else [*sources, (Role.HELDOUT, "heldout", heldout)]


def _scan_sets(
    sources: Sequence[tuple[Role, str, Path]],
    labels: LabelTable | None,
    *,
    class_names: Sequence[str] = (),
    intensity: Intensity = DEFAULT_INTENSITY,
    join_slices: bool = False,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> list[ImageSet]:
    return [
        scan_image_set(
            folder,
            role=role,
            name=name,
            labels=labels,
            class_names=class_names,
            intensity=intensity,
            join_slices=join_slices,
            workers=min(8, os.cpu_count() or 1) if workers is None else workers,
            settings=settings,
            progress=progress,
        )
        for role, name, folder in sources
    ]
