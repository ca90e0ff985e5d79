"""What a user chooses about drawing images; nothing here loads torch."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SamplingSettings"]


class SamplingSettings(BaseModel):
    """How images are drawn; a family passes over what it does not have.

    None leaves a choice to the trained run's own default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, lt=2**32, description="Seeds every image; the same gives the same.")
    truncation: float = Field(
        default=1.0,
        ge=0,
        le=2,
        description="StyleGAN2: below 1 draws nearer to the mean image, less varied; 0 draws the mean alone.",
    )
    guidance: float | None = Field(
        default=None,
        ge=0,
        le=50,
        description="Diffusion: how strongly the class steers (classifier-free guidance); 1 is unguided.",
    )
    steps: int | None = Field(default=None, ge=1, le=4000, description="Diffusion: denoising steps.")
    sampler: Literal["ddpm", "ddim", "dpm-solver"] | None = Field(
        default=None, description="Diffusion: how steps are taken; DPM-Solver needs the fewest."
    )
    temperature: float = Field(
        default=1.0,
        gt=0,
        le=2,
        description="VQ-VAE-2: below 1 draws likelier codes from the priors, less varied.",
    )
    precision: Literal["fp32", "amp"] = Field(
        default="fp32", description="amp draws faster in 16 bits on GPUs that can; images differ a little."
    )
    batch_size: int = Field(
        default=16, ge=1, le=1024, description="Images drawn at once; changes speed and memory, not images."
    )
