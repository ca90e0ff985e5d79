"""Builds timm models with weights from a file, the Hugging Face hub's cache or the hub."""

from __future__ import annotations

import difflib
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import huggingface_hub
import timm
from torch import nn

from core.config import Settings, get_settings
from core.errors import UnknownNameError, WeightsError
from core.features.weights import fit_state_dict, load_state_dict

__all__ = ["build_timm_model"]

_TIMEOUT_S = 5.0


def build_timm_model(model_name: str, *, weights: Path | None, settings: Settings | None = None) -> nn.Module:
    """Build a model without its classifier, with weights.

    Args:
        model_name: as timm knows it, with or without a tag.
        weights: state dict to load instead of timm's own weights; a classifier in it is ignored.
        settings: whether downloads are allowed; the process's own by default.

    Raises:
        UnknownNameError: if timm has no such model; the message lists close ones.
        WeightsError: if the weights are not to be had, damaged or another model's.
    """
    _require_known(model_name)
    if weights is not None:
        return _from_file(model_name, weights)
    return _from_hub(model_name, settings or get_settings())


def _require_known(model_name: str) -> None:
    known = timm.is_model(model_name)
    try:
        timm.get_pretrained_cfg(model_name)
    except RuntimeError:  # of a known model, an unknown tag
        known = False
    if not known:
        names = [*timm.list_models(), *timm.list_models(pretrained=True)]
        close = difflib.get_close_matches(model_name, names, n=5, cutoff=0.5)
        hint = f"close are: {', '.join(close)}" if close else "see timm.list_models()"
        raise UnknownNameError(f"There is no timm model {model_name!r}; {hint}.")


def _from_file(model_name: str, path: Path) -> nn.Module:
    state = load_state_dict(path)
    model: nn.Module = timm.create_model(model_name, pretrained=False, num_classes=0)
    config: Any = model.pretrained_cfg
    classifier = config.get("classifier") or ()
    spare = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    fit_state_dict(model, state, name=model_name, spare=spare)
    return model


def _from_hub(model_name: str, settings: Settings) -> nn.Module:
    """The model with timm's own weights: from the hub's cache without asking the network, else downloaded."""
    config: Any = timm.get_pretrained_cfg(model_name)
    advice = f"give a file as timm:{model_name}?weights=<path>"
    if config is None or not config.has_weights:
        raise WeightsError(f"timm has no pretrained weights for {model_name}; {advice}.")
    cache = huggingface_hub.constants.HF_HUB_CACHE
    failure = f"The weights of timm:{model_name} are not in the hub's cache ({cache}) and"
    cached = _is_cached(config.hf_hub_id) if config.hf_hub_id else False
    source = huggingface_hub.constants.ENDPOINT if config.hf_hub_id else config.url
    if not cached and settings.offline:
        raise WeightsError(f"{failure} downloads are switched off (MEDSYN_OFFLINE); {advice}.")
    if not cached and not _is_reachable(source):
        raise WeightsError(f"{failure} {urllib.parse.urlsplit(source).hostname} cannot be reached; {advice}.")
    try:
        with _hub_offline() if cached else nullcontext():
            model: nn.Module = timm.create_model(model_name, pretrained=True, num_classes=0)
    except Exception as error:  # whatever the hub, the network or a damaged file raises
        raise WeightsError(
            f"The weights of timm:{model_name} could not be loaded from the hub or its cache ({cache}): "
            f"{type(error).__name__}; {advice}."
        ) from error
    return model


def _is_cached(repository: str) -> bool:
    repo_id, _, revision = repository.partition("@")
    return any(
        isinstance(huggingface_hub.try_to_load_from_cache(repo_id, file, revision=revision or None), str)
        for file in ("model.safetensors", "pytorch_model.bin")
    )


def _is_reachable(url: str) -> bool:
    """Whether a host answers; the hub's client alone would retry for most of a minute before it gives up."""
    if urllib.request.getproxies():
        return True
    parts = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or 443), timeout=_TIMEOUT_S):
            return True
    except OSError:
        return False


@contextmanager
def _hub_offline() -> Iterator[None]:
    """Read the hub's cache without asking whether there is something newer."""
    constants: Any = huggingface_hub.constants
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
