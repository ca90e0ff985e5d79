"""What a user chooses of a utility experiment, and the two presets; nothing here loads torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.errors import UnknownNameError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity

__all__ = ["CLASSIFIERS", "PRESETS", "ClassifierInfo", "UtilityProtocol", "get_preset"]


@dataclass(frozen=True, slots=True)
class ClassifierInfo:
    """One classifier that can be trained.

    Attributes:
        title: what readers call it.
        smallest_px: least side of images that it can look at.
    """

    title: str
    smallest_px: int


CLASSIFIERS: Final = {
    # timm keeps it for tests of itself; at 64 pixels it learns as well as ten times larger ones.
    "test_resnet": ClassifierInfo("Small ResNet (0.4 million weights)", 32),
    "resnet10t": ClassifierInfo("ResNet-10-T", 32),
    "inception_v3": ClassifierInfo("InceptionV3", 75),
    "resnet18": ClassifierInfo("ResNet-18", 32),
    "resnet50": ClassifierInfo("ResNet-50", 32),
    "densenet121": ClassifierInfo("DenseNet-121", 32),
    "efficientnet_b0": ClassifierInfo("EfficientNet-B0", 32),
}
"""Classifiers by their names in timm."""


class UtilityProtocol(BaseModel):
    """Choices that decide a utility experiment's numbers.

    Attributes:
        classifier: a name in `CLASSIFIERS`.
        weights: initial weights: drawn by seed, or those that timm publishes for ImageNet.
        weights_file: a file of initial weights (.safetensors, .pth) instead of either.
        resolution: side in pixels of the square that images are resized to.
        intensity: which values of images deeper than 8 bits are black and white, for all sets alike.
        join_slices: whether the DICOM slices of one series are one volume, not an image each.
        channels: 1 turns colour into luma, 3 repeats grey; None takes 3 where a real image has colour.
        epochs: passes; see `pace`.
        batch_size: images a step.
        optimiser: AdamW, or SGD with momentum 0.9.
        learning_rate: its highest value.
        weight_decay: of the optimiser.
        schedule: `cosine` falls to 0 over the training after a short rise, `constant` stays.
        pace: what arms have in common. With `steps`, an epoch has as many steps as the real training images
            fill, so that an arm with more images is not trained longer; with `epochs` it sees all its images.
        class_weights: whether rare classes weigh more in the loss.
        flip: probability of a left-right flip in traditional augmentation.
        rotation_degrees: largest rotation in either direction.
        contrast: largest relative change of contrast.
        ratios: synthetic images for each real training image.
        train_on_synthetic: whether arms that see no real training image are added.
        label_fractions: shares of the real training images for the label-fraction curve; empty leaves it out.
        feature_fraction: share of the real training images that the last layer is trained on.
        feature_epochs: passes of the last layer over them.
        feature_learning_rate: highest learning rate of the last layer.
        validation_share: share of the real images that choose the epoch; never synthetic ones.
        repeats: trainings of each arm, each with a split and initial weights of its own.
        seed: seeds every draw.
        group_by: columns of the labels CSV by whose values test images are scored in groups.

    References:
        Xing et al., The beauty or the beast: synthetic medical images, IEEE CBMS 2023, for the arms, the
        augmentations, and the last layer's 50 % and 20 epochs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classifier: str = "test_resnet"
    weights: Literal["scratch", "imagenet"] = "scratch"
    weights_file: Path | None = None
    resolution: int = Field(default=64, ge=32, le=1024)
    channels: Literal[1, 3] | None = None
    intensity: Intensity = DEFAULT_INTENSITY
    join_slices: bool = False
    epochs: int = Field(default=12, ge=1, le=1000)
    batch_size: int = Field(default=32, ge=2, le=1024)
    optimiser: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = Field(default=2e-3, gt=0, le=10)
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    schedule: Literal["cosine", "constant"] = "cosine"
    pace: Literal["steps", "epochs"] = "steps"
    class_weights: bool = False
    flip: float = Field(default=0.5, ge=0, le=1)
    rotation_degrees: float = Field(default=10, ge=0, le=180)
    contrast: float = Field(default=0.2, ge=0, lt=1)
    ratios: tuple[float, ...] = (1.0,)
    train_on_synthetic: bool = True
    label_fractions: tuple[float, ...] = ()
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    feature_epochs: int = Field(default=20, ge=1, le=1000)
    feature_learning_rate: float = Field(default=0.01, gt=0, le=10)
    validation_share: float = Field(default=0.2, gt=0, lt=0.9)
    repeats: int = Field(default=10, ge=1, le=100)
    seed: int = Field(default=0, ge=0, lt=2**32)
    group_by: tuple[str, ...] = ()

    @field_validator("classifier")
    @classmethod
    def _check_classifier(cls, name: str) -> str:
        if name not in CLASSIFIERS:
            raise ValueError(f"There is no classifier {name!r}; there are {', '.join(CLASSIFIERS)}.")
        return name

    @field_validator("ratios")
    @classmethod
    def _check_ratios(cls, ratios: tuple[float, ...]) -> tuple[float, ...]:
        if not ratios or any(not 0 < one <= 100 for one in ratios) or _share_a_name(ratios):
            raise ValueError("Ratios of synthetic to real images lie above 0 and up to 100, each named once.")
        return ratios

    @field_validator("label_fractions")
    @classmethod
    def _check_fractions(cls, fractions: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < one < 1 for one in fractions) or _share_a_name(fractions):
            raise ValueError("Label fractions lie between 0 and 1, each named once.")
        return fractions

    @model_validator(mode="after")
    def _check_together(self) -> UtilityProtocol:
        least = CLASSIFIERS[self.classifier].smallest_px
        if self.resolution < least:
            raise ValueError(
                f"{CLASSIFIERS[self.classifier].title} needs images of at least {least} pixels a side, not "
                f"{self.resolution}."
            )
        if self.weights_file is not None and self.weights != "scratch":
            raise ValueError("Initial weights come from a file or from ImageNet, not from both.")
        return self


def _share_a_name(numbers: tuple[float, ...]) -> bool:
    """Whether two numbers are one as arms are called, by six digits."""
    return len({f"{one:g}" for one in numbers}) < len(numbers)


PRESETS: Final = {
    # Minutes on two CPU cores for a few hundred images and one synthetic set. Ten repeats can reach p < 0.05
    # after correction over up to 25 arms held against one baseline, eight sets at one ratio.
    "quick": UtilityProtocol(),
    # Published images have 256 (chest X-ray) and 512 pixels (pathology); Inception was made for 299.
    "paper": UtilityProtocol(
        classifier="inception_v3",
        resolution=299,
        epochs=50,
        learning_rate=3e-4,
        ratios=(0.5, 1.0, 2.0),
        label_fractions=(0.1, 0.25, 0.5),
        repeats=10,
    ),
}
"""Protocols by name; they differ in their values alone."""


def get_preset(name: str) -> UtilityProtocol:
    """Find a preset.

    Raises:
        UnknownNameError: if there is none of that name.
    """
    if name not in PRESETS:
        raise UnknownNameError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.")
    return PRESETS[name]
