"""What a split of a folder says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from core.datasets.image_set import ImageSet
from core.recipes.leaks import LEAKS_FILE, Leak, LeakKind
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

__all__ = ["report_split"]

_KEYED = "In labels.csv, digits that only this workspace can make stand for patients' ids."


def report_split(
    *,
    found: ImageSet,
    asked: Mapping[str, object],
    parts: Sequence[Part],
    images: Sequence[SplitImage],
    placed: Placed,
    n_joined: int,
    leaks: Sequence[Leak],
    warnings: Sequence[str],
    look_alikes_stay: bool,
) -> RecipeReport:
    """Put together what was asked for, found, left out, written and leaks.

    Args:
        found: the images.
        asked: the request, as JSON holds it.
        parts: what was split into.
        images: images that were written.
        placed: how.
        n_joined: how many patients, or single pictures, fewer there are for keeping pictures together.
        leaks: pictures in two parts.
        warnings: one sentence each, so far.
        look_alikes_stay: whether pictures that look the same were kept together.
    """
    counts = count_parts(images, parts)
    kinds = Counter(leak.kind for leak in leaks)
    numbers = {
        "recipe": "split",
        "asked": dict(asked),
        "images": {
            "readable": len(found),
            "unreadable": len(found.unreadable) + len(placed.failed),
            "first_unreadable": name_first(
                [*(bad.id for bad in found.unreadable), *(name for name, _ in placed.failed)]
            ),
        },
        "patients_not_known": sum(item.patient is None for item in found.items),
        "joined": n_joined,
        "parts": counts,
        "patients_in_several_parts": count_patients_astride(images),
        "n_leaks": len(leaks),
        "leaks": {kind.value: kinds[kind] for kind in LeakKind},
        "placed": describe_placed(placed),
    }
    is_keyed = any(image.patient is not None for image in images) and not asked["keep_patient_ids"]
    lines = (
        f"{count_images(len(found))} read.",
        *(
            [f"{n_joined:,} of them {'stays' if n_joined == 1 else 'stay'} with others that show the same."]
            if n_joined
            else []
        ),
        *describe_parts(counts),
        _describe_leaks(leaks, kinds, only_exact=bool(asked["only_exact"])),
        *([_KEYED] if is_keyed else []),
    )
    told = list(warnings)
    if found.unreadable:
        first = found.unreadable[0]
        told.append(
            f"{len(found.unreadable):,} files cannot be read as images and are left out; the first is "
            f"{first.id}: {first.reason}."
        )
    told += warn_of_placed(placed, PlacingMode(str(asked["mode"])))
    if leaks:
        remedy = (
            "take them out by hand"
            if look_alikes_stay
            else "write into another folder with --join-look-alikes, which keeps them together"
        )
        told.append(
            "The parts share pictures, so that a test would reward what was learnt by heart: look at "
            f"{LEAKS_FILE}, or {remedy}."
        )
    return RecipeReport(numbers, lines, tuple(told))


def _describe_leaks(leaks: Sequence[Leak], kinds: Mapping[LeakKind, int], *, only_exact: bool) -> str:
    looked = "files and pixels" if only_exact else "files, pixels and look-alikes"
    if not leaks:
        return f"No picture was found in two parts ({looked} compared)."
    told = {
        LeakKind.FILE: "as the same file",
        LeakKind.PIXELS: "with the same pixels",
        LeakKind.LOOK_ALIKE: "turned, moved or with another contrast",
    }
    found = ", ".join(f"{kinds[kind]:,} {words}" for kind, words in told.items() if kinds[kind])
    pairs = "1 pair" if len(leaks) == 1 else f"{len(leaks):,} pairs"
    return f"{pairs} of pictures in two parts: {found} ({looked} compared)."
