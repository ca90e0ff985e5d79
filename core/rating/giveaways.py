"""What may give the answer away although every image is shown in the same form: one sentence each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from core.config import Settings
from core.datasets.folder_roots import FolderRef, resolve_folder
from core.datasets.listing import list_files
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.datasets.unscanned import look_at_files
from core.errors import ImageReadError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.rating.design import RealSource
from core.rating.image_look import ImageLook, both_have_colour, look_at

__all__ = ["find_giveaways", "preview_giveaways"]

# What sorts half of the images is a giveaway; of what an image has or has not, a fifth more on one side is
# enough to be worth a rater's guess. Smaller differences arise by chance among a few dozen images.
_NUMBERS_APART: Final = 0.5
_SHARES_APART: Final = 0.2


def find_giveaways(
    real: Sequence[ImageLook],
    synthetic: Mapping[str, Sequence[ImageLook]],
    *,
    intensity: Intensity = DEFAULT_INTENSITY,
) -> tuple[str, ...]:
    """Compare the looks of each synthetic set with those of the real images.

    Args:
        real: looks of the real images.
        synthetic: looks of the images of each synthetic set, by its name.
        intensity: which values of images deeper than 8 bits are black and white.

    Returns:
        Sentences for the researcher, which name sets and are not for raters; none where nothing differs or
        a side is empty.
    """
    found: list[str | None] = []
    fakes = [look for mine in synthetic.values() for look in mine]
    in_colour = both_have_colour(real, fakes)
    smallest = min((look.long_px for look in (*real, *fakes)), default=0)
    for name, looks in synthetic.items():
        if real and looks:
            found.append(_compare_sizes(name, real, looks, smallest))
            found.append(_compare_colour(name, real, looks, is_shown=in_colour))
            found.append(_compare_shapes(name, real, looks))
            found.append(_compare_depth(name, real, looks, intensity))
            found.append(_compare_compression(name, real, looks))
            found.append(_compare_borders(name, real, looks))
    return tuple(text for text in found if text is not None)


def preview_giveaways(
    folders: StudyFolders,
    settings: Settings,
    *,
    synthetic: Sequence[str],
    real_source: RealSource,
    intensity: Intensity = DEFAULT_INTENSITY,
    n_samples: int = 8,
    budget_s: float = 1.5,
) -> tuple[str, ...]:
    """Look at a few files of each set, before a session is made.

    Args:
        folders: the study.
        settings: roots and limits.
        synthetic: names of the synthetic sets that are to be shown.
        real_source: where the real images come from.
        intensity: as in `find_giveaways`.
        n_samples: files of each set that are looked at, spread over its list; unreadable ones are passed
            over.
        budget_s: no further file is opened after this time, shared among the sets; one of each always is.

    Returns:
        As `find_giveaways`; the images of the session itself are all looked at when it is prepared.

    Raises:
        InputError: if a folder cannot be opened.
    """
    real = folders.heldout if real_source is RealSource.HELDOUT else folders.real
    if real is None:
        return ()
    sets = [one for one in folders.synthetic if one.name in synthetic]
    began, share_s = time.monotonic(), budget_s / (1 + len(sets))
    looks = [
        _sample(ref, settings, n_samples=n_samples, deadline=began + number * share_s)
        for number, ref in enumerate([real, *(one.folder for one in sets)], start=1)
    ]
    fakes = {one.name: mine for one, mine in zip(sets, looks[1:], strict=True)}
    return find_giveaways(looks[0], fakes, intensity=intensity)


def _sample(ref: FolderRef, settings: Settings, *, n_samples: int, deadline: float) -> list[ImageLook]:
    confined = confine_to_roots(settings)
    files, _, _ = list_files(resolve_folder(ref, settings), confined_to=confined.confined_to)
    n = min(n_samples, len(files))
    looks: list[ImageLook] = []
    for index in range(n):
        if looks and time.monotonic() >= deadline:
            break
        _, path = files[(2 * index + 1) * len(files) // (2 * n)]
        try:
            looks.append(look_at(look_at_files((path,), confined).show()))
        except ImageReadError:
            continue
    return looks


def _compare_sizes(
    name: str, real: Sequence[ImageLook], fake: Sequence[ImageLook], smallest: int
) -> str | None:
    """`smallest` is the length of the smallest image of all sets, to which all are brought."""
    if _numbers_apart(real, fake, lambda one: one.long_px) < _NUMBERS_APART:
        return None
    return (
        f"Real images are {_span(real, lambda one: one.long_px)} pixels long and those of {name} "
        f"{_span(fake, lambda one: one.long_px)}: all are first brought to {smallest} pixels, so that raters "
        "judge no finer detail than that."
    )


def _compare_shapes(name: str, real: Sequence[ImageLook], fake: Sequence[ImageLook]) -> str | None:
    if _numbers_apart(real, fake, lambda one: one.aspect) < _NUMBERS_APART:
        return _compare_shares(
            name,
            real,
            fake,
            lambda one: one.width != one.height,
            "are not square and have margins",
            "crop all of them to one shape",
        )
    return (
        f"The width of real images is {_span(real, lambda one: one.aspect)} times their height, that of "
        f"{name} {_span(fake, lambda one: one.aspect)} times: the margins around them tell the two apart; "
        "crop both to one shape."
    )


def _compare_colour(
    name: str, real: Sequence[ImageLook], fake: Sequence[ImageLook], *, is_shown: bool
) -> str | None:
    """`is_shown` says whether the session is in colour, which takes real and synthetic images with some."""
    remedy = "make all of them grey, or none" if is_shown else "all are shown in grey"
    return _compare_shares(name, real, fake, lambda one: one.is_colour, "are in colour", remedy)


def _compare_depth(
    name: str, real: Sequence[ImageLook], fake: Sequence[ImageLook], intensity: Intensity
) -> str | None:
    how = f"shown by one policy ({intensity.describe()})"
    if intensity == DEFAULT_INTENSITY:
        how = "stretched from their own darkest to their brightest value"
    return _compare_shares(
        name,
        real,
        fake,
        lambda one: one.bit_depth > 8,
        f"are deeper than 8 bits and are {how}, which 8-bit images are not",
        "save all of them with one depth and one window",
    )


def _compare_compression(name: str, real: Sequence[ImageLook], fake: Sequence[ImageLook]) -> str | None:
    return _compare_shares(
        name,
        real,
        fake,
        lambda one: one.is_lossy,
        "are JPEG or WebP files, whose traces of compression stay visible",
        "compress all of them the same way, or none",
    )


def _compare_borders(name: str, real: Sequence[ImageLook], fake: Sequence[ImageLook]) -> str | None:
    return _compare_shares(
        name,
        real,
        fake,
        lambda one: one.has_border,
        "have an even border or an edge of another brightness",
        "crop the edges of all of them",
    )


def _compare_shares(
    name: str,
    real: Sequence[ImageLook],
    fake: Sequence[ImageLook],
    has: Callable[[ImageLook], bool],
    what: str,
    remedy: str,
) -> str | None:
    shares = [sum(map(has, side)) / len(side) for side in (real, fake)]
    if abs(shares[0] - shares[1]) < _SHARES_APART:
        return None
    return f"{shares[0]:.0%} of the real images and {shares[1]:.0%} of those of {name} {what}; {remedy}."


def _numbers_apart(
    real: Sequence[ImageLook], fake: Sequence[ImageLook], measure: Callable[[ImageLook], float]
) -> float:
    """Largest distance between the two cumulative distributions (Kolmogorov and Smirnov), 0 to 1."""
    sides = [Counter(map(measure, side)) for side in (real, fake)]
    steps = sorted({*sides[0], *sides[1]})
    apart, so_far = 0.0, [0.0, 0.0]
    for step in steps:
        for which, (side, looks) in enumerate(zip(sides, (real, fake), strict=True)):
            so_far[which] += side[step] / len(looks)
        apart = max(apart, abs(so_far[0] - so_far[1]))
    return apart


def _span(looks: Sequence[ImageLook], measure: Callable[[ImageLook], float]) -> str:
    values = sorted(map(measure, looks))
    low, high = f"{values[0]:,}", f"{values[-1]:,}"
    return low if low == high else f"{low} to {high}"
