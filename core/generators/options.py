"""What a user chooses about training any generator; nothing here loads torch."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import InputError
from core.images.intensity import Intensity
from core.images.intensity_text import parse_intensity_text, write_intensity_text
from core.validation import explain_first

__all__ = ["GeneratorOptions"]


class GeneratorOptions(BaseModel):
    """Choices that every family has; each family's own options add to them.

    Every field says in its description what it does: pages show it beside the field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_px: int = Field(default=32, ge=8, le=1024, description="Side of the square images in pixels.")
    channels: Literal[1, 3] = Field(default=1, description="1 trains on grey images, 3 on colour.")
    classes: tuple[str, ...] = Field(
        default=(), description="Train on these classes only; none named takes all images."
    )
    is_conditional: bool = Field(
        default=False, description="Whether the class of an image can be chosen when it is drawn."
    )
    intensity: str = Field(
        default="file",
        max_length=80,
        description="Black and white of images deeper than 8 bits: lung, soft-tissue, bone, brain, mr, "
        "window:CENTER/WIDTH, percentile:LOW/HIGH, minmax, or file: as each file says, else its own range.",
    )
    join_slices: bool = Field(
        default=False,
        description="Whether the DICOM slices of one series are one volume; volumes are learned as montages.",
    )
    batch_size: int = Field(default=32, ge=2, le=4096, description="Images of one update.")
    accumulate: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Parts that a batch is computed in, to save memory; the update stays that of the batch.",
    )
    epochs: float = Field(
        default=20.0, gt=0, le=100_000, description="Passes over the training images, unless images are set."
    )
    n_images: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="Images shown to the networks in all, repeats counted; 0 goes by epochs.",
    )
    precision: Literal["fp32", "amp"] = Field(
        default="fp32", description="amp computes in 16 bits on GPUs that can (bfloat16), else as fp32."
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seeds weights, order and noise.")
    snapshot_images: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="Images between two sample grids and checkpoints; 0 makes ten in all.",
    )

    @field_validator("intensity")
    @classmethod
    def _check_intensity(cls, text: str) -> str:
        try:
            return write_intensity_text(parse_intensity_text(text))
        except ValidationError as error:
            raise ValueError(explain_first(error)) from None
        except InputError as error:
            raise ValueError(str(error)) from None

    @property
    def policy(self) -> Intensity:
        """The intensity policy that `intensity` names."""
        return parse_intensity_text(self.intensity)

    @model_validator(mode="after")
    def _check_batch(self) -> Self:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"A batch of {self.batch_size} images cannot be cut into {self.accumulate} equal parts; "
                "choose accumulate as a divisor of batch_size."
            )
        return self

    def count_images(self, n_training: int) -> int:
        """Count the images that training shows in all, in whole batches and at least one.

        Args:
            n_training: training images that there are.
        """
        wanted = self.n_images or round(self.epochs * n_training)
        return max(1, -(-wanted // self.batch_size)) * self.batch_size

    @abstractmethod
    def list_phases(self, n_training: int) -> dict[str, int]:
        """Name what is trained, one after the other, with the images that each phase sees in all.

        Args:
            n_training: training images that there are.
        """
