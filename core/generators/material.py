"""What a study's real set offers to train on, as far as names and a few headers tell; loads no torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.config import Settings
from core.datasets.folder_roots import FolderRef, resolve_file, resolve_folder
from core.datasets.labels import load_labels
from core.datasets.listing import list_files
from core.datasets.preview import preview_folder
from core.datasets.study_folders import confine_to_roots
from core.images.overview import LARGEST_CELL, MOST_SLICES

__all__ = ["TrainingMaterial", "look_at_material"]

_N_SAMPLES: Final = 6
_BUDGET_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class TrainingMaterial:
    """A first look at training images; most are not opened.

    Attributes:
        n_files: files of the set, images or not.
        classes: files of each class, in the order of names; empty without classes.
        n_unlabelled: files without a class.
        largest_px: larger side of the largest image, or montage, among a few that were opened; 0 where none
            could be.
        has_volumes: whether these are volumes, which are learned as montages.
    """

    n_files: int
    classes: Mapping[str, int]
    n_unlabelled: int
    largest_px: int
    has_volumes: bool = False

    def count(self, classes: Sequence[str] = ()) -> int:
        """Count the files of some classes; none named counts all files."""
        return sum(self.classes.get(name, 0) for name in classes) if classes else self.n_files


def look_at_material(real: FolderRef, labels: FolderRef | None, settings: Settings) -> TrainingMaterial:
    """Look at a real set and its labels.

    Raises:
        InputError: if the folder or the labels file cannot be opened or leads out of its root.
        ImageSetError: if the labels file cannot be read.
    """
    seen = preview_folder(real, settings, n_samples=_N_SAMPLES, budget_s=_BUDGET_S)
    counts: Mapping[str | None, int] = seen.classes
    if labels is not None:
        confined = confine_to_roots(settings).confined_to
        table = load_labels(resolve_file(labels, settings), confined)
        if table.has_labels:
            folder = resolve_folder(real, settings)
            rows = (table.find(folder, name) for name, _ in list_files(folder, confined_to=confined)[0])
            counts = Counter(None if row is None else row.label for row in rows)
    sides = [*(seen.widths or ()), *(seen.heights or ())]
    if seen.slices is not None:
        # As `core.images.overview` lays a montage out.
        beside = min(math.isqrt(seen.slices[1]), math.isqrt(MOST_SLICES))
        sides = [beside * min(side, LARGEST_CELL) for side in sides]
    return TrainingMaterial(
        n_files=seen.n_files,
        classes={name: counts[name] for name in sorted(name for name in counts if name is not None)},
        n_unlabelled=counts.get(None, 0),
        largest_px=max(sides, default=0),
        has_volumes=2 * seen.n_volumes > len(seen.thumbnails),
    )
