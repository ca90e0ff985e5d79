"""The mapping network: from noise and a class to the intermediate latent that styles are made of.

References:
    Karras et al. 2019, sec. 2 (mapping), 3.1 (style mixing) and app. B (truncation).
"""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.stylegan2.equalised import EqualisedLinear, activate

__all__ = ["MappingNetwork", "compute_mean_latents", "mix_styles", "normalise", "truncate"]

_RATE = 0.01  # Karras et al. 2019, app. C: the mapping network learns a hundred times slower
_MEAN_DRAWS = 4096


def normalise(x: Tensor) -> Tensor:
    """Scale (n, d) so that the mean square of each row is 1 (Karras et al. 2018, sec. 4.2)."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


class MappingNetwork(nn.Module):
    """Fully connected layers; a class is embedded to the latent's size and concatenated with the noise.

    Args:
        latent_size: dimensions of the noise, of an embedded class, and of the latent.
        n_layers: layers.
        n_classes: classes that can be asked for; 0 makes it unconditional.
    """

    def __init__(self, *, latent_size: int, n_layers: int, n_classes: int) -> None:
        super().__init__()
        self.latent_size = latent_size
        # A table of rows at the statistics of an equalised linear layer on a one-hot class.
        self.embedding = nn.Embedding(n_classes, latent_size) if n_classes else None
        first = latent_size * (2 if n_classes else 1)
        self.layers = nn.ModuleList(
            EqualisedLinear(first if depth == 0 else latent_size, latent_size, rate=_RATE)
            for depth in range(n_layers)
        )

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(n, latent_size) noise and (n,) int64 classes -> (n, latent_size)."""
        # In 32 bits always: small weights at a small pace drown in 16.
        with torch.autocast(noise.device.type, enabled=False):
            x = normalise(noise.float())
            if self.embedding is not None:
                x = torch.cat([x, normalise(self.embedding(labels))], dim=1)
            for layer in self.layers:
                x = activate(layer(x))
        return x


def mix_styles(latents: Tensor, others: Tensor, crossovers: Tensor) -> Tensor:
    """Give each image one latent up to a layer and another from there on (Karras et al. 2019, sec. 3.1).

    Args:
        latents: (n, d), for layers before the crossover.
        others: (n, d), for the rest.
        crossovers: (n, layers) bool, True where `others` counts.

    Returns:
        (n, layers, d).
    """
    return torch.where(crossovers[:, :, None], others[:, None], latents[:, None])


@torch.no_grad()
def compute_mean_latents(mapping: MappingNetwork, *, n_classes: int) -> Tensor:
    """Average the latent over noise, for each class by itself.

    With classes mixed, images drawn near the mean would belong to none.

    Returns:
        (max(1, n_classes), latent_size) float32 on the network's device; the same for the same weights.
    """
    device = next(mapping.parameters()).device
    seeded = torch.Generator().manual_seed(0)
    noise = torch.randn(_MEAN_DRAWS, mapping.latent_size, generator=seeded).to(device)
    means = [
        mapping(noise, torch.full((len(noise),), code, dtype=torch.int64, device=device)).mean(dim=0)
        for code in range(max(1, n_classes))
    ]
    return torch.stack(means)


def truncate(latents: Tensor, means: Tensor, truncation: float) -> Tensor:
    """Move latents towards the mean: w' = mean + psi (w - mean) (Karras et al. 2019, app. B).

    Args:
        latents: (n, d).
        means: (n, d), of each image's class.
        truncation: psi; 1 leaves them, 0 gives the mean alone.
    """
    return torch.lerp(means, latents, truncation)
