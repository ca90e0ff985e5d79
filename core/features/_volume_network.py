"""What extractors around a network in 3-D share: size, device, and steps that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.errors import InputError
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureBatch, Pixels
from core.features.device import inference, network_dtype, resolve_device
from core.features.weights import hash_state_dict

__all__ = ["VolumeNetwork", "build_empty"]

_LEAST_SIDE, _MOST_SIDE = 16, 512
_CPU_STEP_VOXELS, _ACCELERATOR_STEP_VOXELS = 4 * 16 * 112**2, 64 * 16 * 112**2


class VolumeNetwork:
    """A network that looks at boxes of voxels; see `core.features.base.VolumeExtractor`.

    Args:
        info: facts about the extractor.
        name: as the user wrote it.
        network: turns (batch, channels, slices, rows, columns) into (batch, dimension).
        dimension: its features.
        size: slices, rows and columns of the box.
        options: device and precision.

    Raises:
        InputError: if the box is too small or too large, or the device is not there.
    """

    def __init__(
        self,
        *,
        info: ExtractorInfo,
        name: str,
        network: nn.Module,
        dimension: int,
        size: tuple[int, int, int],
        options: ExtractorOptions,
    ) -> None:
        if not _LEAST_SIDE <= size[1] <= _MOST_SIDE:
            raise InputError(
                f"{info.id} needs a resolution from {_LEAST_SIDE} to {_MOST_SIDE} voxels, not {size[1]}."
            )
        self.info = info
        self.name = name
        self.dimension = dimension
        self.weights_sha256: str | None = hash_state_dict(network.state_dict())
        self.size = size
        self._precision = options.precision
        self._device = resolve_device(options.device)
        self._dtype = network_dtype(options.precision)
        network.eval().requires_grad_(False)
        self._network = network.to(device=self._device, dtype=self._dtype)

    @property
    def written_size(self) -> str:
        """The box as identities write it."""
        return " x ".join(map(str, self.size))

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """Refuse a picture.

        Raises:
            InputError: always.
        """
        raise InputError(f"{self.name} looks at volumes, not at pictures: choose another extractor.")

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, channels, slices, rows, columns) prepared -> (batch, dimension) features."""
        features = np.empty((len(batch), self.dimension), dtype=np.float32)
        with inference():
            for step in self._split(len(batch)):
                x = torch.from_numpy(batch[step]).to(device=self._device, dtype=self._dtype)
                features[step] = self._network(x).float().cpu().numpy()
        return FeatureBatch(features)

    def _split(self, n: int) -> Iterator[slice]:
        """Cut a batch into steps: early layers hold many times their input."""
        voxels = _CPU_STEP_VOXELS if self._device.type == "cpu" else _ACCELERATOR_STEP_VOXELS
        step = max(1, voxels // int(np.prod(self.size)))
        for start in range(0, n, step):
            yield slice(start, start + step)


def build_empty(make: Callable[[], nn.Module]) -> nn.Module:
    """Build a network without drawing initial weights, which a file's are to replace; counters are zero."""
    with torch.device("meta"):
        network = make()
    network.to_empty(device="cpu")
    for buffer in network.buffers():
        buffer.zero_()
    return network
