"""Writes a split collection: claims the folder, places the images, and lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from core.config import Settings
from core.output_folder import cannot_write
from core.progress import Progress
from core.recipes.claim import claim_folder
from core.recipes.part_folders import SplitImage, list_placements, write_labels
from core.recipes.patient_keys import make_patient_keys
from core.recipes.placing import Placed, PlacingMode, place_files

__all__ = ["write_parts"]


def write_parts(
    images: Sequence[SplitImage],
    folder: Path,
    *,
    mode: PlacingMode,
    columns: Sequence[str],
    keep_patient_ids: bool,
    roots: tuple[Path, ...],
    settings: Settings,
    progress: Progress,
) -> tuple[list[SplitImage], Placed]:
    """Write images, part by part, and `labels.csv`.

    Args:
        images: what goes where.
        folder: a new or empty folder, or one that the same split began.
        mode: copies, links or the list alone.
        columns: further columns of the list.
        keep_patient_ids: whether the list holds ids as they are.
        roots: images outside of these folders are not read; empty allows all.
        settings: the workspace whose key patients' ids are keyed by.
        progress: told of each image; may cancel.

    Returns:
        The images that could be read, and what was done.

    Raises:
        InputError: if something else is in the folder, or it cannot be written.
        StoreError: if the workspace's key cannot be read or made.
        CancelledError: if progress says so; what was placed stays.
    """
    show_patient = str if keep_patient_ids else make_patient_keys(settings)
    decided = (mode.value, keep_patient_ids, tuple(columns), sorted(map(repr, images)))
    claim_folder(folder, hashlib.sha256(repr(decided).encode("utf-8", "backslashreplace")).hexdigest())
    placements = list_placements(images)
    placed = place_files(placements, folder, mode=mode, roots=roots, progress=progress)
    failed = {target for target, _ in placed.failed}
    kept = [image for image, one in zip(images, placements, strict=True) if one.target not in failed]
    try:
        write_labels(kept, folder, mode=mode, columns=columns, show_patient=show_patient)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return kept, placed
