"""What a user chooses about StyleGAN2, and its presets; nothing here loads torch."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from core.generators.options import GeneratorOptions

__all__ = ["PRESETS", "StyleGAN2Options"]


class StyleGAN2Options(GeneratorOptions):
    """Choices of StyleGAN2 and of the augmentation of what its discriminator sees."""

    latent_size: int = Field(
        default=512,
        ge=8,
        le=2048,
        description="Dimensions of the noise, of the embedded class and of the latent that styles come from.",
    )
    mapping_layers: int = Field(
        default=8, ge=1, le=16, description="Layers between the noise and the latent; few for little data."
    )
    channel_base: int = Field(
        default=32_768,
        ge=64,
        le=131_072,
        description="Feature maps times the side in pixels at each resolution: halving it halves the width.",
    )
    channel_max: int = Field(
        default=512, ge=8, le=2048, description="Feature maps at any resolution at most."
    )
    learning_rate: float = Field(default=2e-3, gt=0, le=1, description="Adam's, for both networks.")
    style_mixing: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="Share of images that take one latent up to a random layer and another from there on.",
    )
    r1_weight: float = Field(
        default=10.0,
        ge=0,
        le=1000,
        description="Holds the discriminator's slope at real images down (R1's gamma); larger for larger "
        "images and less data.",
    )
    r1_interval: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="Updates between two of R1; its strength does not depend on it.",
    )
    path_weight: float = Field(
        default=1.0,
        ge=0,
        le=100,
        description="Strength of path-length regularisation, as a multiple of the paper's; 0 leaves it out.",
    )
    path_interval: int = Field(
        default=8, ge=1, le=1024, description="Updates between two of path-length regularisation."
    )
    deviation_group: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Images whose spread the discriminator sees, against images that are all alike.",
    )
    ema_halflife_images: int = Field(
        default=10_000,
        ge=1,
        le=10**8,
        description="Images after which an earlier weight counts half in the averaged generator that draws.",
    )
    augmentation: Literal["ada", "fixed", "off"] = Field(
        default="ada",
        description="Changes what the discriminator sees, for small data: ada raises the probability while "
        "the discriminator learns training images by heart, fixed keeps the initial one.",
    )
    augment_initial: float = Field(
        default=0.0, ge=0, le=1, description="Probability of each change when training begins."
    )
    augment_target: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="ada: the mean sign of the discriminator on real images to aim for; less changes more.",
    )
    augment_images: int = Field(
        default=500_000,
        ge=100,
        le=10**9,
        description="ada: images within which the probability can go from 0 to 1.",
    )
    augment_most: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="ada: the highest probability; above 0.8 the changes show in what is generated.",
    )
    augment_flip: bool = Field(default=True, description="Flip left and right.")
    augment_turn: bool = Field(default=True, description="Turn by quarters.")
    augment_shift: bool = Field(default=True, description="Shift by up to an eighth, by whole pixels.")
    augment_warp: bool = Field(
        default=True, description="Scale, stretch, rotate by any angle, and shift by fractions of a pixel."
    )
    augment_colour: bool = Field(
        default=True,
        description="Change brightness and contrast; in colour also luma, hue and saturation.",
    )

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if self.size_px & (self.size_px - 1):
            raise ValueError(
                f"StyleGAN2 doubles its image from 4 pixels up, so size_px is a power of two and not "
                f"{self.size_px}; choose {1 << (self.size_px.bit_length() - 1)} or "
                f"{1 << self.size_px.bit_length()}."
            )
        return self

    def list_phases(self, n_training: int) -> dict[str, int]:
        """See `GeneratorOptions.list_phases`."""
        return {"gan": self.count_images(n_training)}

    def width_at(self, side: int) -> int:
        """Feature maps at a resolution (Karras et al. 2020: 512 up to 64 pixels, then halved each time)."""
        return max(1, min(self.channel_base // side, self.channel_max))


# Rates, widths, R1 and half-lives of the published presets are those of Karras et al. 2020 (limited data),
# app. C, for the data of the same side; 512 dimensions and the embedded class are those of Xing et al. 2023.
PRESETS: Final = MappingProxyType(
    {
        "smoke": StyleGAN2Options(
            size_px=32,
            latent_size=64,
            mapping_layers=2,
            channel_base=512,
            channel_max=48,
            batch_size=16,
            n_images=14_400,
            learning_rate=2.5e-3,
            r1_weight=0.1,
            ema_halflife_images=500,
            augment_images=50_000,
        ),
        "small": StyleGAN2Options(
            size_px=128,
            latent_size=256,
            mapping_layers=4,
            channel_base=8192,
            channel_max=256,
            batch_size=32,
            n_images=1_000_000,
            learning_rate=2.5e-3,
            r1_weight=0.5,
            deviation_group=8,
            precision="amp",
        ),
        "published-256": StyleGAN2Options(
            size_px=256,
            channel_base=16_384,
            batch_size=64,
            n_images=25_000_000,
            learning_rate=2.5e-3,
            r1_weight=1.0,
            deviation_group=8,
            ema_halflife_images=20_000,
            is_conditional=True,
            precision="amp",
        ),
        "published": StyleGAN2Options(
            size_px=512,
            batch_size=64,
            accumulate=4,
            n_images=25_000_000,
            learning_rate=2.5e-3,
            r1_weight=0.5,
            deviation_group=8,
            ema_halflife_images=20_000,
            is_conditional=True,
            precision="amp",
        ),
        "published-1024": StyleGAN2Options(
            size_px=1024,
            batch_size=32,
            accumulate=4,
            n_images=25_000_000,
            r1_weight=2.0,
            is_conditional=True,
            precision="amp",
        ),
    }
)
"""Options by name; `published` has the 512 pixels of the published chest X-rays. All are for grey images."""
