"""What a study's sets say about each other before any number is computed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from core.audit.result import Duplicates, SetSummary, UnreadableRecord
from core.audit.set_warnings import (
    title_set,
    warn_of_classes,
    warn_of_shapes,
    warn_of_sizes,
    warn_of_spacing,
    warn_of_values,
)
from core.datasets.groups import list_groups
from core.datasets.image_set import ImageSet, Role, find_duplicates
from core.errors import InputError
from core.images.decoded import ImageFacts

__all__ = ["check_study", "find_shared", "summarise_set"]

_LOSSY = {"JPEG", "WEBP"}


def summarise_set(image_set: ImageSet) -> SetSummary:
    """Describe one image set for the result."""
    widths = [item.facts.width for item in image_set.items]
    heights = [item.facts.height for item in image_set.items]
    formats = Counter(_describe(item.facts) for item in image_set.items)
    return SetSummary(
        role=image_set.role.value,
        name=image_set.name,
        folder=os.fsencode(image_set.root).decode("utf-8", "backslashreplace"),
        n=len(image_set),
        digest=image_set.digest,
        classes=image_set.count_classes(),
        groups={name: image_set.count_groups()[name] for name in list_groups(image_set)},
        formats=dict(formats.most_common()),
        sizes=((min(widths), min(heights)), (max(widths), max(heights))),
        slices=_range_slices(image_set),
        spacing_mm=_range_spacing(image_set),
        unreadable=tuple(UnreadableRecord(file=bad.id, reason=bad.reason) for bad in image_set.unreadable),
        duplicates=_records([image_set], qualify=False),
        warnings=image_set.warnings,
    )


def find_shared(sets: Sequence[ImageSet]) -> tuple[Duplicates, ...]:
    """Find pictures that stand in more than one set."""
    return tuple(
        record
        for record in _records(sets, qualify=True)
        if len({member.split("/", 1)[0] for member in record.members}) > 1
    )


def check_study(sets: Sequence[ImageSet], shared: Sequence[Duplicates]) -> tuple[str, ...]:
    """Say in one sentence each what makes the sets' numbers hard to compare.

    Args:
        sets: the study's sets, the real one first.
        shared: pictures that stand in more than one of them.

    Raises:
        InputError: if some sets hold volumes and others pictures.
    """
    real, others = sets[0], sets[1:]
    for other in others:
        if other.has_volumes != real.has_volumes:
            kinds = ("volumes", "pictures") if other.has_volumes else ("pictures", "volumes")
            raise InputError(
                f"{_title(other)} holds {kinds[0]}, the real set {kinds[1]}: an audit compares volumes with "
                "volumes and pictures with pictures. Pictures of volumes are made by `python -m core dataset "
                "montage`, volumes of DICOM slices by --join-slices."
            )
    warnings = []
    for other in others:
        warnings += _format_warnings(real, other)
        if real.classes and other.classes and set(real.classes) != set(other.classes):
            warnings.append(warn_of_classes(_title(other), other.classes, real.classes))
    for other in others:
        warnings += _overlap_warnings(other, shared)
    heldout = next((other for other in others if other.role is Role.HELDOUT), None)
    if heldout is not None:
        patients = {item.patient for item in real.items} & {item.patient for item in heldout.items} - {None}
        if patients:
            warnings.append(
                f"{len(patients)} patients have images in both the real and the held-out set: held-out "
                "images are then no fair null for privacy."
            )
    return tuple(warnings)


def _records(sets: Sequence[ImageSet], *, qualify: bool) -> tuple[Duplicates, ...]:
    return tuple(
        Duplicates(
            members=tuple(f"{name}/{item}" if qualify else item for name, item in group.members),
            same_bytes=group.same_bytes,
        )
        for group in find_duplicates(sets)
    )


def _describe(facts: ImageFacts) -> str:
    return f"{facts.format} {facts.bit_depth}-bit {'grey' if facts.channels == 1 else 'colour'}"


def _title(image_set: ImageSet) -> str:
    return title_set(image_set.role.value, image_set.name)


def _format_warnings(real: ImageSet, other: ImageSet) -> list[str]:
    """Differences of files that move distances by themselves, whatever the pictures show."""
    warnings = []
    ours, theirs = [item.facts for item in real.items], [item.facts for item in other.items]

    def differ(what: str, why: str, key: object) -> None:
        assert callable(key)
        here, there = Counter(map(key, ours)), Counter(map(key, theirs))
        if set(here) != set(there):
            warnings.append(
                f"{_title(other)} and the real set differ in {what} "
                f"({_shares(there)} against {_shares(here)}): {why}"
            )

    differ(
        "file format",
        "lossy compression alone moves every distance.",
        lambda facts: facts.format if facts.format in _LOSSY else "lossless",
    )
    # Volumes follow a window or percentiles at every depth.
    if not real.has_volumes or real.items[0].intensity.is_left_to_files:
        differ(
            "bit depth",
            "deeper images are scaled by their own range, 8-bit ones are not.",
            lambda facts: f"{facts.bit_depth}-bit",
        )
    differ(
        "channels",
        "use --num-channels 1 to compare them as grey images.",
        lambda facts: "grey" if facts.channels == 1 else "colour",
    )
    if (warning := warn_of_values(_title(other), other.values, real.values)) is not None:
        warnings.append(warning)
    if real.has_volumes:
        found = (
            warn_of_shapes(_title(other), _range_shapes(theirs), _range_shapes(ours)),
            warn_of_spacing(_title(other), _range_spacing(other), _range_spacing(real)),
        )
        warnings += [warning for warning in found if warning is not None]
    elif {(facts.width, facts.height) for facts in ours}.isdisjoint(
        (facts.width, facts.height) for facts in theirs
    ):
        warnings.append(warn_of_sizes(_title(other)))
    return warnings


def _range_slices(image_set: ImageSet) -> tuple[int, int] | None:
    if not image_set.has_volumes:
        return None
    return _range_shapes([item.facts for item in image_set.items])[0]


def _range_shapes(facts: Sequence[ImageFacts]) -> list[tuple[int, int]]:
    """Smallest and largest number of slices, of rows and of columns."""
    sides = zip(*((one.slices, one.height, one.width) for one in facts), strict=True)
    return [(min(side), max(side)) for side in sides]


def _range_spacing(
    image_set: ImageSet,
) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """Smallest and largest distance between slices, rows and columns, where every volume tells."""
    spacings = [item.facts.spacing_mm for item in image_set.items if item.facts.spacing_mm is not None]
    if not image_set.has_volumes or len(spacings) < len(image_set):
        return None
    slices, rows, columns = zip(*spacings, strict=True)
    return (min(slices), min(rows), min(columns)), (max(slices), max(rows), max(columns))


def _shares(counts: Counter[str]) -> str:
    total = sum(counts.values())
    return ", ".join(f"{100 * count / total:.0f} % {name}" for name, count in counts.most_common(3))


def _overlap_warnings(other: ImageSet, shared: Sequence[Duplicates]) -> list[str]:
    """Pictures of this set that also stand in the real or, for synthetic sets, the held-out set."""
    warnings = []
    for reference, title in (("real", "the real set"), ("heldout", "the held-out set")):
        if reference == other.name:
            continue
        count = 0
        for record in shared:
            owners = [member.split("/", 1)[0] for member in record.members]
            if reference in owners:
                count += owners.count(other.name)
        if count:
            pictures = "1 picture of it also stands" if count == 1 else f"{count} pictures of it also stand"
            warnings.append(f"{_title(other)} is not separate: {pictures} in {title}, pixel for pixel.")
    return warnings
