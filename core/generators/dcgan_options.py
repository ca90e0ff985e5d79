"""DCGAN as data: its options, its presets and its entry among the families; nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Self

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

__all__ = ["PRESETS", "DcganFamily", "DcganOptions"]

_SIZES: Final = (32, 64, 128, 256)


class DcganOptions(GeneratorOptions):
    """What a user chooses of a DCGAN.

    References:
        Radford et al., Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
        Networks, ICLR 2016, sec. 4 for sizes, rates and the first beta.
    """

    latent: int = Field(default=100, ge=2, le=1024, description="Random numbers that an image is made from.")
    width: int = Field(
        default=64, ge=8, le=512, description="Channels at half the image's size; doubled at each halving."
    )
    generator_rate: float = Field(default=2e-4, gt=0, le=1, description="Learning rate of the generator.")
    discriminator_rate: float = Field(
        default=1e-4, gt=0, le=1, description="Learning rate of the discriminator."
    )
    beta1: float = Field(default=0.5, ge=0, lt=1, description="Adam's memory of gradients.")
    beta2: float = Field(default=0.999, ge=0, lt=1, description="Adam's memory of squared gradients.")
    generator_steps: int = Field(
        default=2, ge=1, le=16, description="Steps of the generator for each step of the discriminator."
    )
    ema_halflife_images: int = Field(
        default=0,
        ge=0,
        le=10**7,
        description="Draw from an average of the generator's weights with this half-life; 0 draws from the "
        "weights of the last step.",
    )

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if self.size_px not in _SIZES:
            raise ValueError(f"DCGAN draws {', '.join(map(str, _SIZES))} pixels a side, not {self.size_px}.")
        return self

    def list_phases(self, n_training: int) -> dict[str, int]:
        """See `GeneratorOptions.list_phases`."""
        return {"gan": self.count_images(n_training)}


PRESETS: Final[Mapping[str, DcganOptions]] = {
    # Under a minute on two CPU cores, for trying out and for tests.
    "smoke": DcganOptions(
        size_px=32,
        latent=32,
        width=16,
        batch_size=32,
        n_images=16_000,
        generator_rate=1e-3,
        discriminator_rate=5e-4,
        generator_steps=1,
        ema_halflife_images=1_000,
    ),
    # About an hour on two CPU cores, minutes on a GPU.
    "small": DcganOptions(size_px=64, batch_size=64, n_images=200_000, ema_halflife_images=5_000),
    # Chest X-rays at 256 pixels with two generator steps a discriminator step, as in the recipe that
    # readers of the field compare with.
    "published": DcganOptions(size_px=256, batch_size=32, epochs=20),
}
"""Options by name; they differ in their values alone."""


class DcganFamily:
    """DCGAN among the families."""

    name: Final = "dcgan"
    title: Final = "DCGAN"
    paper: Final = "Radford et al., ICLR 2016"
    options: type[GeneratorOptions] = DcganOptions
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
        """List its one phase, `gan`."""
        from core.generators.dcgan import DcganPhase

        assert isinstance(options, DcganOptions), "options of another family"
        n_classes = images.n_classes if options.is_conditional else 1
        return [
            lambda: DcganPhase(
                options, n_classes=n_classes, n_images=options.count_images(len(images)), device=device
            )
        ]

    def load_sampler(self, run: RunFolder, *, device: torch.device) -> Sampler:
        """Load the generator."""
        from core.generators.dcgan import DcganSampler

        return DcganSampler(run, device=device)
