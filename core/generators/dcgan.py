"""DCGAN: deep convolutional generator and discriminator, with or without classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.generators.averaging import copy_for_averaging, update_average
from core.generators.checkpoint import load_modules
from core.generators.dcgan_options import DcganOptions
from core.generators.phase import Accumulate, Batch
from core.generators.random_streams import draw_noise, make_generator
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings

__all__ = ["DcganDiscriminator", "DcganGenerator", "DcganPhase", "DcganSampler"]

_PHASE: Final = "gan"
_SMALLEST_PX: Final = 4
# Radford et al. 2016, fig. 1: 1,024 channels at 4 pixels, sixteen times those at half of 64 pixels.
_MOST_DOUBLINGS: Final = 4
# Radford et al. 2016, sec. 4: weights from N(0, 0.02), leaks of 0.2.
_WEIGHT_SD: Final = 0.02
_LEAK: Final = 0.2


def _list_widths(options: DcganOptions) -> list[int]:
    """Channels from 4 pixels up to half the image's size."""
    n_halvings = (options.size_px // _SMALLEST_PX).bit_length() - 1
    return [options.width * 2 ** min(place, _MOST_DOUBLINGS) for place in reversed(range(n_halvings))]


class DcganGenerator(nn.Module):
    """Random numbers, and a class, to an image: fractionally strided convolutions with batch norms.

    The class enters as a one-hot vector beside the random numbers.

    Args:
        options: sizes.
        n_classes: classes; 1 draws without.

    References:
        Radford et al. 2016, fig. 1 and sec. 3; Mirza and Osindero, Conditional Generative Adversarial Nets,
        2014, sec. 3.2 for the class.
    """

    def __init__(self, options: DcganOptions, *, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes
        widths = _list_widths(options)
        inputs = options.latent + (n_classes if n_classes > 1 else 0)
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(inputs, widths[0], _SMALLEST_PX, 1, 0, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        ]
        for wide, narrow in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False),
                nn.BatchNorm2d(narrow),
                nn.ReLU(inplace=True),
            ]
        # The generator's last layer has no batch norm (sec. 3).
        layers += [nn.ConvTranspose2d(widths[-1], options.channels, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_draw_weights)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Turn (n, latent) noise and (n,) labels into (n, channels, size, size) in [-1, 1]."""
        if self.n_classes > 1:
            noise = torch.cat([noise, functional.one_hot(labels, self.n_classes).to(noise)], dim=1)
        # (n, inputs) -> (n, inputs, 1, 1)
        images: Tensor = self.layers(noise[:, :, None, None])
        return images


class DcganDiscriminator(nn.Module):
    """An image, and a class, to how real it looks: strided convolutions with leaky rectifiers.

    Args:
        options: sizes.
        n_classes: classes; 1 judges without.

    References:
        Radford et al. 2016, sec. 3; Miyato and Koyama, cGANs with Projection Discriminator, ICLR 2018, eq. 3
        for the class.
    """

    def __init__(self, options: DcganOptions, *, n_classes: int) -> None:
        super().__init__()
        widths = _list_widths(options)[::-1]
        # No batch norm on the discriminator's input (sec. 3).
        layers: list[nn.Module] = [nn.Conv2d(options.channels, widths[0], 4, 2, 1), nn.LeakyReLU(_LEAK, True)]
        for narrow, wide in pairwise(widths):
            layers += [
                nn.Conv2d(narrow, wide, 4, 2, 1, bias=False),
                nn.BatchNorm2d(wide),
                nn.LeakyReLU(_LEAK, True),
            ]
        self.layers = nn.Sequential(*layers)
        self.judge = nn.Conv2d(widths[-1], 1, _SMALLEST_PX)
        self.classes = nn.Embedding(n_classes, widths[-1]) if n_classes > 1 else None
        self.apply(_draw_weights)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Turn (n, channels, size, size) images and (n,) labels into (n,) logits; high looks real."""
        features = self.layers(images)
        # (n, widest, 4, 4) -> (n, 1, 1, 1) -> (n,)
        logits: Tensor = self.judge(features).flatten()
        if self.classes is not None:
            # (n, widest, 4, 4) -> (n, widest): the projection looks at the sum over places.
            logits = logits + (features.sum(dim=(2, 3)) * self.classes(labels)).sum(dim=1)
        return logits


class DcganPhase:
    """Trains both networks against each other with the non-saturating loss.

    Args:
        options: the user's choices.
        n_classes: classes that images are drawn by; 1 without.
        n_images: images to be seen in all.
        device: where the networks are.

    References:
        Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, eq. 1 and sec. 3 for the losses.
    """

    name = _PHASE

    def __init__(self, options: DcganOptions, *, n_classes: int, n_images: int, device: torch.device) -> None:
        self.options, self.n_images, self.batch_size = options, n_images, options.batch_size
        self.device = device
        self.n_classes = n_classes
        self.generator = DcganGenerator(options, n_classes=n_classes).to(device)
        self.discriminator = DcganDiscriminator(options, n_classes=n_classes).to(device)
        self.average = copy_for_averaging(self.generator) if options.ema_halflife_images else None
        betas = (options.beta1, options.beta2)
        self._optimizers = {
            "generator": torch.optim.Adam(self.generator.parameters(), options.generator_rate, betas),
            "discriminator": torch.optim.Adam(
                self.discriminator.parameters(), options.discriminator_rate, betas
            ),
        }
        self._images_seen = 0

    def modules(self) -> dict[str, nn.Module]:
        """Both networks, and the averaged generator where there is one."""
        averaged = {} if self.average is None else {"average": self.average}
        return {"generator": self.generator, "discriminator": self.discriminator, **averaged}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam each."""
        return dict(self._optimizers)

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """One step of the discriminator, then the generator's."""
        self.generator.train()
        self.discriminator.train()
        n = len(batch)
        labels = batch.labels if self.n_classes > 1 else torch.zeros_like(batch.labels)
        losses = self._step_discriminator(batch.images, labels, self._draw(n, generator), accumulate)
        for _ in range(self.options.generator_steps):
            losses |= self._step_generator(labels, self._draw(n, generator), accumulate)
        if self.average is not None:
            update_average(
                self.average,
                self.generator,
                batch_size=n,
                halflife_images=self.options.ema_halflife_images,
                images_seen=self._images_seen,
            )
        self._images_seen += n
        return losses

    def extra_state(self) -> dict[str, float | int | str]:
        """Images seen, which the average's half-life goes by."""
        return {"images_seen": self._images_seen}

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Take over what `extra_state` gave."""
        self._images_seen = int(state["images_seen"])

    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor | None:
        """Draw images from the network that sampling will use."""
        noise = torch.randn(len(labels), self.options.latent, generator=make_generator(noise_seed))
        shown = labels if self.n_classes > 1 else torch.zeros_like(labels)
        return _draw_images(self.average or self.generator, noise.to(self.device), shown)

    def _draw(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, self.options.latent, generator=generator).to(self.device)

    def _step_discriminator(
        self, real: Tensor, labels: Tensor, noise: Tensor, accumulate: Accumulate
    ) -> dict[str, float]:
        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            with torch.no_grad():
                drawn = self.generator(noise[rows], labels[rows])
            # Real and drawn images in batches of their own, so that batch norms see one kind at a time.
            on_real = self.discriminator(real[rows], labels[rows]).float()
            on_drawn = self.discriminator(drawn, labels[rows]).float()
            # Goodfellow et al. 2014, eq. 1: -log D(x) - log(1 - D(G(z))) as softplus of logits.
            loss = functional.softplus(-on_real).mean() + functional.softplus(on_drawn).mean()
            return loss, {"discriminator": loss}

        return accumulate(self._optimizers["discriminator"], losses, n=len(real))

    def _step_generator(self, labels: Tensor, noise: Tensor, accumulate: Accumulate) -> dict[str, float]:
        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            logits = self.discriminator(self.generator(noise[rows], labels[rows]), labels[rows]).float()
            # Goodfellow et al. 2014, sec. 3: maximise log D(G(z)) instead of minimising log(1 - D(G(z))).
            loss = functional.softplus(-logits).mean()
            return loss, {"generator": loss}

        return accumulate(self._optimizers["generator"], losses, n=len(noise))


class DcganSampler:
    """Draws from a trained DCGAN.

    Args:
        run: where it was trained.
        device: where to draw.

    Raises:
        WeightsError: if its state is missing or damaged.
    """

    def __init__(self, run: RunFolder, *, device: torch.device) -> None:
        record = run.read_record()
        self.options = DcganOptions.model_validate(record.options)
        self.classes: tuple[str, ...] = record.classes if self.options.is_conditional else ()
        self.device = device
        self.generator = DcganGenerator(self.options, n_classes=max(1, len(self.classes)))
        kept = "average" if self.options.ema_halflife_images else "generator"
        load_modules(run, _PHASE, {kept: self.generator})
        self.generator.to(device).eval()

    def modules(self) -> dict[str, nn.Module]:
        """The generator."""
        return {"generator": self.generator}

    def sample(self, *, seeds: Sequence[int], labels: Tensor, settings: SamplingSettings) -> Tensor:
        """Draw (n, channels, size, size) in [-1, 1]; no setting but the seeds matters."""
        noise = draw_noise(seeds, (self.options.latent,))
        return _draw_images(self.generator, noise.to(self.device), labels.to(self.device))


@torch.no_grad()
def _draw_images(generator: DcganGenerator, noise: Tensor, labels: Tensor) -> Tensor:
    """Draw with batch norms at rest, so that an image does not depend on its batch."""
    was_training = generator.training
    generator.eval()
    try:
        images: Tensor = generator(noise, labels)
        return images
    finally:
        generator.train(was_training)


def _draw_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
        nn.init.normal_(module.weight, 0.0, _WEIGHT_SD)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, _WEIGHT_SD)
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d) and module.bias is not None:
        nn.init.zeros_(module.bias)
