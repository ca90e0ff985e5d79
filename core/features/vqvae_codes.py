"""Codes of a trained VQ-VAE-2 as discrete features: what `vqvae-top` and `vqvae-bottom` have in common.

Each place of an image becomes the number of a codebook's nearest vector. Two images are compared place by
place: the share of places whose codes differ (Hamming distance).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.config import GENERATORS_FOLDER, Settings, get_settings
from core.confinement import is_confined
from core.errors import InputError, OutsideRootError, WeightsError
from core.features._planes import split_luma_chroma
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureBatch, Pixels
from core.features.device import inference, resolve_device
from core.features.resize import resize_image
from core.features.vqvae_encoder import EncoderLayout, HierarchicalEncoder
from core.features.weights import StateDict, fit_state_dict, hash_state_dict, load_state_dict

__all__ = ["STATE_PATH", "VqvaeCodes", "load_codes_extractor"]

VERSION: Final = 1
STATE_PATH: Final = Path("autoencoder", "state.safetensors")
"""Where a run of `python -m core train vqvae2` keeps the weights of its autoencoder."""

_GENERATOR_ID: Final = re.compile(r"[0-9a-f]{16}")
_PREFIX: Final = "module/autoencoder/encoder."
_MOST: Final = EncoderLayout(
    size_px=4096,
    channels=3,
    bottom_downsampling=8,
    width=4096,
    residual_width=4096,
    residual_layers=64,
    n_codes=32_767,
    code_size=4096,
)
"""Sizes beyond which a file is damaged: numbers in it must not decide how much memory is taken."""

Level = Literal["top", "bottom"]


class VqvaeCodes:
    """Codes of one level; see `core.features.base.Extractor`.

    Networks run in 32 bits and on one image at a time, whatever precision and batch are asked for: a code
    that lies between two vectors would else change with the batch.

    Args:
        encoder: trained.
        info: facts about the extractor, with the resolution that the network was trained at.
        name: as the user wrote it.
        level: whose codes.
        weights_sha256: hash of its weights.
        options: resize filter, resolution and device.

    Raises:
        InputError: if the resolution cannot be cut into codes, or the device is not there.
    """

    def __init__(
        self,
        encoder: HierarchicalEncoder,
        *,
        info: ExtractorInfo,
        name: str,
        level: Level,
        weights_sha256: str,
        options: ExtractorOptions,
    ) -> None:
        self.info, self.name, self.weights_sha256 = info, name, weights_sha256
        self._level: Level = level
        self._resize = options.resize
        layout = encoder.layout
        self._channels = layout.channels
        self._side = layout.size_px if options.resolution is None else options.resolution
        if self._side % layout.top_downsampling:
            raise InputError(
                f"{info.id} needs a resolution that is a multiple of {layout.top_downsampling} pixels, not "
                f"{self._side}; this one was trained at {layout.size_px}."
            )
        step = layout.top_downsampling if level == "top" else layout.bottom_downsampling
        self.dimension = (self._side // step) ** 2
        self._device = resolve_device(options.device)
        self._encoder = encoder.to(self._device).eval().requires_grad_(False)

    @property
    def identity(self) -> str:
        """What decides a feature beyond the image's bytes."""
        return (
            f"{self.info.id} v{VERSION} | resize={self._resize.value} | {self._side} | "
            f"weights sha256 {self.weights_sha256}"
        )

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """(h, w, 1 or 3) on 0 to 255 -> (channels, side, side) on 0 to 255, grey or colour as in training."""
        if self._channels == 1 and pixels.shape[2] == 3:
            pixels = split_luma_chroma(pixels)[0][:, :, None]
        resized = resize_image(pixels, side=self._side, mode=self._resize)
        return np.repeat(resized, 3, axis=0) if len(resized) < self._channels else resized

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, channels, side, side) prepared -> (batch, dimension) int16 codes in reading order."""
        codes = np.empty((len(batch), self.dimension), dtype=np.int16)
        with inference():
            for row, image in enumerate(batch):
                # [0, 255] -> [-1, 1], as in training
                scaled = torch.from_numpy(image[None]).to(self._device) / 127.5 - 1
                found = self._encoder(scaled)
                level = found.top_codes if self._level == "top" else found.bottom_codes
                codes[row] = level.flatten().cpu().numpy()
        return FeatureBatch(features=codes)


def load_codes_extractor(
    name: str, options: ExtractorOptions, *, info: ExtractorInfo, level: Level, settings: Settings | None
) -> VqvaeCodes:
    """Load the encoder of a trained run.

    Args:
        name: `<id>:<run>`, with the id of a generator of the workspace, a run's folder, or its file
            `autoencoder/state.safetensors`.
        options: resize filter, resolution, device.
        info: facts about the extractor, but for its resolution.
        level: whose codes.
        settings: the folder that jobs are confined to; the process's own by default.

    Raises:
        InputError: if no run is named, or the resolution or device is not possible.
        OutsideRootError: if the run lies outside the folders that a job may read.
        WeightsError: if there is no trained autoencoder there, or it is damaged or of another kind.
    """
    given = name.removeprefix(info.id).removeprefix(":")
    if not given or not name.startswith(f"{info.id}:"):
        raise InputError(
            f"{info.id} needs a trained run: write {info.id}:DIR with the folder that `python -m core train "
            "vqvae2` wrote."
        )
    settings = settings or get_settings()
    # By its id, so that no path stands in a protocol; the workspace is ours, whatever a job is confined to.
    own = settings.home / GENERATORS_FOLDER / given if _GENERATOR_ID.fullmatch(given) else None
    path = Path(given) if own is None or not own.is_dir() else own
    path = path / STATE_PATH if path.is_dir() else path
    if settings.confined_to and not is_confined(path, (*settings.confined_to, settings.home)):
        raise OutsideRootError(
            f"The run {given} lies outside the folder roots and the workspace; move it below one of them."
        )
    if not path.is_file():
        raise WeightsError(
            f"There is no trained VQ-VAE-2 at {given}; train one with `python -m core train vqvae2`, and "
            "name the folder of the run."
        )
    state = {
        key.removeprefix(_PREFIX): value
        for key, value in load_state_dict(path).items()
        if key.startswith(_PREFIX)
    }
    layout = _read_layout(state, path)
    with torch.device("meta"):  # without drawing initial weights, or taking memory for what is not there
        encoder = HierarchicalEncoder(layout)
    encoder.to_empty(device="cpu")
    fit_state_dict(encoder, state, name="a VQ-VAE-2's encoder")
    return VqvaeCodes(
        encoder,
        info=replace(info, resolution=layout.size_px),
        name=name,
        level=level,
        weights_sha256=hash_state_dict(state),
        options=options,
    )


def _read_layout(state: StateDict, path: Path) -> EncoderLayout:
    numbers = state.get("layout_numbers")
    most = _MOST.to_tensor()
    if (
        numbers is None
        or numbers.dtype != torch.int64
        or numbers.shape != most.shape
        or bool((numbers < 0).any() or (numbers > most).any())
        or int(numbers[2]) not in (2, 4, 8)
    ):
        raise WeightsError(
            f"{path} holds no VQ-VAE-2 that this program trained; train one with `python -m core train "
            "vqvae2` (weights of other programs have other layers and cannot be read)."
        )
    return EncoderLayout(*(int(number) for number in numbers))
