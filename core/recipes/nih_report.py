"""What an extraction of NIH's chest X-rays says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.recipes.image_names import FoundImages
from core.recipes.nih_table import NihTable
from core.recipes.part_folders import SplitImage
from core.recipes.parts import Part
from core.recipes.placing import Placed, PlacingMode
from core.recipes.recipe_report import (
    RecipeReport,
    count_images,
    count_parts,
    count_patients_astride,
    describe_parts,
    describe_placed,
    name_first,
    warn_of_placed,
)

__all__ = ["report_nih"]


def report_nih(
    *,
    table: NihTable,
    asked: Mapping[str, Any],
    parts: Sequence[Part],
    labels: Sequence[str],
    rows: Mapping[str, int],
    n_found: Mapping[str, int],
    n_balanced: Mapping[str, int],
    found: FoundImages,
    missing: Sequence[str],
    images: Sequence[SplitImage],
    placed: Placed,
) -> RecipeReport:
    """Put together what was asked for, found, left out and written.

    Args:
        table: NIH's list.
        asked: the request, as JSON holds it.
        parts: what was split into.
        labels: the classes.
        rows: what became of the rows with one of the classes.
        n_found: images found, by class.
        n_balanced: images after balancing, by class.
        found: where images lay.
        missing: names of images that were not found, in order.
        images: images that were written.
        placed: how.
    """
    counts = count_parts(images, parts)
    n_astride = count_patients_astride(images)
    numbers = {
        "recipe": "nih",
        "asked": dict(asked),
        "rows": {
            "in_list": table.n_rows,
            "repeated": len(table.repeated),
            "conflicting": len(table.conflicting),
            **rows,
        },
        "classes": {
            label: {
                "found": n_found[label],
                "left_out_by_balance": n_found[label] - n_balanced[label],
            }
            for label in labels
        },
        "missing": {"n": len(missing), "first": name_first(missing)},
        "repeated_names": {"n": len(found.repeated), "first": name_first(found.repeated)},
        "unreadable": {"n": len(placed.failed), "first": name_first([name for name, _ in placed.failed])},
        "parts": counts,
        "patients_in_several_parts": n_astride,
        "placed": describe_placed(placed),
    }
    lines = [
        f"{table.n_rows:,} rows in the list; with one of the classes asked for: {_describe_rows(rows)}.",
        *(
            f"{label}: {count_images(n_found[label])} found, {n_found[label] - n_balanced[label]:,} of them "
            "left out to balance classes."
            for label in labels
        ),
        *describe_parts(counts),
        f"Patients in more than one part: {n_astride:,}.",
    ]
    warnings = (
        *_warn_of_patients(asked, n_astride),
        *_warn_of_files(table, found, missing),
        *warn_of_placed(placed, PlacingMode(asked["mode"])),
    )
    return RecipeReport(numbers, tuple(lines), warnings)


def _describe_rows(rows: Mapping[str, int]) -> str:
    sentences = {
        "single": "{} with it as the only finding",
        "several_kept": "{} with further findings, kept",
        "several_first": "{} with further findings, each under the first that was asked for",
        "several_skipped": "{} with further findings, left out",
        "two_asked_skipped": "{} with two classes asked for, left out",
        "in_no_official_list": "{} of the chosen in neither official list, left out",
    }
    return ", ".join(sentences[name].format(f"{n:,}") for name, n in rows.items() if n)


def _warn_of_patients(asked: Mapping[str, Any], n_astride: int) -> tuple[str, ...]:
    warnings = []
    if asked["by_image"]:
        who = "1 patient has" if n_astride == 1 else f"{n_astride:,} patients have"
        warnings.append(
            f"{who} images in more than one part, since the split goes by image: a test on them says how "
            "well patients are known again. Leave --by-image out for a split by patient."
        )
    elif n_astride:
        warnings.append(
            f"{n_astride:,} patients have images in more than one part: the official lists tear them apart."
        )
    if not asked["keep_patient_ids"]:
        warnings.append(
            "labels.csv holds digits keyed by this workspace in the place of patient numbers, but NIH's file "
            "names begin with the number itself."
        )
    return tuple(warnings)


def _warn_of_files(table: NihTable, found: FoundImages, missing: Sequence[str]) -> tuple[str, ...]:
    warnings = []
    if missing:
        warnings.append(
            f"{count_images(len(missing))} of the list {'was' if len(missing) == 1 else 'were'} not found, "
            f"among them {', '.join(missing[:3])}; missing.txt names all."
        )
    if found.repeated:
        warnings.append(
            f"{len(found.repeated):,} file names occur in several sub-folders, among them "
            f"{', '.join(found.repeated[:3])}; the first in the order of paths was taken."
        )
    if found.closed:
        first = found.closed[0]
        warnings.append(
            f"{len(found.closed):,} files or folders were not opened; the first is {first.id}: "
            f"{first.reason}."
        )
    if table.conflicting:
        warnings.append(
            f"{len(table.conflicting):,} images have rows that differ, among them "
            f"{', '.join(table.conflicting[:3])}; they are left out."
        )
    if table.n_odd_ages:
        warnings.append(f"{table.n_odd_ages:,} ages are none that a human has; they stay empty.")
    return tuple(warnings)
