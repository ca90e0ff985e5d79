"""What a published study found of fidelity and utility, as data: two tables, blanks where none was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from core.metrics.metric_facts import Direction

__all__ = [
    "COLUMNS",
    "SOURCE",
    "TABLES",
    "PublishedChange",
    "PublishedColumn",
    "PublishedRow",
    "PublishedTable",
]

SOURCE: Final = (
    "Xing, Nan, Felder, Walsh, Yang, The Beauty or the Beast: Which Aspect of Synthetic Medical Images "
    "Deserves Our Focus?, IEEE CBMS 2023, arXiv:2305.09789"
)

PublishedUtility = Literal["augmentation", "feature-extraction"]


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    """One metric of the tables.

    Attributes:
        title: its name.
        sentence: what it means.
        direction: which way it is better.
        unit: its unit; empty for a pure number.
        metrics: ids in `core.metrics.catalogue` of what comes nearest to it in an audit.
    """

    title: str
    sentence: str
    direction: Direction
    unit: str
    metrics: tuple[str, ...]


COLUMNS: Final[Mapping[str, PublishedColumn]] = {
    "fir": PublishedColumn(
        "Fake identification rate (FIR)",
        "Synthetic images that two experts, labelling together, called fake, among those shown.",
        Direction.LOWER,
        "share",
        ("fir",),
    ),
    "fid": PublishedColumn(
        "FID",
        "Fréchet distance of Inception features between synthetic and real images.",
        Direction.LOWER,
        "squared feature units",
        ("fid", "fd"),
    ),
    "precision": PublishedColumn(
        "Precision",
        "Synthetic images that lie where real images are.",
        Direction.HIGHER,
        "share",
        ("precision",),
    ),
    "recall": PublishedColumn(
        "Recall",
        "Real images that lie where synthetic images are.",
        Direction.HIGHER,
        "share",
        ("recall",),
    ),
    "mean_image_size": PublishedColumn(
        "Mean-image size",
        "Size of the mean image as a file, smaller for more varied images; the unit was not given.",
        Direction.LOWER,
        "",
        ("mean_image_ljpeg_bytes",),
    ),
}
"""Metrics of the tables by id."""


@dataclass(frozen=True, slots=True)
class PublishedChange:
    """A change in test accuracy against real images alone.

    Attributes:
        points: in percentage points.
        significant: whether it was marked as significant (paired Wilcoxon signed-rank test, p < 0.05).
    """

    points: float
    significant: bool = False


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One generator; what was not given is None.

    Attributes:
        model: the generator.
        fidelity: metric id in `COLUMNS` to value.
        augmentation: change where synthetic images joined the real ones.
        feature_extraction: change where the network was pretrained on synthetic images and its last layer
            trained on half of the real ones, against a network trained on real images.
        cropped_augmentation: the first after the text was cropped away.
        cropped_feature_extraction: the second after it.
        note: what was said in words.
    """

    model: str
    fidelity: Mapping[str, float]
    augmentation: PublishedChange | None = None
    feature_extraction: PublishedChange | None = None
    cropped_augmentation: PublishedChange | None = None
    cropped_feature_extraction: PublishedChange | None = None
    note: str = ""

    def find_change(self, kind: PublishedUtility) -> PublishedChange | None:
        """The change of a kind of experiment, before any cropping."""
        return self.augmentation if kind == "augmentation" else self.feature_extraction


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One data set.

    Attributes:
        id: short name.
        title: what readers call it.
        dataset: what the images are.
        n_train: real training images, which alone fed the generators.
        n_validation: real images that chose the epoch.
        n_test: real images behind each accuracy.
        rows: the generators.
        reference: other ways of training, by name.
    """

    id: str
    title: str
    dataset: str
    n_train: int
    n_validation: int
    n_test: int
    rows: tuple[PublishedRow, ...]
    reference: Mapping[str, PublishedChange]


_Change = PublishedChange

TABLES: Final = (
    PublishedTable(
        id="pathology",
        title="Pathology patches",
        dataset="252 H&E slides of BCSS and Lizard as 18,703 patches of 256 x 256 pixels; inflammatory, "
        "necrosis, stroma, tumour, fat, gland",
        # As given: the three parts add up to 19,093.
        n_train=7874,
        n_validation=3741,
        n_test=7478,
        rows=(
            PublishedRow(
                "VQ-VAE-2",
                {"fir": 0.83, "fid": 201.85, "recall": 0.16},
                augmentation=_Change(-5.73),
                feature_extraction=_Change(-21.10, significant=True),
            ),
            PublishedRow(
                "StyleGAN2",
                {"fir": 0.08, "recall": 0.21, "mean_image_size": 114.67},
                augmentation=_Change(0.08),
                feature_extraction=_Change(-19.77, significant=True),
            ),
            PublishedRow(
                "LDM",
                {"fid": 62.56, "precision": 0.46, "recall": 0.43},
                augmentation=_Change(3.64, significant=True),
                feature_extraction=_Change(-3.19, significant=True),
            ),
        ),
        reference={"traditional augmentation": _Change(4.07)},
    ),
    PublishedTable(
        id="chest",
        title="Paediatric chest X-rays",
        dataset="chest X-rays of children at 512 x 512 pixels; pneumonia, normal",
        n_train=5216,
        n_validation=16,
        n_test=624,
        rows=(
            PublishedRow(
                "VQ-VAE-2",
                {"fir": 1.00, "fid": 45.59, "precision": 0.00, "recall": 0.00},
                augmentation=_Change(0.96),
                feature_extraction=_Change(-22.27, significant=True),
            ),
            PublishedRow(
                "StyleGAN2",
                {"fid": 9.85, "precision": 0.68, "recall": 0.19},
                augmentation=_Change(-1.92),
                feature_extraction=_Change(1.76),
                cropped_feature_extraction=_Change(-13.30),
                note="It reproduced the R that normal images carry, which inflated its feature extraction.",
            ),
            PublishedRow(
                "LDM",
                {"fir": 0.80, "fid": 25.68, "recall": 0.04},
                augmentation=_Change(-0.64),
                feature_extraction=_Change(-0.80),
                cropped_augmentation=_Change(8.01, significant=True),
                note="After cropping, its features were as good as those of real images.",
            ),
        ),
        reference={},
    ),
)
"""The published tables."""
