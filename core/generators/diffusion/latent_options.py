"""Latent diffusion as data: its options, its presets and its entry among the families; loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field, model_validator

from core.generators.diffusion.options import DiffusionOptions
from core.generators.options import GeneratorOptions

if TYPE_CHECKING:
    import core.torch_setup  # noqa: F401  # before anything else of torch

    # isort: split
    import torch

    from core.config import Settings
    from core.generators.phase import Phase, Sampler
    from core.generators.run_folder import RunFolder
    from core.generators.training_images import TrainingImages

__all__ = ["LATENT_DIFFUSION", "PRESETS", "LatentDiffusionFamily", "LatentDiffusionOptions"]

_LEAST_PATCH_PX: Final = 32
# The denoising network of the published presets: Rombach et al. 2022, appendix E, LDM-8 for LSUN-Churches.
_PUBLISHED_UNET: Final[dict[str, Any]] = {
    "width": 192,
    "width_factors": (1, 2, 2, 4, 4),
    "attention_sides": (32, 16, 8, 4),
    "head_channels": 24,
}


class LatentDiffusionOptions(DiffusionOptions):
    """What a user chooses of a latent diffusion model.

    References:
        Rombach et al. 2022, table 8 for the autoencoder's codes: 16,384 of 4 dimensions at 8x compression.
    """

    compression: Literal[4, 8, 16] = Field(
        default=8, description="How many times smaller the side of the latent space is than the image's."
    )
    latent_channels: int = Field(
        default=4, ge=1, le=64, description="Channels of the latent space, and dimensions of its codes."
    )
    n_codes: int = Field(default=16_384, ge=16, le=65_536, description="Codes that decoding rounds to.")
    autoencoder_width: int = Field(
        default=128, ge=8, le=512, description="Channels of the autoencoder at the image's resolution."
    )
    autoencoder_factors: tuple[int, ...] = Field(
        default=(1, 2, 2, 4),
        min_length=3,
        max_length=5,
        description="Multiples of this width at each resolution; one more than the halvings.",
    )
    autoencoder_blocks: int = Field(
        default=2, ge=1, le=4, description="Residual blocks of the autoencoder at each resolution."
    )
    autoencoder_batch_size: int = Field(
        default=16, ge=2, le=1024, description="Images of one update of the autoencoder."
    )
    autoencoder_epochs: float = Field(
        default=50.0,
        gt=0,
        le=100_000,
        description="Passes over the images of the autoencoder, unless set in images.",
    )
    autoencoder_images: int = Field(
        default=0, ge=0, le=10**9, description="Images shown to the autoencoder; 0 goes by its epochs."
    )
    autoencoder_rate: float = Field(
        default=1e-4, gt=0, le=1, description="Learning rate of the autoencoder (Adam)."
    )
    commitment: float = Field(
        default=0.25, ge=0, le=10, description="How strongly latents are pulled towards their codes."
    )
    revive_below: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="A code used less often than this share of the average is dead, and is put where a "
        "latent of the batch lies; 0 leaves dead codes dead.",
    )
    adversarial: float = Field(
        default=0.5,
        ge=0,
        le=10,
        description="Weight of a discriminator of patches that sharpens reconstructions; 0 trains without.",
    )
    adversarial_start: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="Share of the autoencoder's training after which the discriminator joins in.",
    )
    adversarial_width: int = Field(default=64, ge=8, le=256, description="Channels of this discriminator.")

    @model_validator(mode="after")
    def _check_autoencoder(self) -> Self:
        halvings = len(self.autoencoder_factors) - 1
        if 2**halvings != self.compression:
            raise ValueError(
                f"Compressing {self.compression} times takes {self.compression.bit_length()} "
                f"autoencoder_factors, not {halvings + 1}."
            )
        if any(not 1 <= factor <= 16 for factor in self.autoencoder_factors):
            raise ValueError("Every one of autoencoder_factors is from 1 to 16.")
        if self.autoencoder_width % 4:
            raise ValueError(f"autoencoder_width is a multiple of 4, not {self.autoencoder_width}.")
        if self.adversarial and self.size_px < _LEAST_PATCH_PX:
            raise ValueError(
                f"The discriminator of patches needs images of {_LEAST_PATCH_PX} pixels; choose "
                "adversarial=0."
            )
        if self.size_px % self.compression:
            raise ValueError(
                f"size_px ({self.size_px}) is to be a multiple of compression ({self.compression})."
            )
        if self.autoencoder_batch_size % self.accumulate:
            raise ValueError(
                f"A batch of {self.autoencoder_batch_size} images cannot be cut into {self.accumulate} equal "
                "parts; choose accumulate as a divisor of autoencoder_batch_size."
            )
        return self

    @property
    def grid_side(self) -> int:
        """Side of the latent space."""
        return self.size_px // self.compression

    @property
    def grid_channels(self) -> int:
        """Channels of the latent space."""
        return self.latent_channels

    def count_autoencoder_images(self, n_training: int) -> int:
        """Count the images that the autoencoder sees, in whole batches and at least one.

        Args:
            n_training: training images that there are.
        """
        wanted = self.autoencoder_images or round(self.autoencoder_epochs * n_training)
        return max(1, -(-wanted // self.autoencoder_batch_size)) * self.autoencoder_batch_size

    def list_phases(self, n_training: int) -> dict[str, int]:
        """See `GeneratorOptions.list_phases`."""
        autoencoder = {"autoencoder": self.count_autoencoder_images(n_training)}
        return autoencoder | super().list_phases(n_training)


PRESETS: Final[Mapping[str, LatentDiffusionOptions]] = {
    # Both parts within three minutes on two CPU cores, for trying out and for tests.
    "smoke": LatentDiffusionOptions(
        size_px=32,
        is_conditional=True,
        batch_size=64,
        n_images=30_000,
        width=48,
        width_factors=(1, 2),
        blocks=1,
        attention_sides=(4,),
        noise_schedule="linear",
        rate=2e-3,
        warmup_images=1_000,
        weight_decay=0.0,
        ema_halflife_images=1_500,
        latent_channels=8,
        n_codes=512,
        autoencoder_width=16,
        autoencoder_factors=(1, 2, 2, 4),
        autoencoder_blocks=1,
        autoencoder_batch_size=32,
        autoencoder_images=10_000,
        autoencoder_rate=2e-3,
        revive_below=0.3,
        adversarial=0.0,
        sampler="dpm-solver",
        steps=20,
    ),
    "small": LatentDiffusionOptions(
        size_px=128,
        is_conditional=True,
        batch_size=64,
        n_images=2_000_000,
        width=96,
        width_factors=(1, 2, 2),
        attention_sides=(8, 4),
        head_channels=32,
        noise_schedule="scaled-linear",
        rate=2e-4,
        warmup_images=20_000,
        n_codes=2_048,
        autoencoder_width=64,
        autoencoder_images=300_000,
        autoencoder_rate=2e-4,
        precision="amp",
        sampler="dpm-solver",
        steps=25,
        guidance=1.5,
    ),
    "published": LatentDiffusionOptions(
        size_px=256,
        is_conditional=True,
        batch_size=64,
        epochs=400,
        noise_schedule="scaled-linear",
        rate=5e-5,
        warmup_images=64_000,
        ema_halflife_images=100_000,
        precision="amp",
        sampler="dpm-solver",
        steps=30,
        guidance=1.5,
        **_PUBLISHED_UNET,
    ),
    "published-512": LatentDiffusionOptions(
        size_px=512,
        is_conditional=True,
        batch_size=32,
        epochs=400,
        noise_schedule="scaled-linear",
        rate=5e-5,
        warmup_images=64_000,
        ema_halflife_images=100_000,
        autoencoder_batch_size=8,
        accumulate=2,
        precision="amp",
        sampler="dpm-solver",
        steps=30,
        guidance=1.5,
        **_PUBLISHED_UNET,
    ),
}
"""Options by name; they differ in their values alone."""


class LatentDiffusionFamily:
    """Latent diffusion among the families; see `core.generators.family.Family`."""

    name: Final = "latent-diffusion"
    title: Final = "Latent diffusion"
    paper: Final = "Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, CVPR 2022"
    options: type[GeneratorOptions] = LatentDiffusionOptions
    presets: Mapping[str, GeneratorOptions] = PRESETS
    packages: tuple[str, ...] = ("diffusers",)

    def build_phases(
        self,
        options: GeneratorOptions,
        *,
        images: TrainingImages,
        run: RunFolder,
        device: torch.device,
        settings: Settings,
    ) -> Sequence[Callable[[], Phase]]:
        """List `autoencoder`, and `diffusion` in its latent space."""
        from core.generators.diffusion.autoencoder_phase import AutoencoderPhase
        from core.generators.diffusion.phases import build_latent_phase

        assert isinstance(options, LatentDiffusionOptions), "options of another family"
        return (
            lambda: AutoencoderPhase(options, images=images, device=device),
            lambda: build_latent_phase(options, images=images, run=run, device=device),
        )

    def load_sampler(self, run: RunFolder, *, device: torch.device) -> Sampler:
        """Load autoencoder and denoising network."""
        from core.generators.diffusion.sampler import load_latent_sampler

        return load_latent_sampler(run, device=device)


LATENT_DIFFUSION: Final = LatentDiffusionFamily()
"""The family that `core.generators.families` registers."""
