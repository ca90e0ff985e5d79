"""An image set: one folder read into an ordered list of items, with everything that could not be read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from core.datasets.item_source import ItemSource
from core.images.decoded import ImageFacts
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity

__all__ = ["DuplicateGroup", "ImageSet", "Item", "Role", "UnreadableFile", "find_duplicates"]


class Role(StrEnum):
    """What an image set is in a study."""

    REAL = "real"
    HELDOUT = "heldout"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class Item:
    """One readable image or volume.

    Attributes:
        id: path relative to the set's folder, with `/`; unique in the set.
        path: where its bytes are; of a DICOM series, its first file.
        digest: SHA-256 of the file's bytes; of a series, of all its files'.
        pixel_digest: SHA-256 of its decoded pixels or voxels.
        label: class, or None.
        patient: patient id, or None.
        facts: format, size and depth of the file.
        intensity: which values are black and white wherever its pixels become numbers.
        groups: column of the labels CSV and the image's value in it, of the columns asked for; a column whose
            value is not known is left out.
        parts: the files of a DICOM series; empty where the item is one file.
    """

    id: str
    path: Path
    digest: str
    pixel_digest: str
    label: str | None
    patient: str | None
    facts: ImageFacts
    intensity: Intensity = DEFAULT_INTENSITY
    groups: tuple[tuple[str, str], ...] = ()
    parts: tuple[Path, ...] = ()

    @property
    def source(self) -> ItemSource:
        """Its files, to be read again."""
        return ItemSource(self.path, self.digest, self.facts.is_volume, self.parts)

    @property
    def group_names(self) -> tuple[str, ...]:
        """Its groups as results name them, such as `sex=F`."""
        return tuple(f"{column}={value}" for column, value in self.groups)


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that was left out, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Items that are the same picture.

    Attributes:
        members: (set name, item id) of each, two or more.
        same_bytes: whether the files are equal byte for byte, or only their pixels.
    """

    members: tuple[tuple[str, str], ...]
    same_bytes: bool


@dataclass(frozen=True, slots=True)
class ImageSet:
    """One folder of images in a fixed order.

    Attributes:
        role: what it is in the study.
        name: its name in results; `real` and `heldout`, or a synthetic set's own.
        root: its folder.
        items: readable images, ordered by id.
        unreadable: files that were left out, with reasons, ordered by id.
        warnings: one sentence each, about the set as a whole.
        values: smallest and largest grey value of its items, the medians over those deeper than 8 bits; None
            where there are none.

    Items are pictures or volumes, never both.
    """

    role: Role
    name: str
    root: Path
    items: tuple[Item, ...]
    unreadable: tuple[UnreadableFile, ...] = ()
    warnings: tuple[str, ...] = ()
    values: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_volumes(self) -> bool:
        """Whether its items are volumes."""
        return bool(self.items) and self.items[0].facts.is_volume

    @property
    def classes(self) -> tuple[str, ...]:
        """Class labels that occur, in order."""
        return tuple(sorted({item.label for item in self.items if item.label is not None}))

    @property
    def digest(self) -> str:
        """SHA-256 over ids, bytes and labels of all items; neither the folder nor groups count."""
        lines = (f"{item.id}\t{item.digest}\t{item.label or ''}\n" for item in self.items)
        return hashlib.sha256("".join(lines).encode("utf-8", "backslashreplace")).hexdigest()

    def count_groups(self) -> dict[str, int]:
        """Count images a group, in the order of columns and values; columns overlap."""
        counts = Counter(group for item in self.items for group in item.groups)
        return {f"{column}={value}": counts[column, value] for column, value in sorted(counts)}

    def count_classes(self) -> dict[str, int]:
        """Count images a class, in the order of the class names."""
        return dict(sorted(Counter(item.label for item in self.items if item.label is not None).items()))

    def with_warnings(self, warnings: Iterable[str]) -> ImageSet:
        """Return the set with more warnings."""
        return replace(self, warnings=(*self.warnings, *warnings))


def find_duplicates(sets: Sequence[ImageSet]) -> tuple[DuplicateGroup, ...]:
    """Find pictures that occur more than once, within one set or across several.

    Args:
        sets: image sets with different names.

    Returns:
        Groups of equal pixels, ordered by their first member.
    """
    places: dict[str, list[tuple[str, Item]]] = {}
    for image_set in sets:
        for item in image_set.items:
            places.setdefault(item.pixel_digest, []).append((image_set.name, item))
    return tuple(
        DuplicateGroup(
            tuple((name, item.id) for name, item in group), len({item.digest for _, item in group}) == 1
        )
        for group in places.values()
        if len(group) > 1
    )
