"""The second and third training of a VQ-VAE-2: priors over the codes of the trained autoencoder.

References:
    Razavi et al. 2019, sec. 3.2 and algorithm 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.generators.averaging import copy_for_averaging, update_average
from core.generators.checkpoint import load_modules
from core.generators.phase import Accumulate, Batch
from core.generators.random_streams import name_image_seeds
from core.generators.run_folder import RunFolder
from core.generators.training_images import TrainingImages
from core.generators.vqvae2.autoencoder import Vqvae2Autoencoder
from core.generators.vqvae2.code_drawing import draw_images, sharpen
from core.generators.vqvae2.code_maps import load_code_maps
from core.generators.vqvae2.options import Vqvae2Options
from core.generators.vqvae2.pixelsnail import PixelSnail, PixelSnailLayout

__all__ = ["Level", "PriorPhase", "build_prior"]

Level = Literal["top", "bottom"]

_CLIP_NORM = 1.0


def build_prior(level: Level, options: Vqvae2Options, *, n_classes: int) -> PixelSnail:
    """Build one level's prior with fresh weights.

    Args:
        level: which.
        options: sizes.
        n_classes: classes that can be asked for; 0 makes it unconditional.
    """
    is_top = level == "top"
    return PixelSnail(
        PixelSnailLayout(
            n_codes=options.n_codes,
            n_classes=n_classes,
            is_below=not is_top,
            width=options.prior_width,
            residual_width=options.top_residual_width if is_top else options.bottom_residual_width,
            kernel=options.prior_kernel,
            n_layers=options.top_layers if is_top else options.bottom_layers,
            n_attention=options.top_attention if is_top else options.bottom_attention,
            heads=options.attention_heads,
            output_layers=options.top_output_layers if is_top else 0,
            conditioning_layers=options.conditioning_layers,
            dropout=options.dropout,
        )
    )


class PriorPhase:
    """Trains one level's prior to tell each code from those before it; see `core.generators.phase.Phase`.

    Args:
        level: which; the bottom level is told the top level's codes.
        options: the user's choices.
        images: training images, which are encoded once.
        run: holds the trained autoencoder, and for the bottom level the trained top prior.
        device: where the networks are.

    Raises:
        WeightsError: if an earlier phase's state is missing or damaged.
    """

    def __init__(
        self,
        level: Level,
        options: Vqvae2Options,
        *,
        images: TrainingImages,
        run: RunFolder,
        device: torch.device,
    ) -> None:
        self.name = f"prior-{level}"
        self.n_images = options.count_prior_images(len(images))
        self.batch_size = options.prior_batch_size
        self.level, self._options, self._device = level, options, device
        self._n_classes = images.n_classes if options.is_conditional else 0
        self.prior = build_prior(level, options, n_classes=self._n_classes).to(device)
        self.average = copy_for_averaging(self.prior)
        self._optimizer = torch.optim.Adam(self.prior.parameters(), options.prior_rate)
        self._images_seen = 0
        self._autoencoder = Vqvae2Autoencoder(options)
        load_modules(run, "autoencoder", {"autoencoder": self._autoencoder})
        self._autoencoder.to(device).eval().requires_grad_(False)
        self._maps = load_code_maps(self._autoencoder.encoder, images, run=run, device=device)
        self._top: PixelSnail | None = None
        if level == "bottom":
            self._top = build_prior("top", options, n_classes=self._n_classes)
            load_modules(run, "prior-top", {"average": self._top})
            self._top.to(device).eval().requires_grad_(False)

    def modules(self) -> dict[str, nn.Module]:
        """The prior, and the average of its weights that codes are drawn from."""
        return {"prior": self.prior, "average": self.average}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam."""
        return {"prior": self._optimizer}

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """One step on the likelihood of the images' codes."""
        self.prior.train()
        codes = self._maps.take(self.level, batch.indices)
        above = self._maps.take("top", batch.indices) if self.level == "bottom" else None

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            logits = self.prior(codes[rows], batch.labels[rows], None if above is None else above[rows])
            loss = functional.cross_entropy(logits.float(), codes[rows])
            return loss, {"nats a code": loss}

        reported = accumulate(self._optimizer, losses, n=len(batch), clip_norm=_CLIP_NORM)
        update_average(
            self.average,
            self.prior,
            batch_size=self.batch_size,
            halflife_images=self._options.ema_halflife_images,
            images_seen=self._images_seen,
        )
        self._images_seen += self.batch_size
        return reported

    def extra_state(self) -> dict[str, float | int | str]:
        """Images seen, which the average's half-life goes by."""
        return {"images_seen": self._images_seen}

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Take over what `extra_state` gave."""
        self._images_seen = int(state["images_seen"])

    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor | None:
        """Draw images; None of the top prior, whose codes alone make none."""
        if self._top is None:
            return None
        return draw_images(
            self._autoencoder,
            sharpen(self._top),
            sharpen(self.average),
            seeds=name_image_seeds(noise_seed, class_name="", numbers=range(len(labels))),
            labels=labels,
        )
