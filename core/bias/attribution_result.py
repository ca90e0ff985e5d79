"""What is found of where trained classifiers look; light, so that pages can read it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.bias.attribution_options import AttributionMethod, AttributionOptions

__all__ = [
    "AttributedClass",
    "AttributedSet",
    "AttributionResult",
    "AttributionSummary",
    "ShareRecord",
    "TrainingRecord",
]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingRecord(_Record):
    """One training of the classifier.

    Attributes:
        repeat: its number, from 1.
        n_train: real images that it was trained on.
        n_validation: real images of other patients that chose its epoch; those that are explained.
        best_epoch: the epoch whose weights it has.
        balanced_accuracy: on the validation images.
        seconds: how long it took.
    """

    repeat: int
    n_train: int
    n_validation: int
    best_epoch: int
    balanced_accuracy: float
    seconds: float


class AttributedClass(_Record):
    """One averaged map: a set, a class and a method.

    Attributes:
        class_name: the class; its images are asked what speaks for it.
        method: `grad-cam` or `occlusion`.
        n: images behind it, each counted once however many trainings explained it.
        n_empty: images among them in which nothing spoke for the class, in any training.
        recall: share of them that classifiers gave to this class, averaged over trainings.
        agreement: mean correlation between the maps of two trainings, 1 for equal ones; None for a single
            training, or where a map is flat.
        file: the map's path below the attribution's folder, without its ending.
    """

    class_name: str
    method: AttributionMethod
    n: int
    n_empty: int
    recall: float
    agreement: float | None
    file: str


class AttributedSet(_Record):
    """One set that was explained.

    Attributes:
        name: the set's name.
        role: real, heldout or synthetic.
        n: images that were explained, each counted once.
        balanced_accuracy: of the classifiers on them.
        low: lower end of its 95 % interval, patients being what varies.
        high: upper end.
        maps: for every method and class that occurs.
    """

    name: str
    role: Literal["real", "heldout", "synthetic"]
    n: int
    balanced_accuracy: float
    low: float
    high: float
    maps: tuple[AttributedClass, ...]


class ShareRecord(_Record):
    """How much of where classifiers look lies in a suspect region.

    Attributes:
        set: the set.
        class_name: the class; `class` in the CSV.
        method: `grad-cam` or `occlusion`.
        region: rank of the suspect region, from 1.
        left: left edge of its box as a share of the image's width; the others likewise.
        top: upper edge.
        right: right edge.
        bottom: lower edge.
        area: share of the image that the box covers: what a classifier that looks everywhere alike has there.
        share: mean over images of the share of their map's mass within the box.
        low: lower end of its 95 % interval from redrawing patients, or None for fewer than two.
        high: upper end.
        ratio: share over area; 1 is no more than anywhere.
        lowest: share of the training with the least.
        highest: share of the training with the most.
        n: images with a map.
        n_empty: images in which nothing spoke for the class; they are not in the mean.
    """

    set: str
    class_name: str
    method: AttributionMethod
    region: int
    left: float
    top: float
    right: float
    bottom: float
    area: float
    share: float
    low: float | None
    high: float | None
    ratio: float
    lowest: float
    highest: float
    n: int
    n_empty: int


class AttributionSummary(_Record):
    """The content of `attribution.json`.

    Attributes:
        format_version: raised when files of an attribution change their meaning.
        classes: classes that were told apart.
        options: what decided the numbers.
        classifier: what readers call the network.
        weights: where its initial weights come from.
        device: kind of device that it ran on.
        layer: what Grad-CAM reads.
        layer_cells: rows and columns of that layer.
        side_px: side of the maps, which lie on the frame of the analysis.
        trainings: one a repeat.
        balanced_accuracy: on validation images, averaged over trainings; their epochs were chosen by it, so
            that it is a little too high.
        low: lower end of its 95 % interval, patients being what varies.
        high: upper end.
        n_validation: validation images, each counted once.
        tells_classes: whether that interval lies above chance; if not, maps mean nothing.
        sets: the real set's validation images first, then the others.
        shares: for every set, class, method and suspect region.
        notes: one sentence each.
        seconds: how long all of it took.
    """

    format_version: Literal[1] = 1
    classes: tuple[str, ...]
    options: AttributionOptions
    classifier: str
    weights: str
    device: str
    layer: str
    layer_cells: tuple[int, int]
    side_px: int
    trainings: tuple[TrainingRecord, ...]
    balanced_accuracy: float
    low: float
    high: float
    n_validation: int
    tells_classes: bool
    sets: tuple[AttributedSet, ...]
    shares: tuple[ShareRecord, ...]
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class AttributionResult:
    """Where classifiers look.

    Attributes:
        summary: everything but the arrays.
        maps: (set, method, class) to the (side, side) mean over images of maps that were each divided by
            their largest value, averaged over trainings; 0 to 1.
        grounds: set to the (side, side) mean of its explained images, in grey levels.
    """

    summary: AttributionSummary
    maps: dict[tuple[str, AttributionMethod, str], NDArray[np.float32]]
    grounds: dict[str, NDArray[np.float64]]
