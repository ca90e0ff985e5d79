"""The FID Inception: the network that published Fréchet Inception distances are made with."""

from __future__ import annotations

from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.config import Settings, get_settings
from core.errors import InputError
from core.features._inception_blocks import InceptionNetwork
from core.features.base import (
    ExtractorInfo,
    ExtractorOptions,
    FeatureBatch,
    Pixels,
    ResizeMode,
)
from core.features.device import inference, network_dtype, resolve_device, split_batch
from core.features.resize import resize_image
from core.features.weights import StateDict, find_weights, fit_state_dict, hash_file, load_state_dict
from core.progress import Progress

__all__ = ["FILE_NAME", "INFO", "SHA256", "URL", "InceptionFid", "load"]

FILE_NAME = "pt_inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE_NAME}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"

INFO = ExtractorInfo(
    id="inception-fid",
    title="FID Inception",
    sentence="A network trained to name objects in photographs; published FID values come from it.",
    paper="Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017",
    resolution=299,
    needs_weights=True,
    has_logits=True,
)

_MIN_SIDE_PX = 75


class InceptionFid:
    """Features and logits of the FID Inception; see `core.features.base.Extractor`.

    Attributes:
        published: whether the weights are the published ones. With others of that layout the network runs as
            well, but no distance in its features may be called FID.
        is_fid: whether images reach the network at 299 pixels, as every published FID has them.
    """

    def __init__(self, state: StateDict, *, weights_sha256: str, options: ExtractorOptions) -> None:
        self.info = INFO
        self.name = INFO.id
        self.dimension = 2048
        self.weights_sha256 = weights_sha256
        self.published = weights_sha256 == SHA256
        self._side = INFO.resolution if options.resolution is None else options.resolution
        if self._side < _MIN_SIDE_PX:
            raise InputError(
                f"{INFO.id} needs a resolution of at least {_MIN_SIDE_PX} pixels, not {self._side}."
            )
        self.is_fid = self._side == INFO.resolution
        self._resize = options.resize
        self._precision = options.precision
        self._device = resolve_device(options.device)
        self._dtype = network_dtype(options.precision)
        network = _build_network(state).to(device=self._device, dtype=self._dtype)
        # torch's stub of Module.to lacks the overload that its documentation has.
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def identity(self) -> str:
        """What decides a feature beyond the image's bytes."""
        return (
            f"{INFO.id} v1 | resize={self._resize.value} | {self._side} | "
            f"weights sha256 {self.weights_sha256} | {self._precision.value}"
        )

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """(h, w, 1 or 3) on 0 to 255 -> (3, side, side) on 0 to 255; grey is repeated once it is small."""
        resized = resize_image(pixels, side=self._side, mode=self._resize)
        return np.repeat(resized, 3, axis=0) if len(resized) == 1 else resized

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, 3, side, side) prepared -> (batch, 2048) features and (batch, 1008) logits without bias."""
        features = np.empty((len(batch), self.dimension), dtype=np.float32)
        logits = np.empty((len(batch), 1008), dtype=np.float32)
        with inference():
            for step in split_batch(len(batch), side=self._side, device=self._device):
                x = self._scale(torch.from_numpy(batch[step]).to(self._device))
                outputs: tuple[Any, Any] = self._network(x)
                features[step], logits[step] = (output.cpu().numpy() for output in outputs)
        return FeatureBatch(features, logits)

    def _scale(self, x: torch.Tensor) -> torch.Tensor:
        """0..255 to about -1..1, as the tool does that the resize mode is named after.

        pytorch-fid maps 255 to 1; clean-fid and torch-fidelity keep TensorFlow's (x - 128) / 128.
        """
        x = x.contiguous(memory_format=torch.channels_last)
        x = x / 127.5 - 1.0 if self._resize is ResizeMode.PYTORCH_FID else (x - 128.0) / 128.0
        return x.to(self._dtype)


def _build_network(state: StateDict) -> InceptionNetwork:
    with torch.device("meta"):  # without drawing initial weights
        network = InceptionNetwork()
    network.to_empty(device="cpu")
    fit_state_dict(network, state, name="the FID Inception")
    network.eval().requires_grad_(False)
    network.fold()
    return network


def load(
    name: str,
    options: ExtractorOptions,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> InceptionFid:
    """Build the extractor with weights from where `core.features.weights.find_weights` finds them.

    Args:
        name: `inception-fid`.
        options: resize filter, resolution, weights, device, precision.
        settings: where weights are looked for; the process's own by default.
        progress: told about a download.

    Raises:
        WeightsError: if the weights are not to be had, damaged or of another layout.
        InputError: if the name, resolution or device is not possible.
    """
    if name != INFO.id:
        raise InputError(f"{INFO.id} takes nothing after its name, not {name!r}.")
    path = find_weights(
        FILE_NAME,
        url=URL,
        sha256=SHA256,
        given=options.weights,
        settings=settings or get_settings(),
        progress=progress,
    )
    return InceptionFid(load_state_dict(path), weights_sha256=hash_file(path), options=options)
