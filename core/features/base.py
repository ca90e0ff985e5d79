"""What an extractor is: the protocol that every one follows and the options that it is built from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.images.volume import Volume

__all__ = [
    "Device",
    "Extractor",
    "ExtractorInfo",
    "ExtractorOptions",
    "FeatureBatch",
    "FeatureKind",
    "Pixels",
    "Precision",
    "ResizeMode",
    "VolumeExtractor",
]

Pixels = NDArray[np.float32]
"""One image as extractors receive it: (height, width, channels) float32, 1 or 3 channels, 0 to 255."""


class FeatureKind(StrEnum):
    """Whether distances between features are Euclidean or Hamming."""

    CONTINUOUS = "continuous"
    DISCRETE = "discrete"


class ResizeMode(StrEnum):
    """How an image reaches a network's input size; FID changes with it, so the protocol records it.

    `clean` is PIL bicubic per channel in float32, antialiased and without 8-bit rounding (Parmar et al.
    2022); `pytorch-fid` is float bilinear without antialiasing; `torch-fidelity` is TensorFlow 1's bilinear.
    """

    CLEAN = "clean"
    PYTORCH_FID = "pytorch-fid"
    TORCH_FIDELITY = "torch-fidelity"


class Device(StrEnum):
    """Where networks run; `auto` takes CUDA, then Apple's MPS, then the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Precision(StrEnum):
    """Number format inside networks; features are float32 either way."""

    FP32 = "fp32"
    BF16 = "bf16"


@dataclass(frozen=True, slots=True)
class ExtractorOptions:
    """What a user may choose about an extractor.

    Attributes:
        resize: filter to the network's input size.
        resolution: side in pixels of the square that the extractor looks at; None takes its own default.
        weights: weight file to use instead of the places that are searched.
        device: where networks run.
        precision: number format inside networks.
        seed: seeds extractors whose weights are drawn (`random-conv`).
    """

    resize: ResizeMode = ResizeMode.CLEAN
    resolution: int | None = None
    weights: Path | None = None
    device: Device = Device.AUTO
    precision: Precision = Precision.FP32
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ExtractorInfo:
    """Facts about an extractor, as data for lists, notices and tooltips.

    Attributes:
        id: the name it is registered under.
        title: a reader's name for it.
        sentence: what it looks at, in one plain sentence.
        paper: where it comes from.
        resolution: side in pixels of its default input.
        kind: whether its features are continuous or discrete codes.
        needs_weights: whether it works without a weight file or download.
        standardise: whether each feature is standardised by the real set before metrics
            (Fréchet radiomics distance); networks' features are used as they are.
        has_logits: whether it also gives class logits (inception score).
        takes_volumes: whether it looks at whole volumes (`VolumeExtractor`), and at no pictures.
    """

    id: str
    title: str
    sentence: str
    paper: str
    resolution: int
    kind: FeatureKind = FeatureKind.CONTINUOUS
    needs_weights: bool = False
    standardise: bool = False
    has_logits: bool = False
    takes_volumes: bool = False


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """Features of a batch in the batch's order.

    Attributes:
        features: (batch, dimension) float32, or integer codes for discrete extractors.
        logits: (batch, classes) float32, or None.
    """

    features: NDArray[Any]
    logits: NDArray[np.float32] | None = None


class Extractor(Protocol):
    """Turns images into features.

    `prepare` runs in loader threads, one image at a time; `extract` runs on the main thread on a whole
    batch, so that decoding and resizing overlap with the network. The features of an image must not depend
    on the other images of its batch.
    """

    @property
    def info(self) -> ExtractorInfo:
        """Facts about this extractor."""

    @property
    def name(self) -> str:
        """The id as the user wrote it and as results carry it, such as `timm:resnet18`."""

    @property
    def dimension(self) -> int:
        """Number of features of one image."""

    @property
    def identity(self) -> str:
        """Everything that decides a feature beyond the image's bytes, as one line of text.

        Extractor and its version, preprocessing (resize filter, resolution), weight hash, precision. Two
        extractors with equal identities give equal features; the feature store keys on it. No file paths.
        """

    @property
    def weights_sha256(self) -> str | None:
        """Hash of the weights in use, or None where there are none."""

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """Turn one image into the fixed-shape array that `extract` stacks; thread-safe."""

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """Turn (batch, ...) prepared arrays into features, dropping none."""


@runtime_checkable
class VolumeExtractor(Extractor, Protocol):
    """A network in 3-D: turns whole volumes into features.

    `prepare_volume` stands in the place of `prepare`, which refuses pictures.
    """

    def prepare_volume(self, volume: Volume, *, num_channels: int | None) -> NDArray[np.float32]:
        """Turn one volume into the fixed-shape array that `extract` stacks; thread-safe.

        Args:
            volume: 8-bit levels, (slices, rows, columns) or (slices, rows, columns, 3).
            num_channels: 1 turns colour into luma, 3 repeats grey; None leaves volumes as they are.
        """
