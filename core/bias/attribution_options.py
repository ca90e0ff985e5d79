"""What decides where a trained classifier is found to look; light, for pages and payloads."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.utility.presets import PRESETS, UtilityProtocol

__all__ = ["METHODS", "AttributionMethod", "AttributionOptions"]

AttributionMethod = Literal["grad-cam", "occlusion"]

METHODS: Final[dict[AttributionMethod, str]] = {"grad-cam": "Grad-CAM", "occlusion": "Occlusion"}
"""Ways to ask a classifier where it looks, with what readers call them."""


class AttributionOptions(BaseModel):
    """Choices that decide an explanation, besides the images.

    Attributes:
        protocol: how the classifier is trained, by its own seed; its arms and repeats do not count here.
        repeats: trainings, each with a split and initial weights of its own; maps are averaged over them.
        n_images: images of a class and set at most that are explained in each training.
        cover: side of occlusion's cover as a share of the image's.
        step: step between covers as a share of the image's side, at most a cover.
        seed: seeds which images are explained, and intervals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: UtilityProtocol = PRESETS["quick"]
    repeats: int = Field(default=3, ge=1, le=20)
    n_images: int = Field(default=24, ge=2, le=200)
    cover: float = Field(default=1 / 8, gt=0, le=0.5)
    step: float = Field(default=1 / 16, gt=0, le=0.5)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _check_step(self) -> AttributionOptions:
        if self.step > self.cover:
            raise ValueError(
                f"Covers of {self.cover:g} of the side that step by {self.step:g} leave parts of the image "
                "out; choose a step of at most a cover."
            )
        return self

    @property
    def cover_px(self) -> int:
        """Side of a cover in the classifier's pixels."""
        return max(1, round(self.cover * self.protocol.resolution))

    @property
    def step_px(self) -> int:
        """Step between covers in the classifier's pixels."""
        return min(self.cover_px, max(1, round(self.step * self.protocol.resolution)))
