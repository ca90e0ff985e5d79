"""One update of StyleGAN2: generator and discriminator, each regularised now and then, and the average."""

from __future__ import annotations

from collections.abc import Mapping

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.averaging import copy_for_averaging, update_average
from core.generators.phase import Accumulate, Batch
from core.generators.processes import sum_over_processes
from core.generators.stylegan2.adaptive import AdaptiveProbability
from core.generators.stylegan2.augmentation import Augmentation, draw_augmentation
from core.generators.stylegan2.discriminator import StyleGAN2Discriminator
from core.generators.stylegan2.drawing import Drawing, plan_drawing
from core.generators.stylegan2.losses import (
    compute_discriminator_loss,
    compute_generator_loss,
    compute_path_lengths,
    compute_slope,
    lazy_adam,
    path_gain,
)
from core.generators.stylegan2.noise import draw_normal
from core.generators.stylegan2.options import StyleGAN2Options
from core.generators.stylegan2.sampler import draw_images
from core.generators.stylegan2.synthesis import StyleGAN2Generator

__all__ = ["GAN_PHASE", "StyleGAN2Phase"]

GAN_PHASE = "gan"
_PATH_DECAY = 0.01  # Karras et al. 2020, app. B: how fast the mean path length follows
_PATH_SHARE = 2  # app. B: path lengths are regularised on half a minibatch, to save memory


class StyleGAN2Phase:
    """The training of StyleGAN2; see `core.generators.phase.Phase`.

    Args:
        options: how.
        n_classes: classes to be chosen from; 0 trains without.
        n_images: images to be seen in all.
        device: where networks are.
    """

    name = GAN_PHASE

    def __init__(
        self, options: StyleGAN2Options, *, n_classes: int, n_images: int, device: torch.device
    ) -> None:
        self.n_images = n_images
        self.batch_size = options.batch_size
        self._options = options
        self._device = device
        self._generator = StyleGAN2Generator(options, n_classes=n_classes).to(device)
        self._discriminator = StyleGAN2Discriminator(options, n_classes=n_classes).to(device)
        self._average = copy_for_averaging(self._generator)
        self._generator_adam = lazy_adam(
            list(self._generator.parameters()),
            rate=options.learning_rate,
            interval=options.path_interval if options.path_weight else 0,
        )
        self._discriminator_adam = lazy_adam(
            list(self._discriminator.parameters()),
            rate=options.learning_rate,
            interval=options.r1_interval if options.r1_weight else 0,
        )
        self._adaptive = AdaptiveProbability(
            value=0.0 if options.augmentation == "off" else options.augment_initial,
            target=options.augment_target,
            images=options.augment_images,
            most=options.augment_most,
        )
        self._step = 0
        # Regularisation takes place now and then; what it said last is shown until it says more.
        self._slope = self._path_length = self._mean_path = 0.0

    def modules(self) -> dict[str, nn.Module]:
        """Both networks, and the averaged generator that draws."""
        return {
            "generator": self._generator,
            "generator_ema": self._average,
            "discriminator": self._discriminator,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam a network."""
        return {"generator": self._generator_adam, "discriminator": self._discriminator_adam}

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """Make one update of all networks.

        Args:
            batch: real images; generated ones are of the same classes.
            generator: draws noise, style mixing and augmentations.
            accumulate: takes an optimiser's step.

        Returns:
            `generator`, `discriminator` losses; `r1`, the mean squared slope of the discriminator at real
            images; `path_length`, how far an image moves with its latent; `real_sign`, r_t of the adaptive
            augmentation, and `augmentation`, its probability.
        """
        options = self._options
        losses = self._train_generator(batch, generator, accumulate)
        if options.path_weight and self._step % options.path_interval == 0:
            self._regularise_paths(batch, generator, accumulate)
        found = self._train_discriminator(batch, generator, accumulate)
        if options.r1_weight and self._step % options.r1_interval == 0:
            self._regularise_slope(batch, generator, accumulate)
        update_average(
            self._average,
            self._generator,
            batch_size=self.batch_size,
            halflife_images=options.ema_halflife_images,
            images_seen=self._step * self.batch_size,
        )
        if options.augmentation == "ada":
            self._adaptive.add(self._share(found["real_sign"]), n=self.batch_size)
        self._step += 1
        return losses | found | self._regularity()

    def extra_state(self) -> dict[str, float | int | str]:
        """Steps, means, and what decides the probability of augmentation."""
        return {
            "step": self._step,
            "slope": self._slope,
            "path_length": self._path_length,
            "mean_path": self._mean_path,
            **self._adaptive.state(),
        }

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Take over what `extra_state` gave."""
        numbers = {name: float(value) for name, value in state.items()}
        self._step = int(numbers["step"])
        self._slope, self._path_length = numbers["slope"], numbers["path_length"]
        self._mean_path = numbers["mean_path"]
        self._adaptive.load_state(numbers)

    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor:
        """Draw (n, channels, size, size) of these classes with the averaged generator."""
        seeds = [noise_seed + number for number in range(len(labels))]
        return draw_images(self._average, seeds=seeds, labels=labels)

    def _train_generator(
        self, batch: Batch, generator: torch.Generator, accumulate: Accumulate
    ) -> dict[str, float]:
        n, draw = len(batch), self._plan_drawing(len(batch), generator)
        augmentation = self._plan_augmentation(n, generator)

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            labels = batch.labels[rows]
            images, _ = draw.run(self._generator, labels, rows)
            loss = compute_generator_loss(self._discriminator(augmentation.apply(images, rows=rows), labels))
            return loss, {"generator": loss}

        # The discriminator only passes gradients on.
        self._discriminator.requires_grad_(False)
        try:
            return accumulate(self._generator_adam, losses, n=n)
        finally:
            self._discriminator.requires_grad_(True)

    def _train_discriminator(
        self, batch: Batch, generator: torch.Generator, accumulate: Accumulate
    ) -> dict[str, float]:
        n, draw = len(batch), self._plan_drawing(len(batch), generator)
        of_fake, of_real = self._plan_augmentation(n, generator), self._plan_augmentation(n, generator)

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            labels = batch.labels[rows]
            with torch.no_grad():
                images, _ = draw.run(self._generator, labels, rows)
                images = of_fake.apply(images, rows=rows)
            fake = self._discriminator(images, labels)
            real = self._discriminator(of_real.apply(batch.images[rows], rows=rows), labels)
            loss = compute_discriminator_loss(real=real, fake=fake)
            return loss, {"discriminator": loss, "real_sign": real.sign().mean()}

        return accumulate(self._discriminator_adam, losses, n=n)

    def _regularise_slope(self, batch: Batch, generator: torch.Generator, accumulate: Accumulate) -> None:
        """R1, in 32 bits, at real images as the discriminator sees them: after augmentation."""
        weight = self._options.r1_weight / 2 * self._options.r1_interval
        augmentation = self._plan_augmentation(len(batch), generator)

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            with torch.autocast(self._device.type, enabled=False):
                images = augmentation.apply(batch.images[rows], rows=rows).detach().requires_grad_()
                slope = compute_slope(self._discriminator(images, batch.labels[rows]), images)
            return slope * weight, {"r1": slope}

        self._slope = accumulate(self._discriminator_adam, losses, n=len(batch))["r1"]

    def _regularise_paths(self, batch: Batch, generator: torch.Generator, accumulate: Accumulate) -> None:
        """Path lengths, in 32 bits, towards their running mean (Karras et al. 2020, eq. 4)."""
        options = self._options
        n = max(1, len(batch) // _PATH_SHARE)
        draw, mean = self._plan_drawing(n, generator), self._mean_path
        shape = (n, options.channels, options.size_px, options.size_px)
        directions = draw_normal(*shape, generator=generator, device=self._device)
        weight = path_gain(options.size_px) * options.path_weight * options.path_interval

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            with torch.autocast(self._device.type, enabled=False):
                images, latents = draw.run(self._generator, batch.labels[:n][rows], rows)
                lengths = compute_path_lengths(images, latents, directions[rows])
            return (lengths - mean).square().mean() * weight, {"path_length": lengths.mean()}

        self._path_length = accumulate(self._generator_adam, losses, n=n)["path_length"]
        self._mean_path += _PATH_DECAY * (self._share(self._path_length) - self._mean_path)

    def _plan_drawing(self, n: int, generator: torch.Generator) -> Drawing:
        return plan_drawing(
            n,
            options=self._options,
            synthesis=self._generator.synthesis,
            generator=generator,
            device=self._device,
        )

    def _plan_augmentation(self, n: int, generator: torch.Generator) -> Augmentation:
        return draw_augmentation(n, p=self._adaptive.value, options=self._options, generator=generator)

    def _regularity(self) -> dict[str, float]:
        shown = {"r1": self._slope} if self._options.r1_weight else {}
        if self._options.path_weight:
            shown["path_length"] = self._path_length
        if self._options.augmentation != "off":
            shown["augmentation"] = self._adaptive.value
        return shown

    def _share(self, value: float) -> float:
        """Average a number over processes, which must all go on with the same."""
        both = sum_over_processes(torch.tensor([value, 1.0], dtype=torch.float64, device=self._device))
        return float(both[0] / both[1])
