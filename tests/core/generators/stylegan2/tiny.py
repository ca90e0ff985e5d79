"""The smallest StyleGAN2 that has all of its parts."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np

from core.generators.stylegan2.options import StyleGAN2Options
from core.generators.training_images import TrainingImages

TINY = StyleGAN2Options(
    size_px=16,
    latent_size=16,
    mapping_layers=2,
    channel_base=128,
    channel_max=16,
    batch_size=4,
    n_images=16,
    r1_weight=0.1,
    r1_interval=2,
    path_interval=2,
    augment_initial=0.5,
    augment_images=1000,
    ema_halflife_images=100,
    is_conditional=True,
)


def two_shades(n: int = 16, *, size_px: int = 16) -> TrainingImages:
    """Dark images of class 0 in turns with light ones of class 1."""
    labels = np.arange(n) % 2
    noise = np.random.default_rng(0).integers(-20, 20, (n, 1, size_px, size_px))
    pixels = (noise + np.where(labels, 220, 35)[:, None, None, None]).astype(np.uint8)
    return TrainingImages(pixels, labels.astype(np.int64), ("dark", "light"), "0" * 64)
