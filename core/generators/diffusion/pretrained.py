"""Reads a diffusers checkpoint to go on from, a folder or an id on the hub; nothing in it is run."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import huggingface_hub
import torch
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor

from core.config import Settings
from core.confinement import is_confined, open_confined
from core.errors import InputError, OutsideRootError, WeightsError
from core.generators.diffusion.ddpm_options import DdpmOptions
from core.generators.diffusion.noise_schedule import BETAS
from core.generators.diffusion.unet import Denoiser
from core.generators.diffusion.unet_layout import UnetLayout

__all__ = ["Pretrained", "build_pretrained", "read_pretrained"]

_CONFIG: Final = "config.json"
_WEIGHTS: Final = "diffusion_pytorch_model.safetensors"
_SCHEDULER: Final = "scheduler_config.json"
# A pipeline keeps its network and its scheduler in folders of their own; a network alone lies at the top.
_PLACES: Final = ({_CONFIG: "", _SCHEDULER: ""}, {_CONFIG: "unet/", _SCHEDULER: "scheduler/"})
_MOST_JSON_BYTES: Final = 1 << 20
_MOST_WEIGHT_BYTES: Final = 16 << 30
_ID: Final = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
_ADVICE: Final = "name a local folder with it, or train from scratch with pretrained="


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A denoising network that was trained elsewhere.

    Attributes:
        layout: of its network.
        weights: its tensors.
    """

    layout: UnetLayout
    weights: dict[str, Tensor]


def read_pretrained(options: DdpmOptions, settings: Settings) -> Pretrained:
    """Read the checkpoint that options name.

    Args:
        options: `pretrained` names it; its noise schedule must be theirs.
        settings: whether downloads are allowed, and which folders may be read.

    Raises:
        WeightsError: if it cannot be had, is damaged, has no safetensors, or is of another kind.
        InputError: if it was trained on another noise schedule.
        OutsideRootError: if it lies below no folder root.
    """
    name = options.pretrained
    # Roots are real paths; a link that leads out of them is outside, whatever it is called.
    folder = Path(os.path.realpath(Path(name).expanduser()))
    is_id = _ID.fullmatch(name) is not None
    may_look = is_confined(folder, settings.confined_to)
    if may_look and folder.is_dir():
        find = _find_in_folder(folder, settings)
    elif is_id:
        find = _find_on_hub(name, settings)
    elif not may_look:
        # Nothing is said about what is or is not there.
        raise OutsideRootError(
            f"The checkpoint {name} lies below no folder root; put its folder below one, or train from "
            "scratch with pretrained=."
        )
    else:
        raise WeightsError(f"The checkpoint {name} is neither a folder nor an id on the hub; {_ADVICE}.")
    config, scheduler, weights = find
    try:
        layout = UnetLayout.from_config(json.loads(config))
        tensors = load_tensors(weights)
    except (ValidationError, ValueError, AttributeError, SafetensorError) as error:
        raise WeightsError(
            f"The checkpoint {name} is damaged or no unconditional diffusers UNet2DModel; {_ADVICE}."
        ) from error
    if scheduler is not None:
        _check_schedule(name, scheduler, options)
    return Pretrained(layout, tensors)


def build_pretrained(pretrained: Pretrained, options: DdpmOptions, *, n_labels: int) -> Denoiser:
    """Build the checkpoint's network, fitted to the channels and classes that are trained on.

    A network for colour takes grey images as three equal channels: the weights of its first layer are summed
    over colours, those of its last averaged. Classes, which it does not know, begin without effect.

    Args:
        pretrained: the checkpoint.
        options: channels and dropout.
        n_labels: labels that it is told, the one for no class included; 0 trains without.

    Raises:
        WeightsError: if its weights do not fit its config, or it is for other channels or classes.
    """
    theirs = pretrained.layout
    weights = dict(pretrained.weights)
    if theirs.in_channels != theirs.out_channels or theirs.num_class_embeds is not None:
        raise WeightsError(
            f"The checkpoint {options.pretrained} is told classes or predicts variances; choose one that "
            "predicts noise alone."
        )
    if options.size_px % 2**theirs.n_halvings:
        raise WeightsError(
            f"The network of {options.pretrained} halves images {theirs.n_halvings} times; choose size_px as "
            f"a multiple of {2**theirs.n_halvings}."
        )
    own = theirs.model_copy(
        update={
            "in_channels": options.channels,
            "out_channels": options.channels,
            "num_class_embeds": n_labels or None,
            "dropout": options.dropout,
        }
    )
    denoiser = Denoiser(own)
    try:
        if options.channels == 1 and theirs.in_channels == 3:
            # (out, 3, k, k) -> (out, 1, k, k), and (3, in, k, k) -> (1, in, k, k)
            weights["conv_in.weight"] = weights["conv_in.weight"].sum(dim=1, keepdim=True)
            for place in ("conv_out.weight", "conv_out.bias"):
                weights[place] = weights[place].mean(dim=0, keepdim=True)
        if denoiser.unet.class_embedding is not None:
            weights["class_embedding.weight"] = torch.zeros_like(denoiser.unet.class_embedding.weight)
        denoiser.unet.load_state_dict(_rename_attention(weights))
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"The weights of {options.pretrained} do not fit its config or {options.channels} channels; "
            "choose channels as it has them, or another checkpoint."
        ) from error
    return denoiser


def _rename_attention(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Bring names of attention layers in checkpoints of before 2023 to today's."""
    today = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
    renamed = {}
    for name, tensor in weights.items():
        for before, after in today.items():
            if ".attentions." in name:
                name = name.replace(before, after)
        renamed[name] = tensor
    return renamed


def _find_in_folder(folder: Path, settings: Settings) -> tuple[bytes, bytes | None, bytes]:
    for places in _PLACES:
        network = folder / places[_CONFIG]
        if not (network / _CONFIG).is_file():
            continue
        if not (network / _WEIGHTS).is_file():
            raise WeightsError(
                f"{network} has no {_WEIGHTS}; other files of weights may hold code and are not read. Save "
                "the model anew with safe_serialization=True."
            )
        beside = folder / places[_SCHEDULER] / _SCHEDULER
        try:
            return (
                _read(network / _CONFIG, settings, _MOST_JSON_BYTES),
                _read(beside, settings, _MOST_JSON_BYTES) if beside.is_file() else None,
                _read(network / _WEIGHTS, settings, _MOST_WEIGHT_BYTES),
            )
        except OutsideRootError:
            raise
        except (OSError, InputError) as error:
            raise WeightsError(f"{network} cannot be read; {_ADVICE}.") from error
    raise WeightsError(f"{folder} has no {_CONFIG} of a diffusers checkpoint; {_ADVICE}.")


def _find_on_hub(name: str, settings: Settings) -> tuple[bytes, bytes | None, bytes]:
    repository, _, revision = name.partition("@")

    def fetch(file: str) -> bytes | None:
        """None where the repository has no such file."""
        try:
            path = huggingface_hub.hf_hub_download(
                repository, file, revision=revision or None, local_files_only=settings.offline
            )
        except huggingface_hub.errors.EntryNotFoundError as error:
            if isinstance(error, LocalEntryNotFoundError):
                raise
            return None
        limit = _MOST_WEIGHT_BYTES if file.endswith(_WEIGHTS) else _MOST_JSON_BYTES
        if Path(path).stat().st_size > limit:
            raise WeightsError(f"{file} of {name} is larger than {limit:,} bytes; {_ADVICE}.")
        return Path(path).read_bytes()

    try:
        for places in _PLACES:
            config = fetch(places[_CONFIG] + _CONFIG)
            if config is None:
                continue
            weights = fetch(places[_CONFIG] + _WEIGHTS)
            if weights is None:
                raise WeightsError(
                    f"{name} has no {_WEIGHTS}; other files of weights may hold code and are not read; "
                    f"{_ADVICE}."
                )
            return config, _fetch_scheduler(fetch, places[_SCHEDULER]), weights
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        how = (
            "downloads are switched off (MEDSYN_OFFLINE)" if settings.offline else "the hub does not give it"
        )
        raise WeightsError(
            f"The checkpoint {name} is not in the hub's cache "
            f"({huggingface_hub.constants.HF_HUB_CACHE}) and {how}; {_ADVICE}."
        ) from error
    raise WeightsError(f"{name} has no {_CONFIG} of a diffusers checkpoint; {_ADVICE}.")


def _fetch_scheduler(fetch: Any, folder: str) -> bytes | None:
    try:
        found: bytes | None = fetch(folder + _SCHEDULER)
    except LocalEntryNotFoundError:
        # Offline, a cache that was filled without it says nothing about it.
        return None
    return found


def _read(path: Path, settings: Settings, limit: int) -> bytes:
    with open_confined(path, settings.confined_to) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise WeightsError(f"{path} is larger than {limit:,} bytes; {_ADVICE}.")
    return content


def _check_schedule(name: str, content: bytes, options: DdpmOptions) -> None:
    """Refuse a checkpoint whose noise is not the noise of the options."""
    try:
        config = json.loads(content)
        theirs = config["beta_schedule"], float(config["beta_start"]), float(config["beta_end"])
        steps, predicts = config["num_train_timesteps"], config.get("prediction_type", "epsilon")
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"The {_SCHEDULER} of {name} is damaged; {_ADVICE}.") from error
    if predicts != "epsilon":
        raise InputError(f"The checkpoint {name} predicts {predicts!s:.40}, not noise; choose another.")
    same = [
        ours
        for ours, (kind, first, last) in BETAS.items()
        if kind == theirs[0] and (ours == "cosine" or theirs[1:] == (first, last))
    ]
    if not same:
        raise InputError(f"The checkpoint {name} was trained on a noise schedule that is not offered here.")
    for option, value in (("noise_schedule", same[0]), ("noise_steps", steps)):
        if getattr(options, option) != value:
            raise InputError(f"The checkpoint {name} was trained with {option}={value}; choose the same.")
