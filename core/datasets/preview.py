"""What is seen of a folder before a study is saved: counts, classes, a few images, and what is wrong."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from core.config import Settings
from core.datasets.dicom_series import DicomSeries, count_series
from core.datasets.folder_roots import FolderRef, resolve_folder
from core.datasets.image_set import UnreadableFile
from core.datasets.listing import list_files
from core.datasets.study_folders import confine_to_roots
from core.datasets.unscanned import look_at_files
from core.errors import ImageReadError
from core.images.decoded import ImageFacts
from core.images.encoding import encode_thumbnail

__all__ = ["FolderPreview", "Thumbnail", "preview_folder"]

_SMALL_CLASS = 10
_MOST_NAMED = 5
# A header takes about a millisecond; whoever chooses a folder waits.
_MOST_HEADERS = 500

_Element = TypeVar("_Element")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One image, made small.

    Attributes:
        id: path relative to the folder, with `/`.
        label: class, or None.
        width: columns of the image itself; of a volume, those of its axial slices.
        height: its rows.
        png: PNG file of the small picture, with the image's shape; smaller images are not enlarged. Of a
            volume, the axial slice in its middle, in square pixels.
    """

    id: str
    label: str | None
    width: int
    height: int
    png: bytes


@dataclass(frozen=True, slots=True)
class FolderPreview:
    """A first look at a folder.

    Attributes:
        ref: the folder.
        n_files: files that are not hidden, in the folder and below; images or not.
        classes: files in each sub-folder (None: directly inside), in the order of names.
        n_hidden: hidden files and folders, which are passed over.
        thumbnails: those of the files looked at that are images, in the order of ids.
        problems: what could not be listed, and those of the files looked at that cannot be read.
        n_looked_at: files that were opened; the rest may hold more problems.
        formats: files of each format among the images looked at.
        widths: smallest and largest width among them; None without any.
        heights: smallest and largest height among them; of volumes, both are those of axial slices.
        n_volumes: how many of them are volumes.
        slices: smallest and largest number of slices of these; None without any.
        series: the DICOM series that single files are slices of; None where there are none.
        warnings: one sentence each.
    """

    ref: FolderRef
    n_files: int
    classes: Mapping[str | None, int]
    n_hidden: int
    thumbnails: tuple[Thumbnail, ...]
    problems: tuple[UnreadableFile, ...]
    n_looked_at: int
    formats: Mapping[str, int]
    widths: tuple[int, int] | None
    heights: tuple[int, int] | None
    n_volumes: int
    slices: tuple[int, int] | None
    series: DicomSeries | None
    warnings: tuple[str, ...]


def preview_folder(
    ref: FolderRef,
    settings: Settings,
    *,
    n_samples: int = 12,
    budget_s: float = 1.5,
    thumbnail_px: int = 160,
) -> FolderPreview:
    """List a folder and look at a few of its files, spread evenly over its classes.

    Args:
        ref: the folder.
        settings: roots and limits.
        n_samples: files looked at, at most.
        budget_s: no further file is opened after this time; the first one always is.
        thumbnail_px: larger side of the thumbnails.

    Returns:
        The first look; the same folder gives the same one, unless time ran out.

    Raises:
        InputError: if the folder cannot be opened or leads out of its root.
    """
    folder = resolve_folder(ref, settings)
    # All roots, as when the study is audited.
    confined = confine_to_roots(settings)
    files, problems, n_hidden = list_files(folder, confined_to=confined.confined_to)
    by_class: dict[str | None, list[tuple[str, Path]]] = {}
    for item_id, path in files:
        by_class.setdefault(_label(item_id), []).append((item_id, path))
    thumbnails: list[Thumbnail] = []
    facts: list[ImageFacts] = []
    n_looked_at = 0
    deadline = time.monotonic() + budget_s
    for item_id, path in _spread(list(by_class.values()), n_samples):
        if n_looked_at and time.monotonic() >= deadline:
            break
        n_looked_at += 1
        try:
            seen = look_at_files((path,), confined)
            png = encode_thumbnail(seen.show_small(), side_px=thumbnail_px)
        except (ImageReadError, MemoryError) as error:
            problems.append(UnreadableFile(item_id, str(error) or "it does not fit into memory"))
            continue
        facts.append(seen.facts)
        thumbnails.append(Thumbnail(item_id, _label(item_id), seen.facts.width, seen.facts.height, png))
    classes = {label: len(by_class[label]) for label in sorted(by_class, key=lambda label: label or "")}
    widths, heights = [one.width for one in facts], [one.height for one in facts]
    slices = [one.slices for one in facts if one.is_volume]
    has_slices = any(one.format == "DICOM" and not one.is_volume for one in facts)
    return FolderPreview(
        ref=ref,
        n_files=len(files),
        classes=classes,
        n_hidden=n_hidden,
        thumbnails=tuple(sorted(thumbnails, key=lambda one: one.id)),
        problems=tuple(sorted(problems, key=lambda bad: bad.id)),
        n_looked_at=n_looked_at,
        formats=dict(sorted(Counter(one.format for one in facts).items())),
        widths=(min(widths), max(widths)) if facts else None,
        heights=(min(heights), max(heights)) if facts else None,
        n_volumes=len(slices),
        slices=(min(slices), max(slices)) if slices else None,
        series=count_series(files[:_MOST_HEADERS], settings=confined) if has_slices else None,
        warnings=tuple(_find_warnings(classes, facts, n_looked_at)),
    )


def _label(item_id: str) -> str | None:
    """Class of an item without a labels file, as `core.datasets.scan` takes it."""
    first, parted, _ = item_id.partition("/")
    return first if parted else None


def _spread(groups: Sequence[Sequence[_Element]], n: int) -> list[_Element]:
    """Choose at most n elements, as evenly over the groups and within each as can be, groups in turn."""
    chosen = _pick_evenly(groups, n)
    quotas = [0] * len(chosen)
    left = min(n, sum(map(len, chosen)))
    while left:
        for index, group in enumerate(chosen):
            if left and quotas[index] < len(group):
                quotas[index] += 1
                left -= 1
    picked = [_pick_evenly(group, quota) for group, quota in zip(chosen, quotas, strict=True)]
    # In turn, so that every class is seen also where time runs out.
    return [one for turn in zip_longest(*picked) for one in turn if one is not None]


def _pick_evenly(elements: Sequence[_Element], n: int) -> Sequence[_Element]:
    if len(elements) <= n:
        return elements
    return [elements[(2 * index + 1) * len(elements) // (2 * n)] for index in range(n)]


def _find_warnings(
    classes: Mapping[str | None, int], facts: Sequence[ImageFacts], n_looked_at: int
) -> list[str]:
    n_files, warnings = sum(classes.values()), []
    if n_files < 2:
        count = "one file" if n_files else "no files"
        warnings.append(f"The folder holds {count}; an image set needs at least two images.")
    if n_looked_at and not facts:
        warnings.append(f"None of the files looked at ({n_looked_at} of {n_files}) can be read as an image.")
    n_volumes = sum(one.is_volume for one in facts)
    if 0 < n_volumes < len(facts):
        warnings.append(
            f"{n_volumes} of the {len(facts)} files looked at are volumes, the others are pictures: a set "
            "holds one kind, so the rarer one would be left out."
        )
    elif not n_volumes and len(sizes := sorted({(one.width, one.height) for one in facts})) > 1:
        first, last = (f"{width}×{height}" for width, height in (sizes[0], sizes[-1]))
        warnings.append(f"The images looked at have {len(sizes)} sizes, from {first} to {last}.")
    kinds = sorted({(one.bit_depth, one.channels) for one in facts})
    if len(kinds) > 1:
        named = ", ".join(f"{depth}-bit {'grey' if n == 1 else 'colour'}" for depth, n in kinds)
        what = "volumes" if n_volumes == len(facts) else "images"
        warnings.append(f"The {what} looked at differ in depth or colour: {named}.")
    small = [f"{label} ({n})" for label, n in classes.items() if label is not None and n < _SMALL_CLASS]
    if small:
        more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
        warnings.append(
            f"Fewer than {_SMALL_CLASS} files in {', '.join(small[:_MOST_NAMED])}{more}; values of so small "
            "a class are uncertain."
        )
    return warnings
