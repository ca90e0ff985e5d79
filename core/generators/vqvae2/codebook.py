"""How a codebook learns: running averages of the latents that chose each code, and dead codes put elsewhere.

References:
    van den Oord et al. 2017, appendix A.1, eq. 6 to 8 (running averages). Dhariwal et al. 2020, sec. 3.1
    (codes whose use falls below a threshold are reset to random latents of the batch).
"""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.features.vqvae_encoder import Codebook
from core.generators.processes import get_rank, sum_over_processes

__all__ = ["CodebookAverages", "compute_perplexity"]


class CodebookAverages(nn.Module):
    """Moves one codebook's vectors to where latents lie.

    All codes begin dead, so that the first update places them on latents of the first batch.

    Args:
        n_codes: vectors of the codebook.
        code_size: dimensions of each.
        decay: memory of the averages (gamma).
        revive_below: share of the mean use below which a code counts as dead; 0 revives none after the first
            update.

    Attributes:
        counts: (n_codes,) running number of latents of an update that chose each code, N_i.
        sums: (n_codes, code_size) running sum of these latents, m_i.
    """

    counts: Tensor
    sums: Tensor

    def __init__(self, n_codes: int, code_size: int, *, decay: float, revive_below: float) -> None:
        super().__init__()
        self.decay, self.revive_below = decay, revive_below
        self.register_buffer("counts", torch.zeros(n_codes))
        self.register_buffer("sums", torch.zeros(n_codes, code_size))

    @torch.no_grad()
    def update(
        self, codebook: Codebook, latents: Tensor, codes: Tensor, *, generator: torch.Generator
    ) -> int:
        """Learn from one update's latents.

        Args:
            codebook: whose vectors are replaced.
            latents: (m, code_size) of all places of all images of this process.
            codes: (m,) the codes that they chose.
            generator: on the CPU; draws the latents that dead codes move to.

        Returns:
            Codes that were dead.
        """
        latents = latents.float()
        n_codes = len(self.counts)
        chosen = sum_over_processes(torch.bincount(codes, minlength=n_codes).to(latents))
        added = sum_over_processes(torch.zeros_like(self.sums).index_add_(0, codes, latents))
        mean_use = chosen.sum() / n_codes
        is_first = not bool(self.counts.any())
        self.counts.lerp_(chosen, 1 - self.decay)  # eq. 6
        self.sums.lerp_(added, 1 - self.decay)  # eq. 7
        dead = torch.ones_like(self.counts, dtype=torch.bool)
        if not is_first:
            dead = self.counts < self.revive_below * mean_use
        picks = torch.randint(len(latents), (n_codes,), generator=generator).to(latents.device)
        # All processes take the first one's latents.
        elsewhere = sum_over_processes(latents[picks] * float(get_rank() == 0))
        self.counts[dead] = mean_use
        self.sums[dead] = elsewhere[dead] * mean_use
        # eq. 8; a code that is never chosen again fades to 0 / 0, where its vector stays.
        alive = self.counts > 1e-12
        codebook.vectors[alive] = self.sums[alive] / self.counts[alive, None]
        return int(dead.sum())


def compute_perplexity(codes: Tensor, n_codes: int) -> Tensor:
    """Codes in use: exp of the entropy of their shares, from 1 (one code) to `n_codes` (all alike)."""
    shares = torch.bincount(codes.flatten(), minlength=n_codes).float()
    shares = shares / shares.sum()
    return torch.exp(-torch.xlogy(shares, shares).sum())
