"""What a recipe did: numbers as JSON, and sentences for people."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.output_folder import replace_text
from core.recipes.part_folders import SplitImage
from core.recipes.parts import Part
from core.recipes.placing import Placed, PlacingMode

__all__ = [
    "REPORT_FILE",
    "RecipeReport",
    "count_images",
    "count_parts",
    "count_patients_astride",
    "describe_parts",
    "describe_placed",
    "name_first",
    "warn_of_placed",
    "write_report",
]

REPORT_FILE: Final = "report.json"
_SUMMARY_FILE: Final = "summary.txt"
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class RecipeReport:
    """What a recipe did.

    Attributes:
        numbers: all of it, as JSON holds it.
        lines: the same for people, line by line.
        warnings: one sentence each.
    """

    numbers: Mapping[str, Any]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def write_report(report: RecipeReport, folder: Path) -> None:
    """Write `summary.txt` and, last of all files, `report.json`.

    Raises:
        OSError: if they cannot be written.
    """
    lines = (*report.lines, *(f"Warning: {warning}" for warning in report.warnings))
    replace_text(folder / _SUMMARY_FILE, "".join(f"{line}\n" for line in lines))
    document = {**report.numbers, "warnings": list(report.warnings)}
    replace_text(folder / REPORT_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def count_parts(images: Sequence[SplitImage], parts: Sequence[Part]) -> dict[str, Any]:
    """Count each part's images, patients and classes, and hold its share against the one asked for."""
    counts = {}
    for part in parts:
        own = [image for image in images if image.part == part.name]
        classes = Counter(image.label for image in own if image.label is not None)
        counts[part.name] = {
            "images": len(own),
            "share": round(len(own) / len(images), 4) if images else 0.0,
            "share_asked": round(part.share, 4),
            "patients": len({image.patient for image in own if image.patient is not None}),
            "classes": dict(sorted(classes.items())),
        }
    return counts


def count_patients_astride(images: Sequence[SplitImage]) -> int:
    """Count patients who stand in more than one part."""
    parts: dict[str, set[str]] = defaultdict(set)
    for image in images:
        if image.patient is not None:
            parts[image.patient].add(image.part)
    return sum(len(own) > 1 for own in parts.values())


def describe_parts(counts: Mapping[str, Any]) -> tuple[str, ...]:
    """One line a part."""
    lines = []
    for name, part in counts.items():
        classes = ", ".join(f"{label} {n:,}" for label, n in part["classes"].items())
        patients = f" of {_count(part['patients'], 'patient')}" if part["patients"] else ""
        lines.append(
            f"{name}: {count_images(part['images'])}{patients}, {part['share']:.1%} "
            f"({part['share_asked']:.1%} asked){': ' if classes else ''}{classes}"
        )
    return tuple(lines)


def warn_of_placed(placed: Placed, mode: PlacingMode) -> tuple[str, ...]:
    """Warnings on files that could not be read, and on links that are of the weaker kind."""
    warnings = []
    if placed.failed:
        name, reason = placed.failed[0]
        warnings.append(
            f"{count_images(len(placed.failed))} could not be read and were left out; the first is {name}: "
            f"{reason}."
        )
    if placed.n_symbolic and mode is PlacingMode.LINK:
        warnings.append(
            f"{placed.n_symbolic:,} files are symbolic links, since the disk took no hard ones: the "
            "dashboard follows them only within one folder root."
        )
    return tuple(warnings)


def name_first(names: Sequence[str]) -> list[str]:
    """The first names of a list that may be long."""
    return list(names[:_MOST_NAMED])


def count_images(n: int) -> str:
    """Write `1 image`, `2 images`."""
    return _count(n, "image")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def describe_placed(placed: Placed) -> dict[str, int]:
    """How files were placed, as JSON holds it: the same whether in one run or in several."""
    return {"files": placed.n_made + placed.n_there, "symbolic_links": placed.n_symbolic}
