"""VQ-VAE-2 as data: its options, its presets and its entry among the families; nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import Field, model_validator

from core.generators.options import GeneratorOptions

if TYPE_CHECKING:
    import core.torch_setup  # noqa: F401  # before anything else of torch

    # isort: split
    import torch

    from core.config import Settings
    from core.generators.phase import Phase, Sampler
    from core.generators.run_folder import RunFolder
    from core.generators.training_images import TrainingImages

__all__ = ["PRESETS", "Vqvae2Family", "Vqvae2Options"]


class Vqvae2Options(GeneratorOptions):
    """What a user chooses of a VQ-VAE-2.

    Defaults are those of Razavi et al. 2019, tables 4 and 5 (ImageNet, 256 px) but for the priors' width.
    One model a class, as the published comparison trained them, is `classes` of one name.
    """

    bottom_downsampling: Literal[2, 4, 8] = Field(
        default=4,
        description="Pixels a side that one bottom code stands for; a top code stands for twice as many.",
    )
    n_codes: int = Field(default=512, ge=2, le=8192, description="Codes of each level.")
    code_size: int = Field(default=64, ge=2, le=1024, description="Dimensions of a code's vector.")
    width: int = Field(default=128, ge=4, le=2048, description="Channels of the autoencoder's hidden layers.")
    residual_width: int = Field(default=64, ge=2, le=2048, description="Channels within its residual blocks.")
    residual_layers: int = Field(default=2, ge=0, le=16, description="Residual blocks of each of its stacks.")
    commitment: float = Field(
        default=0.25,
        ge=0,
        le=10,
        description="Weight of the loss that keeps the encoder near its codes (beta).",
    )
    codebook_decay: float = Field(
        default=0.99, ge=0, lt=1, description="Memory of the running averages that codes are (gamma)."
    )
    revive_below: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="A code used less often than this share of the average is dead, and is put where some "
        "image of the batch lies; 0 leaves dead codes dead.",
    )
    rate: float = Field(default=3e-4, gt=0, le=1, description="Learning rate of the autoencoder (Adam).")
    prior_batch_size: int = Field(default=32, ge=2, le=4096, description="Images of one update of a prior.")
    prior_epochs: float = Field(
        default=100.0,
        gt=0,
        le=100_000,
        description="Passes over the images of each prior, unless set in images.",
    )
    prior_images: int = Field(
        default=0, ge=0, le=10**9, description="Images shown to each prior; 0 goes by its epochs."
    )
    prior_rate: float = Field(default=3e-4, gt=0, le=1, description="Learning rate of the priors (Adam).")
    prior_width: int = Field(default=256, ge=8, le=2048, description="Channels of the priors.")
    prior_kernel: Literal[3, 5, 7] = Field(default=5, description="Side of the priors' convolutions.")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="Share dropped within the priors' blocks.")
    top_layers: int = Field(default=20, ge=1, le=64, description="Residual blocks of the top prior.")
    top_residual_width: int = Field(default=256, ge=8, le=4096, description="Channels within these blocks.")
    top_attention: int = Field(
        default=4, ge=0, le=16, description="Attention layers of the top prior, evenly between its blocks."
    )
    attention_heads: int = Field(default=8, ge=1, le=64, description="Heads of each attention layer.")
    top_output_layers: int = Field(
        default=0, ge=0, le=64, description="Residual blocks of single places before the top prior's answer."
    )
    bottom_layers: int = Field(default=20, ge=1, le=64, description="Residual blocks of the bottom prior.")
    bottom_residual_width: int = Field(
        default=256, ge=8, le=4096, description="Channels within these blocks."
    )
    bottom_attention: int = Field(
        default=0, ge=0, le=16, description="Attention layers of the bottom prior; costly on large maps."
    )
    conditioning_layers: int = Field(
        default=20,
        ge=0,
        le=64,
        description="Residual blocks through which the bottom prior sees the top codes.",
    )
    ema_halflife_images: int = Field(
        default=10_000,
        ge=0,
        le=10**7,
        description="Draw from an average of the priors' weights with this half-life; 0 draws from the "
        "weights of the last step.",
    )

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        if self.size_px % (2 * self.bottom_downsampling):
            raise ValueError(
                f"Images of {self.size_px} pixels cannot be cut into top codes of "
                f"{2 * self.bottom_downsampling} pixels; choose size_px as a multiple of them."
            )
        if self.prior_batch_size % self.accumulate:
            raise ValueError(
                f"A batch of {self.prior_batch_size} images cannot be cut into {self.accumulate} equal parts;"
                " choose accumulate as a divisor of prior_batch_size."
            )
        if self.prior_width % self.attention_heads:
            raise ValueError(
                f"{self.prior_width} channels cannot be shared out over {self.attention_heads} heads; choose "
                "prior_width as a multiple of attention_heads."
            )
        for level, layers, attention in (
            ("top", self.top_layers, self.top_attention),
            ("bottom", self.bottom_layers, self.bottom_attention),
        ):
            if attention and layers % attention:
                raise ValueError(
                    f"{attention} attention layers do not lie evenly between {layers} blocks; choose "
                    f"{level}_layers as a multiple of {level}_attention."
                )
        return self

    def count_prior_images(self, n_training: int) -> int:
        """Count the images that each prior sees, in whole batches and at least one.

        Args:
            n_training: training images that there are.
        """
        wanted = self.prior_images or round(self.prior_epochs * n_training)
        return max(1, -(-wanted // self.prior_batch_size)) * self.prior_batch_size

    def list_phases(self, n_training: int) -> dict[str, int]:
        """See `GeneratorOptions.list_phases`."""
        prior = self.count_prior_images(n_training)
        return {"autoencoder": self.count_images(n_training), "prior-top": prior, "prior-bottom": prior}

    @property
    def top_side(self) -> int:
        """Codes a side of the top map."""
        return self.size_px // (2 * self.bottom_downsampling)

    @property
    def bottom_side(self) -> int:
        """Codes a side of the bottom map."""
        return self.size_px // self.bottom_downsampling


PRESETS: Final[Mapping[str, Vqvae2Options]] = {
    # All three parts in under three minutes on two CPU cores, for trying out and for tests.
    "smoke": Vqvae2Options(
        size_px=32, is_conditional=True, batch_size=32, n_images=12_000, rate=2e-3,
        bottom_downsampling=2, n_codes=64, code_size=16, width=48, residual_width=24, residual_layers=2,
        codebook_decay=0.95, revive_below=0.1, prior_batch_size=16, prior_images=10_000, prior_rate=2e-3,
        prior_width=32, prior_kernel=3, top_layers=4, top_residual_width=32, top_attention=1,
        attention_heads=4, bottom_layers=3, bottom_residual_width=32, bottom_attention=1,
        conditioning_layers=2, ema_halflife_images=500,
    ),
    "small": Vqvae2Options(
        size_px=64, is_conditional=True, batch_size=64, epochs=60, rate=1e-3,
        bottom_downsampling=4, n_codes=256, code_size=32, width=96, residual_width=48,
        prior_batch_size=64, prior_epochs=120, prior_rate=1e-3, prior_width=128, prior_kernel=3,
        top_layers=10, top_residual_width=128, top_attention=2, attention_heads=4,
        bottom_layers=10, bottom_residual_width=128, bottom_attention=1, conditioning_layers=6,
    ),
    # Razavi et al. 2019, tables 4 and 5, but for the priors' width: theirs is `razavi-256`.
    "published": Vqvae2Options(
        size_px=256, channels=3, is_conditional=True, batch_size=64, epochs=100, precision="amp",
    ),
    "published-512": Vqvae2Options(
        size_px=512, is_conditional=True, batch_size=32, epochs=100, precision="amp", prior_batch_size=16,
    ),
    "razavi-256": Vqvae2Options(
        size_px=256, channels=3, is_conditional=True, batch_size=128, n_images=128 * 2_207_444,
        precision="amp", prior_batch_size=512, prior_images=512 * 854_000, prior_width=512, top_layers=20,
        top_residual_width=2048, top_attention=4, top_output_layers=20, bottom_residual_width=1024,
    ),
}  # fmt: skip


class Vqvae2Family:
    """VQ-VAE-2; see `core.generators.family.Family`."""

    name: Final = "vqvae2"
    title: Final = "VQ-VAE-2"
    paper: Final = "Razavi et al., NeurIPS 2019"
    options: type[GeneratorOptions] = Vqvae2Options
    presets: Mapping[str, GeneratorOptions] = PRESETS
    packages: tuple[str, ...] = ()

    def build_phases(
        self,
        options: GeneratorOptions,
        *,
        images: TrainingImages,
        run: RunFolder,
        device: torch.device,
        settings: Settings,
    ) -> Sequence[Callable[[], Phase]]:
        """Autoencoder, top prior, bottom prior; the priors learn from codes that lie in the run's folder."""
        from core.generators.vqvae2.autoencoder_phase import AutoencoderPhase
        from core.generators.vqvae2.prior_phase import PriorPhase

        assert isinstance(options, Vqvae2Options), "options of another family"
        return (
            lambda: AutoencoderPhase(options, images=images, device=device),
            lambda: PriorPhase("top", options, images=images, run=run, device=device),
            lambda: PriorPhase("bottom", options, images=images, run=run, device=device),
        )

    def load_sampler(self, run: RunFolder, *, device: torch.device) -> Sampler:
        """Load autoencoder and priors."""
        from core.generators.vqvae2.sampler import Vqvae2Sampler

        return Vqvae2Sampler(run, device=device)
