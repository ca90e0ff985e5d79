"""DDPM as data: its options, its presets and its entry among the families; nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pydantic import Field

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

__all__ = ["DDPM", "PRESETS", "DdpmFamily", "DdpmOptions"]


class DdpmOptions(DiffusionOptions):
    """What a user chooses of a DDPM.

    References:
        Ho et al. 2020, appendix B for the network's sizes, which are the defaults.
    """

    pretrained: str = Field(
        default="",
        max_length=500,
        description="Go on from a diffusers checkpoint: a folder with config.json and safetensors, or an id "
        "on the Hugging Face hub. Its network's sizes then hold instead of those here.",
    )


PRESETS: Final[Mapping[str, DdpmOptions]] = {
    # Within three minutes on two CPU cores, for trying out and for tests.
    "smoke": DdpmOptions(
        size_px=32,
        is_conditional=True,
        batch_size=32,
        n_images=12_000,
        width=16,
        width_factors=(1, 2, 4),
        blocks=1,
        attention_sides=(8,),
        noise_schedule="cosine",
        rate=2e-3,
        warmup_images=500,
        weight_decay=0.0,
        ema_halflife_images=800,
        sampler="ddpm",
        steps=40,
    ),
    "small": DdpmOptions(
        size_px=64,
        is_conditional=True,
        batch_size=64,
        n_images=1_000_000,
        width=64,
        width_factors=(1, 2, 3, 4),
        attention_sides=(16, 8),
        head_channels=32,
        noise_schedule="cosine",
        rate=2e-4,
        warmup_images=20_000,
        precision="amp",
        steps=100,
    ),
    # Chest X-rays at 32 pixels from the network that was trained on CIFAR-10, as in the recipe that readers
    # of the field compare with.
    "published": DdpmOptions(
        size_px=32,
        channels=3,
        batch_size=32,
        epochs=20,
        pretrained="google/ddpm-cifar10-32",
        dropout=0.1,
        rate=1e-5,
        ema_halflife_images=0,
        sampler="ddpm",
        steps=1000,
    ),
    # Ho et al. 2020, appendix B: CIFAR-10 from scratch. An average by 0.9999 a step of 128 images has a
    # half-life of 887,000 images.
    "published-scratch": DdpmOptions(
        size_px=32,
        channels=3,
        batch_size=128,
        n_images=128 * 800_000,
        dropout=0.1,
        rate=2e-4,
        warmup_images=128 * 5_000,
        weight_decay=0.0,
        ema_halflife_images=887_000,
        sampler="ddpm",
        steps=1000,
    ),
    # Ho et al. 2020, appendix B: LSUN and CelebA-HQ at 256 pixels.
    "published-256": DdpmOptions(
        size_px=256,
        batch_size=64,
        accumulate=4,
        n_images=64 * 500_000,
        width_factors=(1, 1, 2, 2, 4, 4),
        rate=2e-5,
        warmup_images=64 * 5_000,
        weight_decay=0.0,
        ema_halflife_images=443_000,
        precision="amp",
        sampler="ddpm",
        steps=1000,
    ),
}
"""Options by name; they differ in their values alone."""


class DdpmFamily:
    """DDPM among the families; see `core.generators.family.Family`."""

    name: Final = "ddpm"
    title: Final = "DDPM"
    paper: Final = "Ho et al., Denoising Diffusion Probabilistic Models, NeurIPS 2020"
    options: type[GeneratorOptions] = DdpmOptions
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
        """List its one phase, `diffusion`."""
        from core.generators.diffusion.phases import build_ddpm_phase

        assert isinstance(options, DdpmOptions), "options of another family"
        return [lambda: build_ddpm_phase(options, images=images, run=run, device=device, settings=settings)]

    def load_sampler(self, run: RunFolder, *, device: torch.device) -> Sampler:
        """Load the denoising network."""
        from core.generators.diffusion.sampler import load_ddpm_sampler

        return load_ddpm_sampler(run, device=device)


DDPM: Final = DdpmFamily()
"""The family that `core.generators.families` registers."""
