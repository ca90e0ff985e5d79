"""StyleGAN2 as a family of generators; nothing here loads torch before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.generators.options import GeneratorOptions
from core.generators.stylegan2.options import PRESETS, StyleGAN2Options

if TYPE_CHECKING:
    import core.torch_setup  # noqa: F401  # before anything else of torch

    # isort: split
    import torch

    from core.config import Settings
    from core.generators.phase import Phase, Sampler
    from core.generators.run_folder import RunFolder
    from core.generators.training_images import TrainingImages

__all__ = ["STYLEGAN2", "StyleGAN2Family"]


class StyleGAN2Family:
    """See `core.generators.family.Family`."""

    name = "stylegan2"
    title = "StyleGAN2"
    paper = "Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020"
    options: type[GeneratorOptions] = StyleGAN2Options
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
        """One phase, in which generator and discriminator are trained against each other."""
        assert isinstance(options, StyleGAN2Options)
        n_classes = len(images.classes) if options.is_conditional else 0
        n_images = options.count_images(len(images))

        def build() -> Phase:
            from core.generators.stylegan2.phase import StyleGAN2Phase

            return StyleGAN2Phase(options, n_classes=n_classes, n_images=n_images, device=device)

        return [build]

    def load_sampler(self, run: RunFolder, *, device: torch.device) -> Sampler:
        """Load the averaged generator of a run.

        Raises:
            InputError: if the folder holds no run.
            WeightsError: if its state is missing or damaged.
        """
        from core.generators.checkpoint import load_modules
        from core.generators.stylegan2.phase import GAN_PHASE
        from core.generators.stylegan2.sampler import StyleGAN2Sampler
        from core.generators.stylegan2.synthesis import StyleGAN2Generator

        record = run.read_record()
        options = StyleGAN2Options.model_validate(record.options)
        classes = record.classes if options.is_conditional else ()
        network = StyleGAN2Generator(options, n_classes=len(classes))
        load_modules(run, GAN_PHASE, {"generator_ema": network})
        network.to(device).eval().requires_grad_(False)
        return StyleGAN2Sampler(network, classes=classes)


STYLEGAN2 = StyleGAN2Family()
"""The family that `core.generators.families` registers."""
