"""Latents of all training images, encoded once and kept in the run's folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import StoreError
from core.features.weights import hash_state_dict
from core.generators.diffusion.autoencoder import LatentAutoencoder, LatentScale
from core.generators.processes import get_rank, wait_for_all
from core.generators.run_folder import RunFolder
from core.generators.training_images import TrainingImages
from core.output_folder import cannot_write

__all__ = ["LatentMaps", "load_latent_maps"]

_FOLDER: Final = "latents"
# Pixels that are encoded at once: 16 images of 256 pixels.
_STEP_PIXELS: Final = 16 * 256**2


@dataclass(frozen=True, slots=True)
class LatentMaps:
    """Latents of all training images, as the encoder gives them.

    Attributes:
        values: (n, latent_channels, h, w) float32, mapped from disk.
    """

    values: NDArray[np.float32]

    def take(self, indices: Tensor) -> Tensor:
        """Latents of some images: (k,) rows -> (k, latent_channels, h, w) on the rows' device."""
        return torch.from_numpy(np.asarray(self.values[indices.cpu().numpy()])).to(indices.device)

    def measure(self, scale: LatentScale) -> None:
        """Set a scale by the mean, variance and range of each channel over all images."""
        total = np.zeros(self.values.shape[1])
        squares = np.zeros_like(total)
        for start in range(0, len(self.values), 256):
            part = self.values[start : start + 256].astype(np.float64)
            total += part.sum(axis=(0, 2, 3))
            squares += np.square(part).sum(axis=(0, 2, 3))
        n = self.values.size / self.values.shape[1]
        mean = total / n
        largest = np.zeros_like(mean)
        for start in range(0, len(self.values), 256):
            part = np.abs(self.values[start : start + 256] - mean[:, np.newaxis, np.newaxis])
            largest = np.maximum(largest, part.max(axis=(0, 2, 3)))
        variance = np.maximum(squares / n - mean**2, 0.0)
        scale.measure(torch.from_numpy(mean), torch.from_numpy(variance), torch.from_numpy(largest))


def load_latent_maps(
    autoencoder: LatentAutoencoder, images: TrainingImages, *, run: RunFolder, device: torch.device
) -> LatentMaps:
    """Find the latents of all training images in the run's folder, or encode the images.

    The file is named after autoencoder and images, so that those of another are never taken.

    Args:
        autoencoder: trained, on the device, in evaluation mode.
        images: what to encode.
        run: where latents are kept.
        device: where the autoencoder is.

    Raises:
        InputError: if the folder cannot be written.
        StoreError: if the file is damaged.
    """
    weights = hash_state_dict(autoencoder.state_dict())
    key = hashlib.sha256(f"{weights} {images.digest}".encode()).hexdigest()[:24]
    path = run.path / _FOLDER / f"{key}.npy"
    if get_rank() == 0 and not path.exists():
        try:
            _write(autoencoder, images, path, device)
        except OSError as error:
            raise cannot_write(path.parent, error) from error
    wait_for_all()
    try:
        values: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(f"{path} is damaged; delete it and run the same command again.") from error
    if values.dtype != np.float32 or values.ndim != 4 or len(values) != len(images):
        raise StoreError(f"{path} is damaged; delete it and run the same command again.")
    return LatentMaps(values)


def _write(autoencoder: LatentAutoencoder, images: TrainingImages, path: Path, device: torch.device) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for earlier in path.parent.iterdir():
        if earlier.suffix in (".npy", ".draft"):
            earlier.unlink(missing_ok=True)
    draft = path.with_suffix(".draft")
    step = max(1, _STEP_PIXELS // images.pixels.shape[-1] ** 2)
    values: np.memmap[Any, np.dtype[np.float32]] | None = None
    for start in range(0, len(images), step):
        rows = np.arange(start, min(start + step, len(images)))
        found = autoencoder.encode(images.take(rows, device=device).images).cpu().numpy()
        if values is None:
            shape = (len(images), *found.shape[1:])
            values = np.lib.format.open_memmap(draft, mode="w+", dtype=np.float32, shape=shape)
        values[rows] = found
    assert values is not None, "there are training images"
    values.flush()
    del values
    draft.replace(path)
