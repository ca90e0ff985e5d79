"""The first training of a VQ-VAE-2: encoder, codebooks and decoder.

References:
    Razavi et al. 2019, sec. 3.1 and eq. 2, whose middle term the codebooks' running averages stand in for.
"""

from __future__ import annotations

from collections.abc import Mapping

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.generators.phase import Accumulate, Batch
from core.generators.sample_grid import pick_real
from core.generators.training_images import TrainingImages
from core.generators.vqvae2.autoencoder import Vqvae2Autoencoder
from core.generators.vqvae2.codebook import CodebookAverages, compute_perplexity
from core.generators.vqvae2.options import Vqvae2Options

__all__ = ["AutoencoderPhase"]


class AutoencoderPhase:
    """Trains the autoencoder; see `core.generators.phase.Phase`.

    Args:
        options: the user's choices.
        images: training images, some of which the previews reconstruct.
        device: where the networks are.
    """

    name = "autoencoder"

    def __init__(self, options: Vqvae2Options, *, images: TrainingImages, device: torch.device) -> None:
        self.n_images, self.batch_size = options.count_images(len(images)), options.batch_size
        self._options, self._images, self._device = options, images, device
        self.autoencoder = Vqvae2Autoencoder(options).to(device)
        self._averages = {
            level: CodebookAverages(
                options.n_codes,
                options.code_size,
                decay=options.codebook_decay,
                revive_below=options.revive_below,
            ).to(device)
            for level in ("top", "bottom")
        }
        self._optimizer = torch.optim.Adam(self.autoencoder.parameters(), options.rate)

    def modules(self) -> dict[str, nn.Module]:
        """The autoencoder, and the running averages that its codebooks are."""
        averages = {f"averages-{level}": module for level, module in self._averages.items()}
        return {"autoencoder": self.autoencoder, **averages}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam; codebooks have no gradients."""
        return {"autoencoder": self._optimizer}

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """One step of encoder and decoder, then one update of both codebooks."""
        self.autoencoder.train()
        seen: list[dict[str, tuple[Tensor, Tensor]]] = []

        def losses(rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
            images = batch.images[rows]
            decoded, found = self.autoencoder(images)
            reconstruction = functional.mse_loss(decoded.float(), images)
            commitment = _commit(found.top_latents, found.top) + _commit(found.bottom_latents, found.bottom)
            seen.append(
                {
                    "top": (_list_places(found.top_latents), found.top_codes.flatten()),
                    "bottom": (_list_places(found.bottom_latents), found.bottom_codes.flatten()),
                }
            )
            n_codes = self._options.n_codes
            return reconstruction + self._options.commitment * commitment, {
                "reconstruction": reconstruction,
                "commitment": commitment,
                "codes used, top": compute_perplexity(found.top_codes, n_codes),
                "codes used, bottom": compute_perplexity(found.bottom_codes, n_codes),
            }

        reported = accumulate(self._optimizer, losses, n=len(batch))
        encoder = self.autoencoder.encoder
        for level, codebook in (("top", encoder.codebook_top), ("bottom", encoder.codebook_bottom)):
            latents, codes = (torch.cat(parts) for parts in zip(*(one[level] for one in seen), strict=True))
            self._averages[level].update(codebook, latents, codes, generator=generator)
        return reported

    def extra_state(self) -> dict[str, float | int | str]:
        """Nothing beyond the modules."""
        return {}

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Nothing to take over."""

    @torch.no_grad()
    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor | None:
        """Reconstructions of the real images that the run shows beside its grids."""
        pixels = torch.from_numpy(pick_real(self._images, labels.cpu()))
        # (n, h, w) or (n, h, w, channels) -> (n, channels, h, w)
        shown = pixels[:, None] if pixels.ndim == 3 else pixels.movedim(3, 1)
        self.autoencoder.eval()
        decoded, _ = self.autoencoder((shown.to(self._device).float() / 127.5) - 1)
        clipped: Tensor = decoded.clamp(-1, 1)
        return clipped


def _commit(latents: Tensor, vectors: Tensor) -> Tensor:
    """Mean squared distance of latents to their codes' vectors, which stay put (eq. 2, last term)."""
    return functional.mse_loss(latents.float(), vectors.detach().float())


def _list_places(latents: Tensor) -> Tensor:
    """(n, d, h, w) -> (n * h * w, d), without gradient."""
    return latents.detach().float().movedim(1, 3).flatten(0, 2)
