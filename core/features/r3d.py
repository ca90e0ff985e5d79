"""`r3d-18`: a 3-D residual network that learnt to name actions in videos, looking at a volume as a clip."""

from __future__ import annotations

from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
from numpy.typing import NDArray
from torch import nn
from torchvision.models.video import r3d_18

from core.config import Settings, get_settings
from core.errors import InputError
from core.features._named_weights import split_weights
from core.features._volume_network import VolumeNetwork, build_empty
from core.features.base import ExtractorInfo, ExtractorOptions
from core.features.weights import StateDict, find_weights, fit_state_dict, load_state_dict
from core.images.volume import Volume
from core.images.volume_resizing import resize_volume
from core.progress import Progress

__all__ = ["FILE_NAME", "INFO", "SHA256", "URL", "R3dExtractor", "load"]

FILE_NAME: Final = "r3d_18-b3b3357e.pth"
URL: Final = f"https://download.pytorch.org/models/{FILE_NAME}"
SHA256: Final = "b3b3357ead25631ec9c57362ff2128a92d0427e01e2cd184951a44380c3f2e9d"

INFO = ExtractorInfo(
    id="r3d-18",
    title="R3D-18",
    sentence="A network in 3-D that learnt from videos and sees a volume as a clip of 16 slices.",
    paper="Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018",
    resolution=112,
    needs_weights=True,
    takes_volumes=True,
)

_ROWS_PER_SLICE: Final = 7  # clips of 16 frames of 112 x 112, as the network was trained on
# Kinetics-400: mean and standard deviation of colours on the scale 0 to 1 that the weights were trained with.
_MEAN: Final = np.array([0.43216, 0.394666, 0.37645], dtype=np.float32).reshape(3, 1, 1, 1)
_STD: Final = np.array([0.22803, 0.22145, 0.216989], dtype=np.float32).reshape(3, 1, 1, 1)


class R3dExtractor(VolumeNetwork):
    """Average-pooled features of R3D-18; see `core.features.base.VolumeExtractor`.

    The whole extent of a volume, from its first slice to its last, is resized to the clip, axial slices in
    the place of frames, and normalised as the network's videos were.

    Args:
        state: the network's weights; those of its classifier are passed over.
        name: as the user wrote it.
        options: resolution, device and precision.

    Raises:
        WeightsError: if the weights are another network's, or damaged.
        InputError: if the resolution or the device is not possible.
    """

    def __init__(self, state: StateDict, *, name: str, options: ExtractorOptions) -> None:
        network: Any = build_empty(lambda: r3d_18(weights=None))
        network.fc = nn.Identity()
        fit_state_dict(network, state, name=INFO.id, spare=("fc",))
        side = INFO.resolution if options.resolution is None else options.resolution
        size = (max(1, round(side / _ROWS_PER_SLICE)), side, side)
        super().__init__(info=INFO, name=name, network=network, dimension=512, size=size, options=options)

    @property
    def identity(self) -> str:
        """What decides a feature beyond the volume."""
        return (
            f"{INFO.id} v1 | box {self.written_size}, linear antialiased | Kinetics normalisation | "
            f"weights sha256 {self.weights_sha256} | {self._precision.value}"
        )

    def prepare_volume(self, volume: Volume, *, num_channels: int | None) -> NDArray[np.float32]:
        """Levels -> (3, slices, rows, columns), normalised; grey is repeated once it is small."""
        channels = 1 if num_channels == 1 else None
        # (slices, rows, columns, channels) -> (channels, slices, rows, columns)
        box = resize_volume(volume.values, shape=self.size, num_channels=channels).transpose(3, 0, 1, 2)
        return (box / np.float32(255.0) - _MEAN) / _STD


def load(
    name: str,
    options: ExtractorOptions,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> R3dExtractor:
    """Build the extractor with weights from where `core.features.weights.find_weights` finds them.

    Args:
        name: `r3d-18` or `r3d-18?weights=<path>`.
        options: resolution, device, precision; `weights` is not used, since the name carries them.
        settings: where weights are looked for; the process's own by default.
        progress: told about a download.

    Raises:
        WeightsError: if the weights are not to be had, damaged or another network's.
        InputError: if the name says something else, or the resolution or device is not possible.
    """
    short, given = split_weights(name)
    if short != INFO.id:
        raise InputError(f"{INFO.id} takes nothing after its name but ?weights=<path>, not {name!r}.")
    path = find_weights(
        FILE_NAME,
        url=URL,
        sha256=SHA256,
        given=given,
        option=f"{INFO.id}?weights=PATH",
        settings=settings or get_settings(),
        progress=progress,
    )
    return R3dExtractor(load_state_dict(path), name=name, options=options)
