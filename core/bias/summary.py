"""The content of `bias.json`, as typed data."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "ALL_REGIONS",
    "BiasSetRecord",
    "BiasSettings",
    "BiasSummary",
    "DifferenceRecord",
    "InheritanceRecord",
    "MarkerRecord",
    "ShortcutRecord",
    "SuspectRecord",
    "explain_montages",
]

ALL_REGIONS: Final = "all"
"""Stands in `InheritanceRecord.region` for all suspect positions together, disease included."""


def explain_montages(slices: int) -> str:
    """Say what a place is where volumes were looked at as montages of so many slices."""
    return (
        f"Each volume was looked at as a montage of {slices} axial slices, from the feet (upper left) to the "
        "head: a place is one of the montage, within one slice or two of it."
    )


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class BiasSettings(_Record):
    """What decided an analysis.

    Attributes:
        side_px: side of the frame that images were brought to.
        patch_px: side of a patch.
        stride_px: step between neighbouring patches.
        positions: rows and columns of positions.
        n_folds: folds of cross-validation.
        n_permutations: shuffled labellings behind threshold and p-values.
        seed: seeds folds, labellings and the choice of images.
        alpha: chance that a set without any signal has a position above its threshold.
        max_per_class: images of a class and set at most.
        intensity: how pixel values were brought to one scale; empty in analyses of earlier versions.
        montage_slices: axial slices of the montage by which each volume was looked at; 0 of pictures.
    """

    side_px: int
    patch_px: int
    stride_px: int
    positions: tuple[int, int]
    n_folds: int
    n_permutations: int
    seed: int
    alpha: float
    max_per_class: int
    intensity: str = ""
    montage_slices: int = 0

    @property
    def starts(self) -> tuple[int, ...]:
        """First row (or column) in frame pixels of each patch; the last patch ends with the frame."""
        last = self.side_px - self.patch_px
        starts = list(range(0, last + 1, self.stride_px))
        return tuple(starts if starts[-1] == last else [*starts, last])


class DifferenceRecord(_Record):
    """One pair of classes: where their mean images differ.

    Attributes:
        name: what `load_map` calls it.
        first: class whose larger values are positive.
        second: the other class.
        n_first: images of the first class.
        n_second: images of the second.
    """

    name: str
    first: str
    second: str
    n_first: int
    n_second: int


class BiasSetRecord(_Record):
    """One image set as it was probed.

    Attributes:
        name: the set's name.
        role: real, heldout or synthetic.
        n: images that entered.
        classes: class to how many of them.
        threshold: area above which a position tells the class beyond chance, or None without a probe.
        max_auroc: area of its strongest position, or None.
        share_above: share of positions above the threshold, or None.
        note: why something is missing; else empty.
        differences: pairs of classes that have a map.
    """

    name: str
    role: Literal["real", "heldout", "synthetic"]
    n: int
    classes: dict[str, int]
    threshold: float | None
    max_auroc: float | None
    share_above: float | None
    note: str = ""
    differences: tuple[DifferenceRecord, ...] = ()


class SuspectRecord(_Record):
    """One region of the real set from which the class can be told; see `core.bias.suspects.Suspect`.

    Attributes:
        rank: place in the list, from 1.
        left: left edge as a share of the image's width; the others likewise.
        top: upper edge.
        right: right edge.
        bottom: lower edge.
        auroc: area under the ROC curve at its strongest position.
        low: lower end of its 95 % interval, which does not know that the position was chosen for its height.
        high: upper end.
        p_value: family-wise.
        mean_auroc: mean area over the region.
        surround_auroc: mean area around it.
        area: share of the image that it covers.
        score: what the list is ordered by, 0 for a sign that spreads over the image to nearly 0.5 for a small
            mark that tells everything.
    """

    rank: int
    left: float
    top: float
    right: float
    bottom: float
    auroc: float
    low: float
    high: float
    p_value: float
    mean_auroc: float
    surround_auroc: float
    area: float
    score: float


class InheritanceRecord(_Record):
    """How much of a region's signal another set carries; see `core.bias.inheritance`.

    Attributes:
        set: the other set.
        region: rank of the region, or `ALL_REGIONS`.
        sign: `same`: by the probe that learned on real images; `any`: by the set's own.
        share: 1 carries all of it, 0 none, below 0 the classes are swapped.
        low: lower end of its 95 % interval.
        high: upper end.
        n_real: real images.
        n_synthetic: images of the other set.
    """

    set: str
    region: str
    sign: Literal["same", "any"]
    share: float
    low: float
    high: float
    n_real: int
    n_synthetic: int


class ShortcutRecord(_Record):
    """What one property of a set's images alone tells; see `core.bias.shortcuts`.

    Attributes:
        set: the set.
        property: intensity, border, aspect, resolution or format.
        auroc: cross-validated area under the ROC curve; 0.5 is chance.
        low: lower end of its 95 % interval.
        high: upper end.
        p_value: family-wise over the properties.
        n: images.
        note: why it tells nothing where it cannot; else empty.
    """

    set: str
    property: str
    auroc: float
    low: float
    high: float
    p_value: float
    n: int
    note: str = ""


class MarkerRecord(_Record):
    """How many images of a class carry letters; see `core.bias.markers`.

    Attributes:
        set: the set.
        class_name: the class; `class` in JSON and CSV.
        zone: a third of the image, or "anywhere".
        rate: share of the class's images.
        low: lower end of its 95 % interval.
        high: upper end.
        n_marked: images with a letter there.
        n: images of the class.
    """

    set: str
    class_name: str = Field(alias="class")
    zone: str
    rate: float
    low: float
    high: float
    n_marked: int
    n: int


class BiasSummary(_Record):
    """The content of `bias.json`.

    Attributes:
        format_version: raised when files of an analysis change their meaning.
        classes: classes that were told apart.
        settings: what decided the numbers.
        sets: the real set first, then the others in the study's order.
        suspects: suspect regions of the real set, most suspect first.
        inheritance: for every other set and region, then for all suspect positions together.
        shortcuts: for every set that was probed.
        markers: for every set, class and zone.
    """

    format_version: Literal[1]
    classes: tuple[str, ...]
    settings: BiasSettings
    sets: tuple[BiasSetRecord, ...]
    suspects: tuple[SuspectRecord, ...] = ()
    inheritance: tuple[InheritanceRecord, ...] = ()
    shortcuts: tuple[ShortcutRecord, ...] = ()
    markers: tuple[MarkerRecord, ...] = ()
