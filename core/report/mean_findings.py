"""What mean images and volumes say: which is closest to the real one, which sharpest, what chance does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.audit.mean_volume import MeanVolume
from core.audit.result import AuditSummary, MeanPicture
from core.report.cautions import has_other_classes
from core.report.numbers import format_count

__all__ = ["MeanDifference", "compare_means", "describe_means", "write_levels"]

# Rule of thumb: further from the real mean than this many times what chance gives counts as different.
_CLEARLY = 2.0


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """How far one set's mean image or volume is from the real one.

    Attributes:
        name: the set.
        rms: root of the mean squared difference over pixels or voxels, in grey levels of 255.
        by_chance: what it would be about if the set were a draw of the same images as the real one.
    """

    name: str
    rms: float
    by_chance: float

    @property
    def is_clear(self) -> bool:
        """Whether chance is no explanation, by a rule of thumb."""
        return self.rms > _CLEARLY * self.by_chance


def write_levels(levels: float) -> str:
    """Write a distance in grey levels with no more digits than an eye could use."""
    return f"{levels:.1f}" if levels < 10 else f"{levels:.0f}"


def compare_means(
    pictures: Mapping[str, MeanPicture] | Mapping[str, MeanVolume],
) -> tuple[MeanDifference, ...]:
    """Hold every mean image against the real one.

    Two means of n and m independent images of one kind differ by variance / n + variance / m in each pixel.
    The variance is that of the real images on both sides: a set's own would make chance small where a
    generator repeats itself, and the set is no draw of such images then.

    Args:
        pictures: set name to mean image or mean volume; without `real` there is nothing to compare.

    Returns:
        One for each other set of the real one's size, in their order.
    """
    if "real" not in pictures:
        return ()
    real = pictures["real"]
    variance = float(np.square(real.std, dtype=np.float64).mean())
    return tuple(
        MeanDifference(
            name,
            rms=math.sqrt(float(np.square(one.mean - real.mean).mean(dtype=np.float64))),
            by_chance=math.sqrt(variance / real.n + variance / one.n),
        )
        for name, one in pictures.items()
        if name != "real" and one.mean.shape == real.mean.shape
    )


def describe_means(
    summary: AuditSummary, differences: Sequence[MeanDifference], *, class_name: str | None
) -> tuple[str, ...]:
    """Say in a few sentences what the mean images show, and what they do not.

    Sets of other classes than the real one are left out of what is said of whole sets: their mean images
    show which classes they have.

    Args:
        summary: the audit.
        differences: from `compare_means`, of the same class.
        class_name: the class, or None for the whole sets.
    """
    real = next(one for one in summary.sets if one.role == "real")
    synthetic = [one for one in summary.sets if one.role == "synthetic"]
    others = [one.name for one in synthetic if class_name is None and has_other_classes(one, real)]
    names = [one.name for one in synthetic if one.name not in others]
    own = [one for one in differences if one.name in names]
    noun = "images" if summary.protocol.mean_volume_size is None else "volumes"
    sentences = (
        _say_closest(own, noun),
        _say_sharpest(summary, names, class_name, noun),
        _say_sizes(summary, names, class_name, noun),
        _say_left_out(others, noun),
    )
    return tuple(filter(None, sentences))


def _say_closest(differences: Sequence[MeanDifference], noun: str) -> str:
    if not differences:
        return ""
    closest = min(differences, key=lambda one: one.rms)
    distance = f"{write_levels(closest.rms)} grey levels of 255"
    chance = f"chance alone gives about {write_levels(closest.by_chance)}"
    if len(differences) == 1:
        verdict = ", and this is more than twice as much" if closest.is_clear else ""
        return (
            f"The mean {noun[:-1]} of {closest.name} is {distance} away from the real one; {chance}{verdict}."
        )
    clear = [one.name for one in differences if one.is_clear]
    verdict = f"More than twice as far as by chance: {', '.join(clear)}." if clear else ""
    verdict = verdict or "None is more than twice as far away as by chance."
    first = f"Closest to the real mean {noun[:-1]} is that of {closest.name}, {distance} away"
    return f"{first}; {chance}. {verdict}"


def _say_sharpest(summary: AuditSummary, names: Sequence[str], class_name: str | None, noun: str) -> str:
    sizes, png = (
        _read_sizes(summary, f"mean_image_{form}_bytes", names, class_name) for form in ("ljpeg", "png")
    )
    if not sizes:
        return ""
    name = max(sizes, key=lambda one: sizes[one][0])
    by_png = max(png, key=lambda one: png[one][0], default=name)
    if name in png and png[name][0] < png[by_png][0]:
        known = [*sizes.values(), *png.values()]
        against = "; none is sharper than real" if not any(_is_sharper(*one) for one in known) else ""
        return (
            f"The two file sizes disagree on the sharpest: as lossless JPEG it is that of {name} "
            f"({_write_size(*sizes[name])}), as PNG that of {by_png} ({_write_size(*png[by_png])}){against}."
        )
    is_sharper = _is_sharper(*sizes[name])
    which = f"Sharpest is that of {name}" if len(sizes) > 1 else "As a file it has"
    size = _write_size(*sizes[name], " as lossless JPEG")
    size = f"({size})" if len(sizes) > 1 else size
    if name in png and _is_sharper(*png[name]) != is_sharper:
        return (
            f"{which} {size}. As PNG it has {_write_size(*png[name])}: the two file sizes disagree on "
            "whether it is sharper than real."
        )
    if not is_sharper:
        return (
            f"{which} {size}: no sharper than real, and so no sign of {noun} that are all alike. Blurred "
            f"{noun} make a flat mean, too: a flat mean alone shows no variety."
        )
    return f"{which} {size}: a sharp mean {noun[:-1]} is a sign of {noun} that are alike."


def _read_sizes(
    summary: AuditSummary, metric: str, names: Sequence[str], class_name: str | None
) -> dict[str, tuple[int, int | None]]:
    """Bytes of each set's mean image and of the real one."""
    return {
        row.synthetic: (int(row.value), None if row.floor is None else int(row.floor))
        for row in summary.results
        if row.metric == metric
        and row.class_name == class_name
        and row.synthetic in names
        and row.value is not None
    }


def _is_sharper(value: int, real: int | None) -> bool:
    return real is None or value > real


def _write_size(value: int, real: int | None, form: str = "") -> str:
    against = "" if real is None else f"; the real one {format_count(real)}"
    return f"{format_count(value)} bytes{form}{against}"


def _say_sizes(summary: AuditSummary, names: Sequence[str], class_name: str | None, noun: str) -> str:
    counts = {
        (one.n if class_name is None else (one.classes | one.groups).get(class_name, 0))
        for one in summary.sets
        if one.name in names or one.role == "real"
    }
    if len(counts) < 2:
        return ""
    return f"The sets differ in size, and fewer {noun} make a sharper mean: compare file sizes with care."


def _say_left_out(names: Sequence[str], noun: str) -> str:
    if not names:
        return ""
    its = "its classes are" if len(names) == 1 else "their classes are"
    return (
        f"Not compared as a whole: {', '.join(names)}, since {its} not those of the real set. Choose a class "
        f"to hold its {noun} against real ones of that class."
    )
