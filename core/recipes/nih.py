"""Takes classes out of NIH's chest X-rays, balances them, and splits them by patient.

The images are those of Wang et al., ChestX-ray8, CVPR 2017, with up to 14 findings an image and up to 184
images a patient: a split by image puts most patients with several on two sides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.config import Settings
from core.errors import InputError, UnknownNameError
from core.output_folder import cannot_write, replace_text
from core.progress import Progress
from core.recipes.balance import choose_balanced
from core.recipes.claim import check_folder
from core.recipes.image_names import FoundImages, find_by_name
from core.recipes.multi_label import MultiLabel
from core.recipes.nih_report import report_nih
from core.recipes.nih_table import NihRow, NihTable, load_nih_table, load_official_list
from core.recipes.part_folders import SplitImage
from core.recipes.part_writer import write_parts
from core.recipes.parts import Part
from core.recipes.placing import PlacingMode
from core.recipes.recipe_report import RecipeReport, write_report
from core.recipes.split import assign_parts

__all__ = ["NihRequest", "extract_nih"]

_COLUMNS: Final = ("sex", "age", "view")
_TEST: Final = "test"
_LISTS: Final = ("train_val_list.txt", "test_list.txt")
_MISSING_FILE: Final = "missing.txt"


@dataclass(frozen=True, slots=True)
class NihRequest:
    """What is asked for.

    Attributes:
        csv: NIH's list.
        images: folder of the images, as NIH packs them or all in one.
        labels: findings, a class each.
        multi_label: what becomes of images with several findings.
        balance: whether all classes are brought to the size of the smallest.
        parts: what to split into.
        official_lists: folder of NIH's own lists; then `test` is what they say, and the other parts share the
            rest.
        by_image: whether patients are torn apart, as published work has done.
        seed: seeds balance and split.
        mode: copies, links or the list alone.
        keep_patient_ids: whether the list of labels holds NIH's patient numbers.
    """

    csv: Path
    images: Path
    labels: tuple[str, ...]
    multi_label: MultiLabel
    balance: bool
    parts: tuple[Part, ...]
    official_lists: Path | None
    by_image: bool
    seed: int
    mode: PlacingMode
    keep_patient_ids: bool


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One image and its class."""

    row: NihRow
    label: str
    side: str = ""


def extract_nih(request: NihRequest, output: Path, *, settings: Settings, progress: Progress) -> RecipeReport:
    """Write PART/CLASS/FILE, `labels.csv`, `report.json` and `summary.txt`.

    Args:
        request: what is asked for.
        output: a new or empty folder, or one that the same request began.
        settings: the workspace whose key patients' ids are keyed by.
        progress: told of each image; may cancel, and the same request goes on.

    Raises:
        InputError: if the list, a finding, an option, the images or the output folder cannot be used.
        CancelledError: if progress says so.
    """
    check_folder(request.images, output)
    table = load_nih_table(request.csv)
    labels = _find_labels(request, table)
    chosen, counts = _choose(table, labels, request.multi_label)
    for label in _find_absent(chosen, labels):
        raise InputError(f"No row has {label!r} as its only finding; try --multi-label keep or first.")
    if request.official_lists is not None:
        chosen, counts["in_no_official_list"] = _take_sides(chosen, request)
    found = find_by_name(request.images, {one.row.name for one in chosen})
    missing = sorted(one.row.name for one in chosen if one.row.name not in found.paths)
    chosen = [one for one in chosen if one.row.name in found.paths]
    for label in _find_absent(chosen, labels):
        raise InputError(
            f"None of the images of the class {label!r} lies below {request.images}; name the folder that "
            "NIH's archives were unpacked in."
        )
    n_found = Counter(one.label for one in chosen)
    if request.balance:
        chosen = _balance(chosen, request)
    n_balanced = Counter(one.label for one in chosen)
    images = _split(chosen, found, request)
    images, placed = write_parts(
        images,
        output,
        mode=request.mode,
        columns=_COLUMNS,
        keep_patient_ids=request.keep_patient_ids,
        roots=(found.folder,),
        settings=settings,
        progress=progress,
    )
    report = report_nih(
        table=table,
        asked=_describe(request, labels),
        parts=request.parts,
        labels=labels,
        rows=counts,
        n_found=n_found,
        n_balanced=n_balanced,
        found=found,
        missing=missing,
        images=images,
        placed=placed,
    )
    try:
        if missing:
            replace_text(output / _MISSING_FILE, "".join(f"{name}\n" for name in missing))
        write_report(report, output)
    except OSError as error:
        raise cannot_write(output, error) from error
    return report


def _find_labels(request: NihRequest, table: NihTable) -> tuple[str, ...]:
    """The findings asked for, as the list writes them."""
    known = {finding.casefold(): finding for finding in table.findings}
    absent = [label for label in request.labels if label.casefold() not in known]
    if absent or not request.labels:
        wrong = f"There is no finding {', '.join(map(repr, absent))}" if absent else "No finding is asked for"
        raise UnknownNameError(
            f"{wrong} in --labels; those of {request.csv.name} are: {', '.join(table.findings)}."
        )
    return tuple(dict.fromkeys(known[label.casefold()] for label in request.labels))


def _choose(
    table: NihTable, labels: tuple[str, ...], multi_label: MultiLabel
) -> tuple[list[_Chosen], dict[str, int]]:
    """Give each image at most one class, and count what became of the rows."""
    chosen = []
    counts = dict.fromkeys(
        ("single", "several_kept", "several_first", "several_skipped", "two_asked_skipped"), 0
    )
    for row in table.rows:
        asked = [finding for finding in row.findings if finding in labels]
        if not asked:
            continue
        if len(row.findings) == 1:
            outcome = "single"
        elif multi_label is MultiLabel.FIRST:
            outcome = "several_first"
        elif multi_label is MultiLabel.KEEP and len(asked) == 1:
            outcome = "several_kept"
        else:
            outcome = "two_asked_skipped" if len(asked) > 1 else "several_skipped"
        counts[outcome] += 1
        if not outcome.endswith("skipped"):
            chosen.append(_Chosen(row, asked[0]))
    return chosen, counts


def _take_sides(chosen: Sequence[_Chosen], request: NihRequest) -> tuple[list[_Chosen], int]:
    """Say of each image which of NIH's own lists names it; those in neither are left out."""
    assert request.official_lists is not None
    if _TEST not in {part.name for part in request.parts}:
        raise InputError(
            f"--official-lists decide what {_TEST!r} holds, and --names has no such part; add it."
        )
    if request.by_image:
        raise InputError("--official-lists go by patient; leave --by-image out.")
    train_val, test = (load_official_list(request.official_lists / name) for name in _LISTS)
    if train_val & test:
        raise InputError(f"{_LISTS[0]} and {_LISTS[1]} name the same image; hand in NIH's own lists.")
    sided = [
        _Chosen(one.row, one.label, _TEST if one.row.name in test else "train_val")
        for one in chosen
        if one.row.name in test or one.row.name in train_val
    ]
    return sided, len(chosen) - len(sided)


def _find_absent(chosen: Sequence[_Chosen], labels: Sequence[str]) -> list[str]:
    there = {one.label for one in chosen}
    return [label for label in labels if label not in there]


def _balance(chosen: Sequence[_Chosen], request: NihRequest) -> list[_Chosen]:
    """Balance the classes; with NIH's own lists, on either side."""
    stays = []
    for side in sorted({one.side for one in chosen}):
        own = [one for one in chosen if one.side == side]
        kept = choose_balanced(
            names=[one.row.name for one in own],
            groups=[one.row.name if request.by_image else one.row.patient for one in own],
            labels=[one.label for one in own],
            seed=request.seed,
        )
        stays += [one for one, stay in zip(own, kept, strict=True) if stay]
    return stays


def _split(chosen: Sequence[_Chosen], found: FoundImages, request: NihRequest) -> list[SplitImage]:
    images = []
    sides: dict[str, list[_Chosen]] = defaultdict(list)
    for one in chosen:
        sides[one.side].append(one)
    for side, own in sorted(sides.items()):
        parts = [part for part in request.parts if not side or (part.name == _TEST) == (side == _TEST)]
        total = sum(part.share for part in parts)
        places = assign_parts(
            groups=[one.row.name if request.by_image else one.row.patient for one in own],
            labels=[one.label for one in own],
            parts=[Part(part.name, part.share / total) for part in parts],
            seed=request.seed,
            group_noun="image" if request.by_image else "patient",
        )
        images += [
            SplitImage(
                one.row.name,
                found.paths[one.row.name],
                parts[place].name,
                one.label,
                one.row.patient,
                (("sex", one.row.sex), ("age", one.row.age), ("view", one.row.view)),
            )
            for one, place in zip(own, places, strict=True)
        ]
    return sorted(images, key=lambda image: (image.part, image.label or "", image.name))


def _describe(request: NihRequest, labels: Sequence[str]) -> dict[str, Any]:
    """The request as the report holds it."""
    return {
        "csv": request.csv.name,
        "labels": list(labels),
        "multi_label": request.multi_label.value,
        "balance": request.balance,
        "parts": {part.name: round(part.share, 6) for part in request.parts},
        "official_lists": request.official_lists is not None,
        "by_image": request.by_image,
        "seed": request.seed,
        "mode": request.mode.value,
        "keep_patient_ids": request.keep_patient_ids,
    }
