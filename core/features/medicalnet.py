"""`medicalnet:<depth>`: 3-D residual networks that learnt to segment organs in CT and MR, from a file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
from numpy.typing import NDArray

from core.config import Settings, get_settings
from core.errors import UnknownNameError, WeightsError
from core.features._medicalnet_network import DEPTHS, MedicalNetEncoder, count_features
from core.features._named_weights import split_weights
from core.features._volume_network import VolumeNetwork, build_empty
from core.features.base import ExtractorInfo, ExtractorOptions
from core.features.weights import StateDict, fit_state_dict, load_state_dict
from core.images.volume import Volume
from core.images.volume_resizing import resize_volume
from core.progress import Progress

__all__ = ["INFO", "MedicalNetExtractor", "load"]

INFO = ExtractorInfo(
    id="medicalnet",
    title="MedicalNet",
    sentence="A network in 3-D that learnt from CT and MR volumes; its weight file must be given.",
    paper="Chen et al., Med3D: Transfer Learning for 3D Medical Image Analysis, 2019 (arXiv:1904.00625)",
    resolution=112,
    needs_weights=True,
    takes_volumes=True,
)

_WRAPPER: Final = "module."  # torch's DataParallel, which the published files were saved from
_HEADS: Final = ("conv_seg", "fc")


class MedicalNetExtractor(VolumeNetwork):
    """Average-pooled features of MedicalNet's encoder; see `core.features.base.VolumeExtractor`.

    The whole extent of a volume is resized to a box half as deep as wide, and made to have zero mean and
    unit variance over the voxels that are not black; black ones, which are the background, get zero.

    Args:
        state: the network's weights, with or without `module.` before each name; those of a head are passed
            over. Shortcuts are padding or convolutions, as the file has them.
        depth: layers, one of `DEPTHS`.
        name: as the user wrote it.
        options: resolution, device and precision.

    Raises:
        WeightsError: if the weights are another network's, or damaged.
        InputError: if the resolution or the device is not possible.
    """

    def __init__(self, state: StateDict, *, depth: int, name: str, options: ExtractorOptions) -> None:
        own = f"{INFO.id}:{depth}"
        plain = {key.removeprefix(_WRAPPER): value for key, value in state.items()}
        # Of one file, stage 2 tells for all: its first shortcut changes size whatever the depth.
        learns_shortcut = DEPTHS[depth][1] or depth == 10 or "layer2.0.downsample.0.weight" in plain
        network = build_empty(lambda: MedicalNetEncoder(depth, learns_shortcut=learns_shortcut))
        fit_state_dict(network, plain, name=own, spare=_HEADS)
        side = INFO.resolution if options.resolution is None else options.resolution
        super().__init__(
            info=replace(INFO, id=own, title=f"MedicalNet {depth}"),
            name=name,
            network=network,
            dimension=count_features(depth),
            size=(side // 2, side, side),
            options=options,
        )

    @property
    def identity(self) -> str:
        """What decides a feature beyond the volume."""
        return (
            f"{self.info.id} v1 | box {self.written_size}, linear antialiased | z-scores over voxels above "
            f"0, others 0 | weights sha256 {self.weights_sha256} | {self._precision.value}"
        )

    def prepare_volume(self, volume: Volume, *, num_channels: int | None) -> NDArray[np.float32]:
        """Levels -> (1, slices, rows, columns) z-scores; colour becomes luma, since the network sees grey."""
        # (slices, rows, columns, 1) -> (1, slices, rows, columns)
        box = resize_volume(volume.values, shape=self.size, num_channels=1).transpose(3, 0, 1, 2)
        shown = box > 0
        if not shown.any():
            return np.zeros_like(box)
        values = box[shown].astype(np.float64)
        spread = values.std()
        scores = np.zeros_like(box)
        # Of one level only, there is nothing to scale.
        scores[shown] = (values - values.mean()) / (spread if spread > 1e-6 else 1.0)
        return scores


def load(
    name: str,
    options: ExtractorOptions,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> MedicalNetExtractor:
    """Build the extractor with the weights of a file; none is downloaded.

    Args:
        name: `medicalnet:<depth>?weights=<path>`; without a path, MEDSYN_WEIGHTS_DIR is searched for the
            published names.
        options: resolution, device, precision; `weights` is not used, since the name carries them.
        settings: where weights are looked for; the process's own by default.
        progress: not used.

    Raises:
        UnknownNameError: if there is no network of that depth.
        WeightsError: if the weights are not to be had, damaged or another network's.
        InputError: if the name says something else, or the resolution or device is not possible.
    """
    short, given = split_weights(name)
    depths = {f"{INFO.id}:{depth}": depth for depth in DEPTHS}
    if short not in depths:
        raise UnknownNameError(f"There is no {short!r}; MedicalNet has {', '.join(depths)}.")
    depth = depths[short]
    path = _find(depth, short, given, settings or get_settings())
    return MedicalNetExtractor(load_state_dict(path), depth=depth, name=name, options=options)


def _find(depth: int, short: str, given: Path | None, settings: Settings) -> Path:
    if given is not None:
        return given
    names = (f"resnet_{depth}_23dataset.pth", f"resnet_{depth}.pth")
    folder = settings.weights_dir
    for name in names if folder is not None else ():
        assert folder is not None
        # Path.is_file raises where this answers no.
        if os.path.isfile(folder / name):  # noqa: PTH113
            return folder / name
    place = "is not set" if folder is None else f"({folder}) holds neither {names[0]} nor {names[1]}"
    raise WeightsError(
        f"The weights of {short} were not found: no path was given ({short}?weights=PATH), and "
        f"MEDSYN_WEIGHTS_DIR {place}. They are published with the paper's code, "
        "https://github.com/Tencent/MedicalNet, and are not downloaded from here."
    )
