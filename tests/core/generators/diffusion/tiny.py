"""Diffusion models that train in a second."""

from __future__ import annotations

from core.generators.diffusion.ddpm_options import DdpmOptions
from core.generators.diffusion.latent_options import LatentDiffusionOptions

__all__ = ["TINY_DDPM", "TINY_LATENT"]

TINY_DDPM = DdpmOptions(
    size_px=8, is_conditional=True, batch_size=8, n_images=64, snapshot_images=64, width=8, width_factors=(1, 2), blocks=1,
    attention_sides=(4,), dropout=0.1, noise_steps=100, noise_schedule="cosine", rate=5e-3, warmup_images=24,
    weight_decay=0.0, ema_halflife_images=16, sampler="dpm-solver", steps=8,
)  # fmt: skip
TINY_LATENT = LatentDiffusionOptions(
    size_px=32, is_conditional=True, batch_size=8, n_images=64, snapshot_images=64, width=8, width_factors=(1, 2), blocks=1,
    attention_sides=(4,), noise_steps=100, rate=5e-3, weight_decay=0.0, ema_halflife_images=16,
    latent_channels=4, n_codes=32, autoencoder_width=8, autoencoder_factors=(1, 1, 1, 2),
    autoencoder_blocks=1, autoencoder_batch_size=8, autoencoder_images=64, autoencoder_rate=5e-3,
    revive_below=0.3, adversarial=0.0, sampler="dpm-solver", steps=8,
)  # fmt: skip
