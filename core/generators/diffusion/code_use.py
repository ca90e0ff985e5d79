"""How often the autoencoder's codes are used, and new places for those that are not."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, distributed, nn

from core.generators.processes import count_processes, get_rank, sum_over_processes

__all__ = ["CodeUse"]

_DECAY = 0.99


class CodeUse(nn.Module):
    """Running averages of the use of codes; before the first batch all codes count as dead.

    A code that no latent is nearest to gets no gradient, so it never comes back by itself. Put where latents
    are, the first batch also initialises the codebook.

    Args:
        n_codes: codes.

    References:
        Dhariwal et al., Jukebox: A Generative Model for Music, 2020, sec. 3.3 (random restarts).
    """

    average: Tensor

    def __init__(self, n_codes: int) -> None:
        super().__init__()
        self.register_buffer("average", torch.zeros(n_codes))

    @torch.no_grad()
    def count(self, codes: Tensor) -> float:
        """Take in the codes of a batch.

        Args:
            codes: (k,) int64.

        Returns:
            Perplexity of the codes of the batch: as many as are used, were all used alike.
        """
        counts = torch.bincount(codes, minlength=len(self.average)).to(self.average)
        counts = sum_over_processes(counts)
        shares = counts / counts.sum()
        self.average.mul_(_DECAY).add_(shares, alpha=1 - _DECAY)
        entropy = -(shares * (shares + 1e-12).log()).sum()
        return float(entropy.exp())

    @torch.no_grad()
    def revive(self, codebook: Tensor, latents: Tensor, *, below: float, generator: torch.Generator) -> int:
        """Put dead codes where latents of the batch lie.

        Args:
            codebook: (n_codes, d) vectors, changed in place.
            latents: (k, d) of the batch.
            below: a code is dead below this share of the average use; 0 revives none.
            generator: draws latents, on the CPU.

        Returns:
            Codes that were dead.
        """
        if not below:
            return 0
        dead = self.average < below / len(self.average)
        n_dead = int(dead.sum())
        rows = torch.randint(len(latents), (n_dead,), generator=generator)
        if not n_dead:
            return 0
        placed = latents[rows.to(latents.device)].to(codebook)
        if count_processes() > 1:
            # All processes keep one codebook: that of the first.
            placed = placed if get_rank() == 0 else torch.zeros_like(placed)
            distributed.all_reduce(placed)
        codebook[dead] = placed
        # As if used on average: a code has time to gather latents around it.
        self.average[dead] = 1 / len(self.average)
        return n_dead
