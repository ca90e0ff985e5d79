"""Code maps of the training images: what the trained encoder makes of them, kept in the run's folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import StoreError
from core.features.device import inference
from core.features.vqvae_encoder import HierarchicalEncoder
from core.features.weights import hash_state_dict
from core.generators.processes import get_rank, wait_for_all
from core.generators.run_folder import RunFolder
from core.generators.training_images import TrainingImages
from core.output_folder import cannot_write

__all__ = ["CodeMaps", "load_code_maps"]

_FOLDER: Final = "codes"
_STEP_PIXELS: Final = 16 * 256**2


@dataclass(frozen=True, slots=True)
class CodeMaps:
    """Codes of all training images.

    Attributes:
        top: (n, h, w) uint16, mapped from disk.
        bottom: (n, 2h, 2w) uint16, mapped from disk.
    """

    top: NDArray[np.uint16]
    bottom: NDArray[np.uint16]

    def take(self, level: str, indices: Tensor) -> Tensor:
        """Codes of some images: (k,) rows -> (k, h, w) int64 on the rows' device."""
        maps = self.top if level == "top" else self.bottom
        rows = np.asarray(maps[indices.cpu().numpy()], dtype=np.int64)
        return torch.from_numpy(rows).to(indices.device)


def load_code_maps(
    encoder: HierarchicalEncoder, images: TrainingImages, *, run: RunFolder, device: torch.device
) -> CodeMaps:
    """Find the codes of all training images in the run's folder, or encode the images.

    The files are named after encoder and images, so that those of another encoder are never taken.

    Args:
        encoder: trained, on the device.
        images: what to encode.
        run: where codes are kept.
        device: where the encoder is.

    Raises:
        InputError: if the folder cannot be written.
        StoreError: if a file of codes is damaged.
    """
    weights = hash_state_dict(encoder.state_dict())
    key = hashlib.sha256(f"{weights} {images.digest}".encode()).hexdigest()[:24]
    folder = run.path / _FOLDER
    paths = [folder / f"{key}-{level}.npy" for level in ("top", "bottom")]
    if get_rank() == 0 and not all(path.exists() for path in paths):
        try:
            _write(encoder, images, paths, device)
        except OSError as error:
            raise cannot_write(folder, error) from error
    wait_for_all()
    top, bottom = (_read(path, n=len(images)) for path in paths)
    return CodeMaps(top, bottom)


def _write(
    encoder: HierarchicalEncoder, images: TrainingImages, paths: list[Path], device: torch.device
) -> None:
    folder = paths[0].parent
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.npy"):
        earlier.unlink(missing_ok=True)
    layout = encoder.layout
    sides = (layout.size_px // layout.top_downsampling, layout.size_px // layout.bottom_downsampling)
    drafts = [path.with_suffix(".draft") for path in paths]
    top, bottom = (
        np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint16, shape=(len(images), side, side))
        for draft, side in zip(drafts, sides, strict=True)
    )
    step = max(1, _STEP_PIXELS // layout.size_px**2)
    encoder.eval()
    with inference():
        for start in range(0, len(images), step):
            rows = np.arange(start, min(start + step, len(images)))
            found = encoder(images.take(rows, device=device).images)
            top[rows] = found.top_codes.cpu().numpy()
            bottom[rows] = found.bottom_codes.cpu().numpy()
    top.flush()
    bottom.flush()
    del top, bottom
    for draft, path in zip(drafts, paths, strict=True):
        draft.replace(path)


def _read(path: Path, *, n: int) -> NDArray[np.uint16]:
    try:
        codes: NDArray[np.uint16] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(f"{path} is damaged; delete it and run the same command again.") from error
    if codes.dtype != np.uint16 or codes.ndim != 3 or len(codes) != n:
        raise StoreError(f"{path} is damaged; delete it and run the same command again.")
    return codes
