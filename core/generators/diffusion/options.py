"""What a user chooses about any diffusion model; nothing here loads torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from core.generators.options import GeneratorOptions

__all__ = ["DiffusionOptions"]


class DiffusionOptions(GeneratorOptions):
    """Choices of the denoising network, its training, and how it draws by default.

    `batch_size`, `epochs` and `n_images` are those of the denoising network's training.
    """

    width: int = Field(
        default=128, ge=8, le=1024, description="Channels of the denoising network at its full resolution."
    )
    width_factors: tuple[int, ...] = Field(
        default=(1, 2, 2, 2),
        min_length=1,
        max_length=8,
        description="Multiples of the width at each resolution; every one after the first halves the side.",
    )
    blocks: int = Field(default=2, ge=1, le=8, description="Residual blocks at each resolution.")
    attention_sides: tuple[int, ...] = Field(
        default=(16,),
        description="Sides in pixels, of those that the network halves down to, where places attend to each "
        "other; always at the smallest.",
    )
    head_channels: int = Field(
        default=0, ge=0, le=1024, description="Channels of an attention head; 0 makes one head of all."
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share dropped within residual blocks.")
    noise_schedule: Literal["linear", "cosine", "scaled-linear"] = Field(
        default="linear",
        description="How noise grows over steps: linear as in DDPM, cosine slower at both ends, "
        "scaled-linear as in latent diffusion.",
    )
    noise_steps: int = Field(
        default=1000, ge=10, le=4000, description="Steps from an image to noise that are trained on."
    )
    rate: float = Field(default=1e-4, gt=0, le=1, description="Learning rate (AdamW).")
    warmup_images: int = Field(
        default=0, ge=0, le=10**8, description="Images over which the learning rate rises from 0."
    )
    weight_decay: float = Field(default=0.01, ge=0, le=1, description="AdamW's pull of weights towards 0.")
    clip_norm: float = Field(default=1.0, gt=0, le=1000, description="Largest norm of a step's gradient.")
    ema_halflife_images: int = Field(
        default=50_000,
        ge=0,
        le=10**8,
        description="Draw from an average of the weights with this half-life; 0 draws from the weights of "
        "the last step.",
    )
    class_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of images that are trained without their class, which guidance needs.",
    )
    sampler: Literal["ddpm", "ddim", "dpm-solver"] = Field(
        default="ddim",
        description="How images are drawn unless asked otherwise; DPM-Solver needs least steps.",
    )
    steps: int = Field(
        default=50, ge=1, le=4000, description="Steps that images are drawn in unless asked otherwise."
    )
    guidance: float = Field(
        default=1.0,
        ge=0,
        le=50,
        description="How strongly the class steers unless asked otherwise; 1 is unguided, more is truer to "
        "the class and less varied.",
    )

    @model_validator(mode="after")
    def _check_denoiser(self) -> Self:
        if any(not 1 <= factor <= 16 for factor in self.width_factors):
            raise ValueError("Every one of width_factors is from 1 to 16.")
        if self.width % 4:
            raise ValueError(f"The width is a multiple of 4, not {self.width}.")
        if self.head_channels and any(
            self.width * factor % self.head_channels for factor in self.width_factors
        ):
            raise ValueError(
                f"Heads of {self.head_channels} channels do not divide the width at every resolution; choose "
                "head_channels as a divisor of width."
            )
        if self.steps > self.noise_steps:
            raise ValueError(f"steps ({self.steps}) cannot exceed noise_steps ({self.noise_steps}).")
        if self.is_conditional and not self.class_dropout and self.guidance != 1:
            raise ValueError(
                "Guidance needs images that are trained without class; choose class_dropout=0.1."
            )
        halvings = 2 ** (len(self.width_factors) - 1)
        if self.grid_side % halvings:
            raise ValueError(
                f"A side of {self.grid_side} cannot be halved {len(self.width_factors) - 1} times; choose "
                "fewer width_factors or another size_px."
            )
        return self

    def list_phases(self, n_training: int) -> dict[str, int]:
        """See `GeneratorOptions.list_phases`."""
        return {"diffusion": self.count_images(n_training)}

    @property
    def grid_side(self) -> int:
        """Side in pixels of what is denoised: images, unless a family denoises something smaller."""
        return self.size_px

    @property
    def grid_channels(self) -> int:
        """Channels of what is denoised."""
        return self.channels
