"""The smallest VQ-VAE-2 that has all of its parts."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.generators.vqvae2.options import Vqvae2Family, Vqvae2Options
from core.generators.vqvae2.pixelsnail import PixelSnail
from core.generators.vqvae2.prior_phase import Level, build_prior

__all__ = ["FAMILY", "TINY", "fresh_prior"]

FAMILY = Vqvae2Family()
TINY = Vqvae2Options(
    size_px=16,
    is_conditional=True,
    batch_size=8,
    n_images=24,
    rate=5e-3,
    bottom_downsampling=4,
    n_codes=12,
    code_size=4,
    width=8,
    residual_width=4,
    residual_layers=1,
    codebook_decay=0.9,
    prior_batch_size=8,
    prior_images=24,
    prior_rate=1e-2,
    prior_width=8,
    prior_kernel=3,
    dropout=0.1,
    top_layers=2,
    top_residual_width=8,
    top_attention=1,
    top_output_layers=1,
    attention_heads=2,
    bottom_layers=2,
    bottom_residual_width=8,
    bottom_attention=1,
    conditioning_layers=1,
    ema_halflife_images=16,
)


def fresh_prior(level: Level, options: Vqvae2Options = TINY) -> PixelSnail:
    """A prior with weights of its own in 64 bits, large enough that each matters, at rest."""
    torch.manual_seed(0)
    prior = build_prior(level, options, n_classes=2).double().eval()
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return prior
