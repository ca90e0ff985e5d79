"""Draws images from a trained VQ-VAE-2."""

from __future__ import annotations

from collections.abc import Sequence

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.checkpoint import load_modules
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings
from core.generators.vqvae2.autoencoder import Vqvae2Autoencoder
from core.generators.vqvae2.code_drawing import draw_images, sharpen
from core.generators.vqvae2.options import Vqvae2Options
from core.generators.vqvae2.prior_phase import Level, build_prior

__all__ = ["Vqvae2Sampler"]


class Vqvae2Sampler:
    """Draws codes from both priors and decodes them; see `core.generators.phase.Sampler`.

    Args:
        run: where it was trained.
        device: where to draw.

    Raises:
        WeightsError: if the state of a part is missing or damaged.
    """

    def __init__(self, run: RunFolder, *, device: torch.device) -> None:
        record = run.read_record()
        self.options = Vqvae2Options.model_validate(record.options)
        self.classes: tuple[str, ...] = record.classes if self.options.is_conditional else ()
        self.device = device
        self.autoencoder = Vqvae2Autoencoder(self.options)
        load_modules(run, "autoencoder", {"autoencoder": self.autoencoder})
        self.autoencoder.to(device).eval().requires_grad_(False)
        priors = []
        levels: tuple[Level, ...] = ("top", "bottom")
        for level in levels:
            prior = build_prior(level, self.options, n_classes=len(self.classes))
            load_modules(run, f"prior-{level}", {"average": prior})
            priors.append(sharpen(prior.to(device)))
        self.top, self.bottom = priors

    def modules(self) -> dict[str, nn.Module]:
        """Autoencoder and priors."""
        return {"autoencoder": self.autoencoder, "prior-top": self.top, "prior-bottom": self.bottom}

    def sample(self, *, seeds: Sequence[int], labels: Tensor, settings: SamplingSettings) -> Tensor:
        """Draw (n, channels, size, size) in [-1, 1]; of the settings, the temperature matters."""
        return draw_images(
            self.autoencoder,
            self.top,
            self.bottom,
            seeds=seeds,
            labels=labels.to(self.device),
            temperature=settings.temperature,
        )
