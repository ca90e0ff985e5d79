"""`random-conv`: a convolutional network whose weights are drawn, not learnt.

Features of a randomly initialised VGG-16 keep much of what separates sets of images, and on images unlike
photographs can serve better than features learnt from photographs. This network follows VGG-16's first four
stages at a quarter of its width. What it reports is chosen so that randomness costs the least:

- The image enters with zero mean and unit variance. All drawn filters answer to overall brightness, which
  would drown the rest. The features are therefore blind to brightness and contrast.
- Each channel is summed up, at the end of each stage, by the logarithm of its spread over the image: how
  strongly the image answers to that filter, on a scale where channels count alike, whatever their drawn gain.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from core.errors import InputError
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureBatch, Pixels
from core.features.device import inference, network_dtype, resolve_device
from core.features.resize import resize_image

__all__ = ["INFO", "RandomConvExtractor", "RandomConvNetwork", "load"]

VERSION: Final = 1

INFO = ExtractorInfo(
    id="random-conv",
    title="Random convolutions",
    sentence="A network that was never trained; it sees patterns, but neither brightness nor meaning.",
    paper="Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020, sec. 4.1",
    resolution=224,
)

# Simonyan and Zisserman 2015, table 1, column D: convolutions of each stage; its widths over four.
_CONVOLUTIONS = (2, 2, 3, 3)
_WIDTHS = (16, 32, 64, 128)
_MIN_RESOLUTION, _MAX_RESOLUTION = 32, 4096
_STEP_PIXELS = 16 * 224 * 224  # images of one step are as many as hold that many pixels
# Activations have a spread around one. Added before the logarithm, so that a channel that hardly answers is
# hardly heard.
_QUIET = 1e-2


class RandomConvNetwork(nn.Module):
    """Stages of 3 x 3 convolutions and ReLU, each but the first behind a 2 x 2 maximum.

    Weights are uniform with He's variance 2 / fan-in. Uniform draws are the generator's bits, scaled; normal
    or orthogonal ones pass through functions that builds of torch round differently. So a seed is the same
    network, to the last bit, on every machine.

    Args:
        seed: seeds the weights.

    References:
        He et al., Delving Deep into Rectifiers, ICCV 2015, eq. 10.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.stages = nn.ModuleList()
        channels = 3
        for width, n_convolutions in zip(_WIDTHS, _CONVOLUTIONS, strict=True):
            layers: list[nn.Module] = []
            for _ in range(n_convolutions):
                convolution: nn.Conv2d = nn.utils.skip_init(  # type: ignore[no-untyped-call]
                    nn.Conv2d, channels, width, 3, padding=1, bias=False
                )
                limit = math.sqrt(3.0 * 2.0 / (channels * 9))  # a uniform variable's variance is limit^2 / 3
                draws = torch.rand(convolution.weight.shape, generator=generator)
                convolution.weight = nn.Parameter((2.0 * draws - 1.0) * limit, requires_grad=False)
                layers += [convolution, nn.ReLU(inplace=True)]
                channels = width
            self.stages.append(nn.Sequential(*layers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Turn (batch, 3, side, side) on any intensity scale into (batch, sum of widths) log spreads."""
        spread, mean = torch.std_mean(x, dim=(1, 2, 3), correction=0, keepdim=True)
        x = (x - mean) / (spread + 1.0)  # one grey level: a constant image becomes zero
        x = x.to(dtype=next(self.parameters()).dtype, memory_format=torch.channels_last)
        features = []
        for number, stage in enumerate(self.stages):
            if number:
                x = functional.max_pool2d(x, 2)
            x = stage(x)
            # (batch, width, h, w) -> (batch, width)
            features.append(torch.std(x.float(), dim=(2, 3), correction=0))
        return torch.log(torch.cat(features, dim=1) + _QUIET)


class RandomConvExtractor:
    """Features of `RandomConvNetwork`; see `core.features.base.Extractor`.

    Args:
        options: resize filter, resolution, seed, device and precision.

    Raises:
        InputError: if the resolution is below 32 or above 4096, or the device is not there.
    """

    info = INFO
    name = INFO.id
    dimension = sum(_WIDTHS)

    def __init__(self, options: ExtractorOptions) -> None:
        self._options = options
        self._side = INFO.resolution if options.resolution is None else options.resolution
        if not _MIN_RESOLUTION <= self._side <= _MAX_RESOLUTION:
            raise InputError(
                f"{INFO.id} needs a resolution from {_MIN_RESOLUTION} to {_MAX_RESOLUTION} pixels, "
                f"not {self._side}."
            )
        self._device = resolve_device(options.device)
        network = RandomConvNetwork(options.seed).eval()
        self.weights_sha256: str | None = _hash(network)
        network = network.to(device=self._device, dtype=network_dtype(options.precision))
        # torch's stub of Module.to lacks the overload that its documentation has.
        self._network: Any = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def identity(self) -> str:
        """Everything that decides a feature beyond the image's bytes."""
        return (
            f"{INFO.id} version={VERSION} resolution={self._side} resize={self._options.resize.value} "
            f"seed={self._options.seed} widths={_WIDTHS} convolutions={_CONVOLUTIONS} quiet={_QUIET} "
            f"weights={self.weights_sha256} precision={self._options.precision.value}"
        )

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """(h, w, 1 or 3) on 0 to 255 -> (3, side, side) on 0 to 255; grey is repeated once it is small."""
        resized = resize_image(pixels, side=self._side, mode=self._options.resize)
        return np.repeat(resized, 3, axis=0) if len(resized) == 1 else resized

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, 3, side, side) prepared -> (batch, dimension) features."""
        features = np.empty((len(batch), self.dimension), dtype=np.float32)
        n_step = max(1, _STEP_PIXELS // self._side**2)
        with inference():
            for start in range(0, len(batch), n_step):
                step = slice(start, start + n_step)
                x = torch.from_numpy(batch[step]).to(self._device)
                features[step] = self._network(x).cpu().numpy()
        return FeatureBatch(features=features)


def _hash(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for weights in network.parameters():
        digest.update(np.ascontiguousarray(weights.numpy(), dtype="<f4").tobytes())
    return digest.hexdigest()


def load(name: str, options: ExtractorOptions) -> RandomConvExtractor:
    """Draw the network and make it ready.

    Args:
        name: `random-conv`.
        options: what the user chose.

    Raises:
        InputError: if the name says more, or the resolution or device is not possible.
    """
    if name != INFO.id:
        raise InputError(f"{INFO.id} takes nothing after its name, not {name!r}.")
    return RandomConvExtractor(options)
