"""Trains a denoising network, on images or on latents.

References:
    Ho et al. 2020, algorithm 1 and eq. 14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.config import Settings
from core.generators.averaging import copy_for_averaging, update_average
from core.generators.checkpoint import load_modules, read_state
from core.generators.diffusion.autoencoder import LatentAutoencoder, LatentScale
from core.generators.diffusion.autoencoder_phase import AUTOENCODER_PHASE
from core.generators.diffusion.ddpm_options import DdpmOptions
from core.generators.diffusion.drawing import Walk, draw_denoised
from core.generators.diffusion.latent_maps import load_latent_maps
from core.generators.diffusion.latent_options import LatentDiffusionOptions
from core.generators.diffusion.noise_schedule import NoiseSchedule
from core.generators.diffusion.options import DiffusionOptions
from core.generators.diffusion.pretrained import build_pretrained, read_pretrained
from core.generators.diffusion.unet import Denoiser
from core.generators.diffusion.unet_layout import UnetLayout
from core.generators.phase import Accumulate, Batch
from core.generators.random_streams import name_image_seeds
from core.generators.run_folder import RunFolder
from core.generators.training_images import TrainingImages

__all__ = ["DIFFUSION_PHASE", "DiffusionPhase", "DiffusionSpace", "build_ddpm_phase", "build_latent_phase"]

DIFFUSION_PHASE = "diffusion"
# Grids are drawn in fewer steps than images: they are to show where training stands.
_PREVIEW = Walk("dpm-solver", 16, 1.0)


@dataclass(frozen=True, slots=True)
class DiffusionSpace:
    """Where noise is added and taken away.

    Attributes:
        encode: a batch to what is denoised, (n, channels, side, side).
        decode: what is denoised to images in [-1, 1].
        bound: largest magnitude of what is denoised.
        modules: what decoding needs besides, kept with the phase's state.
    """

    encode: Callable[[Batch], Tensor]
    decode: Callable[[Tensor], Tensor]
    bound: float
    modules: Mapping[str, nn.Module] = field(default_factory=dict)


class DiffusionPhase:
    """Trains the denoising network; see `core.generators.phase.Phase`.

    Args:
        options: the user's choices.
        denoiser: with its initial weights.
        space: where noise is added.
        n_images: images to be seen in all.
        device: where networks are.
    """

    name = DIFFUSION_PHASE

    def __init__(
        self,
        options: DiffusionOptions,
        *,
        denoiser: Denoiser,
        space: DiffusionSpace,
        n_images: int,
        device: torch.device,
    ) -> None:
        self.n_images, self.batch_size = n_images, options.batch_size
        self.denoiser = denoiser.to(device)
        self._options, self._space, self._device = options, space, device
        self._average = copy_for_averaging(self.denoiser) if options.ema_halflife_images else None
        self._optimizer = torch.optim.AdamW(
            self.denoiser.parameters(), options.rate, weight_decay=options.weight_decay
        )
        self._schedule = NoiseSchedule(options, device=device)
        self._images_seen = 0

    def modules(self) -> dict[str, nn.Module]:
        """The denoising network, its average, and what decoding needs."""
        averaged = {} if self._average is None else {"average": self._average}
        return {"denoiser": self.denoiser, **averaged, **self._space.modules}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One AdamW."""
        return {"denoiser": self._optimizer}

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """One update of the denoising network.

        Args:
            batch: real images.
            generator: draws steps, noise, and which images go without their class.
            accumulate: takes the optimiser's step.

        Returns:
            `noise`, the mean squared error of the noise, per pixel; 1 is what no network at all would have.
        """
        options, n = self._options, len(batch)
        self.denoiser.train()
        self._warm_up()
        clean = self._space.encode(batch)
        steps = torch.randint(self._schedule.n_steps, (n,), generator=generator).to(self._device)
        noise = torch.randn(clean.shape, generator=generator).to(self._device)
        labels = batch.labels
        if self.denoiser.null_label is not None:
            # Ho and Salimans 2022, algorithm 1: no class, with probability p_uncond.
            without = torch.rand(n, generator=generator) < options.class_dropout
            labels = labels.masked_fill(without.to(self._device), self.denoiser.null_label)
        noisy = self._schedule.add_noise(clean, noise, steps)

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            predicted = self.denoiser(noisy[rows], steps[rows], labels[rows])
            # Ho et al. 2020, eq. 14: L_simple.
            loss = (predicted - noise[rows]).square().mean()
            return loss, {"noise": loss}

        found = accumulate(self._optimizer, losses, n=n, clip_norm=options.clip_norm)
        if self._average is not None:
            update_average(
                self._average,
                self.denoiser,
                batch_size=self.batch_size,
                halflife_images=options.ema_halflife_images,
                images_seen=self._images_seen,
            )
        self._images_seen += self.batch_size
        return found

    def extra_state(self) -> dict[str, float | int | str]:
        """Images seen, and the network's layout: without it, what was fine-tuned could not be built again."""
        return {"images_seen": self._images_seen, "layout": self.denoiser.layout.model_dump_json()}

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Take over what `extra_state` gave."""
        self._images_seen = int(state["images_seen"])

    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor | None:
        """Draw images in few steps from the network that sampling will use."""
        network = self.denoiser if self._average is None else self._average
        network.eval()
        drawn = draw_denoised(
            network,
            self._options,
            seeds=name_image_seeds(noise_seed, class_name="", numbers=range(len(labels))),
            labels=labels,
            walk=_PREVIEW,
            bound=self._space.bound,
        )
        return self._space.decode(drawn)

    def _warm_up(self) -> None:
        """Let the learning rate rise in a line, from the first step on."""
        warmup = self._options.warmup_images
        share = min(1.0, (self._images_seen + self.batch_size) / warmup) if warmup else 1.0
        for group in self._optimizer.param_groups:
            group["lr"] = self._options.rate * share


def build_ddpm_phase(
    options: DdpmOptions,
    *,
    images: TrainingImages,
    run: RunFolder,
    device: torch.device,
    settings: Settings,
) -> DiffusionPhase:
    """Build the training of a denoising network on pixels, from scratch or from a checkpoint.

    Raises:
        WeightsError: if the checkpoint to go on from cannot be had or does not fit.
        InputError: if it was trained on another noise schedule.
        OutsideRootError: if it lies below no folder that settings allow to read.
    """
    n_labels = _count_labels(options, images)
    state = read_state(run, DIFFUSION_PHASE)
    if state is not None:
        # What was begun goes on without the checkpoint that it began from.
        denoiser = Denoiser(UnetLayout.model_validate_json(str(state.extra["layout"])))
    elif options.pretrained:
        denoiser = build_pretrained(read_pretrained(options, settings), options, n_labels=n_labels)
    else:
        denoiser = Denoiser(UnetLayout.from_options(options, n_labels=n_labels))
    space = DiffusionSpace(lambda batch: batch.images, lambda drawn: drawn, bound=1.0)
    return DiffusionPhase(
        options, denoiser=denoiser, space=space, n_images=options.count_images(len(images)), device=device
    )


def build_latent_phase(
    options: LatentDiffusionOptions, *, images: TrainingImages, run: RunFolder, device: torch.device
) -> DiffusionPhase:
    """Build the training of a denoising network on the latents of the run's autoencoder.

    Raises:
        WeightsError: if the autoencoder was not trained, or its state is damaged.
        StoreError: if the file of latents is damaged.
        InputError: if the run's folder cannot be written.
    """
    denoiser = Denoiser(UnetLayout.from_options(options, n_labels=_count_labels(options, images)))
    autoencoder = LatentAutoencoder(options)
    load_modules(run, AUTOENCODER_PHASE, {"autoencoder": autoencoder})
    autoencoder.to(device).eval().requires_grad_(False)
    latents = load_latent_maps(autoencoder, images, run=run, device=device)
    scale = LatentScale(options.latent_channels)
    latents.measure(scale)
    scale.to(device)
    space = DiffusionSpace(
        encode=lambda batch: scale.scale(latents.take(batch.indices)),
        decode=lambda drawn: autoencoder.decode(scale.unscale(drawn)),
        bound=float(scale.bound),
        modules={"scale": scale},
    )
    return DiffusionPhase(
        options, denoiser=denoiser, space=space, n_images=options.count_images(len(images)), device=device
    )


def _count_labels(options: DiffusionOptions, images: TrainingImages) -> int:
    """Classes and the label for none; 0 without classes."""
    return images.n_classes + 1 if options.is_conditional else 0
