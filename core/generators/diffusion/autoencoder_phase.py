"""Trains the autoencoder of latent diffusion: by pixels, by the rounding to codes, and by a discriminator."""

from __future__ import annotations

from collections.abc import Mapping

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.generators.diffusion.autoencoder import LatentAutoencoder, Reconstruction
from core.generators.diffusion.code_use import CodeUse
from core.generators.diffusion.latent_options import LatentDiffusionOptions
from core.generators.diffusion.patch_discriminator import PatchDiscriminator
from core.generators.phase import Accumulate, Batch
from core.generators.training_images import TrainingImages

__all__ = ["AUTOENCODER_PHASE", "AutoencoderPhase"]

AUTOENCODER_PHASE = "autoencoder"
_CLIP_NORM = 1.0
# Esser et al. 2021, the bounds of their code for the weight of eq. 7.
_MOST_WEIGHT = 1e4
_BETAS = (0.5, 0.9)


class AutoencoderPhase:
    """Trains the autoencoder; see `core.generators.phase.Phase`.

    Left out of the paper's loss is the perceptual distance, whose networks know photographs and not medical
    images; the absolute difference of pixels stands alone beside the discriminator.

    Args:
        options: the user's choices.
        images: training images, whose reconstructions are shown.
        device: where networks are.

    References:
        Rombach et al. 2022, eq. 25; Esser et al., Taming Transformers for High-Resolution Image Synthesis,
        CVPR 2021, eq. 5 to 7.
    """

    name = AUTOENCODER_PHASE

    def __init__(
        self, options: LatentDiffusionOptions, *, images: TrainingImages, device: torch.device
    ) -> None:
        self.n_images = options.count_autoencoder_images(len(images))
        self.batch_size = options.autoencoder_batch_size
        self._options, self._images, self._device = options, images, device
        self.autoencoder = LatentAutoencoder(options).to(device)
        self._use = CodeUse(options.n_codes).to(device)
        self._discriminator: PatchDiscriminator | None = None
        rate = options.autoencoder_rate
        self._optimizers = {
            "autoencoder": torch.optim.Adam(self.autoencoder.parameters(), rate, _BETAS),
        }
        if options.adversarial:
            self._discriminator = PatchDiscriminator(options.channels, width=options.adversarial_width).to(
                device
            )
            self._optimizers["discriminator"] = torch.optim.Adam(
                self._discriminator.parameters(), rate, _BETAS
            )
        self._images_seen = 0

    def modules(self) -> dict[str, nn.Module]:
        """Autoencoder, the use of its codes, and the discriminator where there is one."""
        judge = {} if self._discriminator is None else {"discriminator": self._discriminator}
        return {"autoencoder": self.autoencoder, "use": self._use, **judge}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam a network."""
        return dict(self._optimizers)

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """One update of the autoencoder, then of the discriminator once it has joined in.

        Args:
            batch: real images.
            generator: draws new places for dead codes.
            accumulate: takes an optimiser's step.

        Returns:
            `pixels`, the mean absolute difference in [-1, 1]; `rounding`; `perplexity` of the batch's codes,
            the higher the more of them are used; with a discriminator `fooling` and `discriminator`.
        """
        self.autoencoder.train()
        judge = self._discriminator if self._is_judged() else None
        parts: list[Reconstruction] = []

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            real = batch.images[rows]
            made = self.autoencoder(real)
            pixels = (made.images - real).abs().mean()
            loss = pixels + made.rounding
            named = {"pixels": pixels, "rounding": made.rounding}
            if judge is not None:
                # Esser et al. 2021, eq. 5, from the generator's side: hinge loss without its bound.
                fooling = -judge(made.images).float().mean()
                loss = loss + self._options.adversarial * self._balance(pixels, fooling) * fooling
                named["fooling"] = fooling
            parts.append(
                Reconstruction(made.images.detach(), made.latents, made.codes, made.rounding.detach())
            )
            return loss, named

        found = accumulate(self._optimizers["autoencoder"], losses, n=len(batch), clip_norm=_CLIP_NORM)
        found["perplexity"] = self._use.count(torch.cat([one.codes for one in parts]))
        self._use.revive(
            self.autoencoder.codebook,
            torch.cat([one.latents for one in parts]),
            below=self._options.revive_below,
            generator=generator,
        )
        if judge is not None:
            made = torch.cat([one.images for one in parts])
            found |= self._step_discriminator(judge, batch.images, made, accumulate)
        self._images_seen += self.batch_size
        return found

    def extra_state(self) -> dict[str, float | int | str]:
        """Images seen, by which the discriminator joins in."""
        return {"images_seen": self._images_seen}

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Take over what `extra_state` gave."""
        self._images_seen = int(state["images_seen"])

    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor | None:
        """Reconstruct training images of these classes."""
        used = dict.fromkeys(range(self._images.n_classes), 0)
        picked = []
        for label in labels.tolist():
            rows = np.flatnonzero(self._images.labels == label)
            picked.append(rows[used[label] * 7919 % len(rows)])
            used[label] += 1
        self.autoencoder.eval()
        shown = self._images.take(np.array(picked), device=self._device).images
        # One by one, since large images take memory.
        return torch.cat([self.autoencoder.decode(self.autoencoder.encode(one[None])) for one in shown])

    def _is_judged(self) -> bool:
        return self._images_seen >= self._options.adversarial_start * self.n_images

    def _balance(self, pixels: Tensor, fooling: Tensor) -> Tensor:
        """Weight by which the discriminator moves the last layer as much as the pixels do (eq. 7)."""
        last = self.autoencoder.last_layer
        by_pixels, by_judge = (
            torch.autograd.grad(loss, last, retain_graph=True)[0].float().norm() for loss in (pixels, fooling)
        )
        weight: Tensor = (by_pixels / (by_judge + 1e-4)).clamp(0, _MOST_WEIGHT).detach()
        return weight

    def _step_discriminator(
        self, judge: PatchDiscriminator, real: Tensor, made: Tensor, accumulate: Accumulate
    ) -> dict[str, float]:
        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            on_real, on_made = judge(real[rows]).float(), judge(made[rows]).float()
            # The hinge loss of Lim and Ye, Geometric GAN, 2017, eq. 22.
            loss = (functional.relu(1 - on_real).mean() + functional.relu(1 + on_made).mean()) / 2
            return loss, {"discriminator": loss}

        return accumulate(self._optimizers["discriminator"], losses, n=len(real))
