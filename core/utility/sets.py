"""The image sets of a utility experiment, and what must hold of them before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.datasets.image_set import ImageSet, Item, Role
from core.errors import InputError, TooFewImagesError

__all__ = ["UtilitySets", "prepare_sets"]

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class UtilitySets:
    """Sets that may be trained and tested on together.

    Attributes:
        real: real images to train on and to choose the epoch with.
        test: real images of other patients, looked at once by each trained arm.
        synthetic: synthetic sets, in the order of results.
        classes: the classes, the same in every set.
        warnings: one sentence each.
    """

    real: ImageSet
    test: ImageSet
    synthetic: tuple[ImageSet, ...]
    classes: tuple[str, ...]
    warnings: tuple[str, ...]


def prepare_sets(real: ImageSet, test: ImageSet, synthetic: Sequence[ImageSet]) -> UtilitySets:
    """Leave out images without a class, and refuse sets whose test would not be a test.

    Args:
        real: real train images.
        test: real test images.
        synthetic: at least one synthetic set, with different names.

    Raises:
        InputError: if classes differ between sets, there are fewer than two, or a test image's pixels or
            patient occur in a set that is trained on.
        TooFewImagesError: if the test set has fewer than two images of a class.
    """
    if not synthetic:
        raise InputError("A utility experiment needs at least one synthetic set.")
    names = [one.name for one in synthetic]
    if len(set(names)) < len(names):
        raise InputError("Two synthetic sets have the same name; give each its own.")
    warnings: list[str] = []
    real, test, *others = [_with_classes(one, warnings) for one in (real, test, *synthetic)]
    if len(real.classes) < 2:
        raise InputError(
            f"A classifier needs at least two classes, but the real set has {len(real.classes)}; put images "
            "into one folder a class, or name a labels CSV."
        )
    for one in (test, *others):
        _require_classes(one, real)
    for label, n in test.count_classes().items():
        if n < 2:
            raise TooFewImagesError(f"The test set has one image of the class {label!r}; two are needed.")
    _refuse_leaks(test, (real, *others))
    warnings += _warn_of_patients(real, test)
    return UtilitySets(real, test, tuple(others), real.classes, tuple(warnings))


def _with_classes(image_set: ImageSet, warnings: list[str]) -> ImageSet:
    kept = tuple(item for item in image_set.items if item.label is not None)
    missing = len(image_set) - len(kept)
    if missing:
        warnings.append(f"{_title(image_set)}: {_count(missing)} without a class left out.")
    return replace(image_set, items=kept)


def _require_classes(image_set: ImageSet, real: ImageSet) -> None:
    here, wanted = set(image_set.classes), set(real.classes)
    if here == wanted:
        return
    if not here:
        raise InputError(
            f"No image of {_title(image_set, inside=True)} has a class; put its images into one folder a "
            "class, or, where a labels CSV has a column label, name them in it, too."
        )
    parts = []
    if wanted - here:
        parts.append(f"lacks {', '.join(map(repr, sorted(wanted - here)))}")
    if here - wanted:
        parts.append(f"has {', '.join(map(repr, sorted(here - wanted)))} besides")
    raise InputError(
        f"{_title(image_set)} has other classes than the real set ({', '.join(map(repr, real.classes))}): it "
        f"{' and '.join(parts)}."
    )


def _refuse_leaks(test: ImageSet, trained_on: Iterable[ImageSet]) -> None:
    """Refuse what would let a classifier know test images by heart."""
    pixels = {item.pixel_digest: item for item in test.items}
    patients = {item.patient for item in test.items if item.patient is not None}
    for one in trained_on:
        same = [item for item in one.items if item.pixel_digest in pixels]
        if same:
            raise InputError(
                f"{_title(one)} holds {_count(len(same))} with the very pixels of test images, among them "
                f"{_name(same)}; take them out of one of the two."
            )
        shared = [item for item in one.items if item.patient in patients]
        if shared:
            raise InputError(
                f"{_title(one)} holds {_count(len(shared))} of patients who are also in the test set, among "
                f"them {_name(shared)}; a patient belongs to one of the two."
            )


def _warn_of_patients(real: ImageSet, test: ImageSet) -> list[str]:
    found = []
    for one in (real, test):
        unknown = sum(item.patient is None for item in one.items)
        if unknown:
            found.append(
                f"{_title(one)}: the patient of {_count(unknown)} is not known, so each counts as a patient "
                "of its own; give a labels CSV with a column patient if some share one."
            )
    known = [item.patient for item in test.items if item.patient is not None]
    if len(set(known)) < len(known):
        found.append(
            "The test set holds several images of some patients; intervals and McNemar's test count images "
            "as independent, so they are somewhat too sure."
        )
    return found


def _title(image_set: ImageSet, *, inside: bool = False) -> str:
    titles = {Role.REAL: "The real set", Role.HELDOUT: "The test set"}
    title = titles.get(image_set.role, f"The set {image_set.name!r}")
    return f"t{title[1:]}" if inside else title


def _count(n: int) -> str:
    return "1 image" if n == 1 else f"{n:,} images"


def _name(items: Sequence[Item]) -> str:
    return ", ".join(item.id for item in items[:_MOST_NAMED])
