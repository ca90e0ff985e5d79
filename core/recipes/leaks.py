"""Pictures that stand in two parts of a split: the same file, the same pixels, or the picture altered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from core.audit.aligned_search import AlignedSearch
from core.audit.protocol import Execution
from core.config import Settings
from core.copies.repeats import are_repeats
from core.csv_text import render_csv
from core.datasets.image_set import ImageSet, Item
from core.progress import Progress

__all__ = ["LEAKS_FILE", "Leak", "LeakKind", "find_exact_leaks", "find_look_alikes", "render_leaks"]

LEAKS_FILE: Final = "leaks.csv"


class LeakKind(StrEnum):
    """In what two pictures agree."""

    FILE = "same file"
    PIXELS = "same pixels"
    LOOK_ALIKE = "look alike"


@dataclass(frozen=True, slots=True)
class Leak:
    """A picture in one part, and the one in another part that it repeats.

    Attributes:
        part: name of the part.
        item: the picture.
        other_part: name of the other part, which comes before in the split.
        other: its picture.
        kind: in what the two agree.
        distance: of detail after alignment, 0 to 2; below 0.4 the two show the same.
        transform: what turns the picture the way the other one lies.
    """

    part: str
    item: Item
    other_part: str
    other: Item
    kind: LeakKind
    distance: float = 0.0
    transform: str = ""


def find_exact_leaks(parts: Sequence[ImageSet]) -> list[Leak]:
    """Find files and pixels that stand in two parts; each picture beside the first equal one of a part.

    Args:
        parts: the parts, named.
    """
    leaks = []
    for earlier, later in combinations(parts, 2):
        files = {item.digest: item for item in reversed(earlier.items)}
        pixels = {item.pixel_digest: item for item in reversed(earlier.items)}
        for item in later.items:
            if item.digest in files:
                leaks.append(Leak(later.name, item, earlier.name, files[item.digest], LeakKind.FILE))
            elif item.pixel_digest in pixels:
                other = pixels[item.pixel_digest]
                leaks.append(Leak(later.name, item, earlier.name, other, LeakKind.PIXELS))
    return leaks


def find_look_alikes(
    parts: Sequence[ImageSet], *, execution: Execution, settings: Settings, progress: Progress
) -> list[Leak]:
    """Find pictures that repeat one of another part turned, moved, or with another contrast.

    The search is the one that audits hold synthetic and held-out images against training images with. Each
    picture is held beside its nearest one of every part before; equal pixels are left to `find_exact_leaks`.

    Args:
        parts: the parts, named; none empty.
        execution: threads, and whether results are kept in the workspace.
        settings: workspace and limits.
        progress: told of each picture; may cancel.
    """
    leaks = []
    for at, earlier in enumerate(parts[:-1]):
        search = AlignedSearch(earlier, execution=execution, settings=settings, progress=progress)
        for later in parts[at + 1 :]:
            matches = search.search(later, search.load_thumbnails(later))
            turns = matches.turns
            for row in np.flatnonzero(are_repeats(matches)).tolist():
                item, other = later.items[row], earlier.items[int(matches.real_index[row])]
                if item.pixel_digest != other.pixel_digest:
                    leaks.append(
                        Leak(
                            later.name,
                            item,
                            earlier.name,
                            other,
                            LeakKind.LOOK_ALIKE,
                            float(matches.distance[row]),
                            turns[row],
                        )
                    )
    return leaks


def render_leaks(leaks: Sequence[Leak]) -> str:
    """Write leaks as CSV, the nearest first; files as they are named below the folder of the images."""
    ordered = sorted(leaks, key=lambda leak: (leak.distance, leak.part, leak.item.id, leak.other_part))
    table = pd.DataFrame(
        {
            "part": [leak.part for leak in ordered],
            "file": [leak.item.id for leak in ordered],
            "other_part": [leak.other_part for leak in ordered],
            "other_file": [leak.other.id for leak in ordered],
            "kind": [leak.kind.value for leak in ordered],
            "distance": [round(leak.distance, 4) for leak in ordered],
            "transform": [leak.transform for leak in ordered],
        }
    )
    return render_csv(table, paths=("file", "other_file"))
