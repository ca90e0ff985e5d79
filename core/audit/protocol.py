"""A protocol: everything that a user may choose and that decides a number."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.features.base import Device, ExtractorOptions, Precision, ResizeMode
from core.features.volume_view import VolumeView
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity

__all__ = ["Execution", "Protocol"]


class Protocol(BaseModel):
    """Choices that decide an audit's numbers; the same protocol on the same images gives the same audit.

    Attributes:
        extractors: extractor ids; empty takes the default: the FID Inception where its weights are to be had,
            else `texture` for distribution metrics, and `pixels` for copy metrics.
        weights: weight file for the FID Inception, or None for the places that are searched.
        resize: filter to the networks' input size.
        resolution: side in pixels that extractors look at, and of mean images when sizes differ; None takes
            each extractor's own.
        num_channels: 1 turns colour into luma, 3 repeats grey; None leaves images as they are.
        intensity: which values of images deeper than 8 bits are black and white, for all sets alike.
        join_slices: whether the DICOM slices of one series are one volume, not a picture each.
        volume_view: what extractors of pictures see of a volume: slices along three planes, or a montage.
        class_names: classes to keep; empty keeps all.
        group_by: columns of the labels CSV whose values are measured like classes; empty measures none.
        nearest_k: k of precision, recall, density, coverage and the real set: Naeem et al. 2020
            use 5, Kynkäänniemi et al. 2019 use 3.
        seed: seeds every draw.
        precision: number format inside networks.
        collapse_margin: whether copy sets widen by 0.05 when the synthetic features have collapsed, as
            MedSynAnalyzer does.
        false_flag_rate: share of innocent images that may be flagged as copies.
        multiscale: whether MM-FID and MM-STD are computed.
        multiscale_extractors: their extractors; empty takes the audit's distribution extractors.
        multiscale_resolutions: their resolutions in pixels.
        bias: whether is looked for what gives a class away, and how much of it synthetic sets inherit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extractors: tuple[str, ...] = ()
    weights: Path | None = None
    resize: ResizeMode = ResizeMode.CLEAN
    resolution: int | None = Field(default=None, ge=8, le=4096)
    num_channels: Literal[1, 3] | None = None
    intensity: Intensity = DEFAULT_INTENSITY
    join_slices: bool = False
    volume_view: VolumeView = VolumeView.TRI_PLANAR
    class_names: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    nearest_k: int = Field(default=5, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, lt=2**32)
    precision: Precision = Precision.FP32
    collapse_margin: bool = True
    false_flag_rate: float = Field(default=0.01, gt=0, lt=0.5)
    multiscale: bool = False
    multiscale_extractors: tuple[str, ...] = ()
    multiscale_resolutions: tuple[int, ...] = (128, 256, 512, 1024)
    bias: bool = False

    @field_validator("multiscale_resolutions")
    @classmethod
    def _check_resolutions(cls, resolutions: tuple[int, ...]) -> tuple[int, ...]:
        if not resolutions or any(not 8 <= one <= 4096 for one in resolutions):
            raise ValueError("The resolutions of MM-FID lie between 8 and 4096 pixels.")
        if len(set(resolutions)) < len(resolutions):
            raise ValueError("A resolution of MM-FID is named twice; name each once.")
        return resolutions

    @field_validator("multiscale_extractors")
    @classmethod
    def _check_extractors(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("An extractor of MM-FID is named twice; name each once.")
        return names

    def extractor_options(self, execution: Execution, *, resolution: int | None = None) -> ExtractorOptions:
        """Options that an extractor is built from."""
        return ExtractorOptions(
            resize=self.resize,
            resolution=resolution or self.resolution,
            weights=self.weights,
            device=execution.device,
            precision=self.precision,
            seed=self.seed,
        )


class Execution(BaseModel):
    """How an audit runs on a machine; changes its speed, not its numbers beyond float noise.

    Attributes:
        device: where networks run.
        batch_size: images a step of a network.
        workers: decoding threads; None takes one a core.
        store: whether features are kept in, and taken from, the feature store.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Device = Device.AUTO
    batch_size: int = Field(default=32, ge=1)
    workers: int | None = Field(default=None, ge=0)
    store: bool = True
