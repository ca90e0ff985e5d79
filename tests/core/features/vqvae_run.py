"""A VQ-VAE-2's run whose encoder no training made, written in a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import torch
from safetensors.torch import save_file

from core.features.vqvae_codes import STATE_PATH
from core.features.vqvae_encoder import EncoderLayout, HierarchicalEncoder

__all__ = ["LAYOUT", "Change", "write_run"]

Change = Callable[[dict[str, torch.Tensor]], None]

LAYOUT = EncoderLayout(
    size_px=32,
    channels=1,
    bottom_downsampling=4,
    width=8,
    residual_width=4,
    residual_layers=1,
    n_codes=40,
    code_size=4,
)


def write_run(
    folder: Path, layout: EncoderLayout = LAYOUT, *, seed: int = 0, change: Change | None = None
) -> Path:
    """A run's folder with an encoder whose codes differ between places and images."""
    torch.manual_seed(seed)
    encoder = HierarchicalEncoder(layout)
    pictures = torch.rand(9, layout.channels, 32, 32) * 2 - 1
    with torch.no_grad():
        for level in ("top", "bottom"):
            # (n, d, h, w) -> (n * h * w, d), some of which become the vectors
            latents = getattr(encoder(pictures), f"{level}_latents").movedim(1, 3).flatten(0, 2)
            getattr(encoder, f"codebook_{level}").vectors.copy_(latents[torch.randperm(len(latents))[:40]])
    state = {f"module/autoencoder/encoder.{key}": value for key, value in encoder.state_dict().items()}
    state["module/autoencoder/decoder.whatever"] = torch.zeros(3)
    if change is not None:
        change(state)
    path = folder / STATE_PATH
    path.parent.mkdir(parents=True)
    save_file(state, path)
    return folder
