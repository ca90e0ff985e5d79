"""Splits any folder of images by patient, and looks for pictures that stand in two parts."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.audit.aligned_search import AlignedSearch, number_groups
from core.audit.protocol import Execution
from core.config import Settings
from core.datasets.image_set import ImageSet, Item, Role
from core.datasets.labels import LabelTable, load_labels
from core.datasets.scan import scan_image_set
from core.errors import InputError, TooFewImagesError
from core.output_folder import cannot_write, replace_text
from core.progress import Progress
from core.recipes.claim import check_folder
from core.recipes.image_names import locate
from core.recipes.leaks import LEAKS_FILE, Leak, find_exact_leaks, find_look_alikes, render_leaks
from core.recipes.part_folders import SplitImage
from core.recipes.part_writer import write_parts
from core.recipes.parts import Part
from core.recipes.placing import PlacingMode
from core.recipes.recipe_report import RecipeReport, write_report
from core.recipes.split import assign_parts
from core.recipes.split_report import report_split

__all__ = ["SplitRequest", "split_folder"]


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What is asked for.

    Attributes:
        images: folder of the images; without labels in a CSV, its sub-folders are classes.
        labels: CSV of classes and patients.
        patient_pattern: regular expression that finds the patient in a file's name, or in its path below the
            folder if the expression holds a `/`; its first group counts, or all that matches.
        columns: further columns of the CSV that are taken over.
        parts: what to split into.
        join_look_alikes: whether pictures that look the same stay together across patients, too.
        only_exact: whether only files and pixels are compared.
        seed: seeds the split.
        mode: copies, links or the list alone.
        keep_patient_ids: whether the list of labels holds patients' ids as they are.
    """

    images: Path
    labels: Path | None
    patient_pattern: str | None
    columns: tuple[str, ...]
    parts: tuple[Part, ...]
    join_look_alikes: bool
    only_exact: bool
    seed: int
    mode: PlacingMode
    keep_patient_ids: bool


def split_folder(
    request: SplitRequest,
    output: Path,
    *,
    settings: Settings,
    workers: int | None = None,
    progress: Progress,
) -> RecipeReport:
    """Write PART/CLASS/FILE, `labels.csv`, `leaks.csv`, `report.json` and `summary.txt`.

    Where the patient of some image is not known, pictures that show the same stay together.

    Args:
        request: what is asked for.
        output: a new or empty folder, or one that the same request began.
        settings: limits, and the workspace: what was decoded and compared is kept there.
        workers: threads; None takes one a core.
        progress: told of each image; may cancel, and the same request goes on.

    Raises:
        InputError: if images, labels, an option or the output folder cannot be used.
        CancelledError: if progress says so.
    """
    folder = locate(request.images)
    if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises where this answers no
        raise InputError(f"The folder of the images is not there: {folder}.")
    check_folder(folder, output)
    pattern = _compile(request.patient_pattern)
    if request.columns and request.labels is None:
        raise InputError("--columns are those of a labels CSV; name it by --labels.")
    labels = None if request.labels is None else load_labels(request.labels, group_by=request.columns)
    found = scan_image_set(
        folder, role=Role.REAL, name="images", labels=labels, workers=workers or 2, settings=settings,
        progress=progress,
    )  # fmt: skip
    found, warnings = _complete(found, pattern, request)
    execution = Execution(workers=workers)
    n_unknown = sum(item.patient is None for item in found.items)
    joined = request.join_look_alikes or n_unknown > 0
    groups = _group(found, request, joined=joined, execution=execution, settings=settings, progress=progress)
    places = assign_parts(
        groups=groups,
        labels=[item.label for item in found.items],
        parts=request.parts,
        seed=request.seed,
        group_noun="different picture" if n_unknown else "patient",
    )
    sets = _make_sets(found, places, request.parts)
    leaks: list[Leak] = find_exact_leaks(sets)
    if not request.only_exact:
        leaks += find_look_alikes(sets, execution=execution, settings=settings, progress=progress)
    images, placed = write_parts(
        _list_images(found, places, request.parts, labels),
        output,
        mode=request.mode,
        columns=() if labels is None else labels.group_columns,
        keep_patient_ids=request.keep_patient_ids,
        roots=settings.confined_to,
        settings=settings,
        progress=progress,
    )
    report = report_split(
        found=found,
        asked=_describe(request),
        parts=request.parts,
        images=images,
        placed=placed,
        n_joined=len({item.patient or item.id for item in found.items}) - len(set(groups)),
        leaks=leaks,
        warnings=warnings,
        look_alikes_stay=joined,
    )
    try:
        replace_text(output / LEAKS_FILE, render_leaks(leaks))
        write_report(report, output)
    except OSError as error:
        raise cannot_write(output, error) from error
    return report


def _compile(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise InputError(f"--patient-pattern {pattern!r} is no regular expression: {error}.") from None


def _complete(
    found: ImageSet, pattern: re.Pattern[str] | None, request: SplitRequest
) -> tuple[ImageSet, list[str]]:
    """Take patients from names, and leave out images without a class where others have one."""
    warnings = list(found.warnings)
    items = found.items
    if pattern is not None:
        items = tuple(
            replace(item, patient=_find_patient(item.id, pattern) or item.patient) for item in items
        )
        if all(_find_patient(item.id, pattern) is None for item in items):
            raise InputError(
                f"--patient-pattern {request.patient_pattern!r} matches no file's name, such as "
                f"{posixpath.basename(items[0].id)!r}."
            )
    n_unknown = sum(item.patient is None for item in items)
    if 0 < n_unknown < len(items):
        warnings.append(
            f"The patient of {n_unknown:,} of {len(items):,} images is not known; each counts as a patient "
            "of its own, and pictures that show the same stay together."
        )
    classless = [item for item in items if item.label is None]
    if 0 < len(classless) < len(items):
        warnings.append(f"Images without a class are left out, {classless[0].id} first among them.")
        items = tuple(item for item in items if item.label is not None)
    return replace(found, items=items), warnings


def _find_patient(item_id: str, pattern: re.Pattern[str]) -> str | None:
    name = item_id if "/" in pattern.pattern else posixpath.basename(item_id)
    match = pattern.search(name)
    if match is None:
        return None
    return (match[1] if pattern.groups else match[0]) or None


def _group(
    found: ImageSet,
    request: SplitRequest,
    *,
    joined: bool,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> list[str]:
    """Name of each image's group: its patient, and pictures that show the same where they stay together."""
    items = found.items
    numbers = number_groups([(item.patient, item.pixel_digest if joined else None) for item in items])
    if joined and not request.only_exact and len(set(numbers.tolist())) > 1:
        search = AlignedSearch(found, execution=execution, settings=settings, progress=progress)
        try:
            looks = search.left_out.groups
        except TooFewImagesError:
            # All show the same: one group, which no split can part.
            looks = numbers * 0
        numbers = number_groups(
            [(str(one), str(other)) for one, other in zip(numbers.tolist(), looks.tolist(), strict=True)]
        )
    # A group is named by what does not depend on which other images there are.
    names: dict[int, str] = {}
    for item, number in zip(items, numbers.tolist(), strict=True):
        own = f"image {item.id}" if item.patient is None else f"patient {item.patient}"
        names[number] = min(own, names.get(number, own))
    return [names[number] for number in numbers.tolist()]


def _make_sets(found: ImageSet, places: Sequence[int], parts: Sequence[Part]) -> list[ImageSet]:
    return [
        ImageSet(
            Role.REAL,
            part.name,
            found.root,
            tuple(item for item, place in zip(found.items, places, strict=True) if place == at),
        )
        for at, part in enumerate(parts)
    ]


def _list_images(
    found: ImageSet, places: Sequence[int], parts: Sequence[Part], labels: LabelTable | None
) -> list[SplitImage]:
    return [
        SplitImage(
            _name(item, labels),
            locate(item.path),
            parts[place].name,
            item.label,
            item.patient,
            _find_details(item, found.root, labels),
        )
        for item, place in zip(found.items, places, strict=True)
    ]


def _name(item: Item, labels: LabelTable | None) -> str:
    """The image's path below its class's folder."""
    is_folder = item.label is not None and (labels is None or not labels.has_labels)
    return item.id.split("/", 1)[1] if is_folder else item.id


def _find_details(item: Item, root: Path, labels: LabelTable | None) -> tuple[tuple[str, str], ...]:
    row = None if labels is None else labels.find(root, item.id)
    return () if row is None else row.values


def _describe(request: SplitRequest) -> dict[str, object]:
    """The request as the report holds it."""
    return {
        "labels": None if request.labels is None else request.labels.name,
        "patient_pattern": request.patient_pattern,
        "columns": list(request.columns),
        "parts": {part.name: round(part.share, 6) for part in request.parts},
        "join_look_alikes": request.join_look_alikes,
        "only_exact": request.only_exact,
        "seed": request.seed,
        "mode": request.mode.value,
        "keep_patient_ids": request.keep_patient_ids,
    }
