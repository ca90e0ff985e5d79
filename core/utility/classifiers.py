"""Builds classifiers: a body of timm that ends in pooled features, and one linear layer on top of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import timm
import torch
from timm.data.config import resolve_model_data_config
from torch import nn

from core.config import Settings
from core.errors import WeightsError
from core.features.timm_models import build_timm_model
from core.features.weights import fit_state_dict, hash_file, load_state_dict
from core.utility.presets import UtilityProtocol

__all__ = ["Classifier", "build_classifier", "hash_weights"]

# Where nothing was trained before, black is -1 and white is 1.
_PLAIN_MEAN, _PLAIN_STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


class Classifier(nn.Module):
    """A network on images between 0 and 1.

    Attributes:
        body: images to pooled features.
        head: the last fully connected layer.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, body: nn.Module, *, n_channels: int, n_classes: int, mean: Any, std: Any, side: int
    ) -> None:
        super().__init__()
        self.body = body
        self.n_channels = n_channels
        self.register_buffer("mean", torch.tensor(mean[:n_channels]).reshape(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std[:n_channels]).reshape(1, -1, 1, 1))
        with torch.no_grad():
            body.eval()
            n_features = body(torch.zeros(1, n_channels, side, side)).shape[1]
            body.train()
        self.head = nn.Linear(n_features, n_classes)

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """(batch, channels, side, side) between 0 and 1 -> (batch, d) features; grey is repeated."""
        if images.shape[1] < self.n_channels:
            images = images.expand(-1, self.n_channels, -1, -1)
        features: torch.Tensor = self.body((images - self.mean) / self.std)
        return features

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(batch, channels, side, side) between 0 and 1 -> (batch, classes) logits."""
        logits: torch.Tensor = self.head(self.extract(images))
        return logits


def build_classifier(
    protocol: UtilityProtocol, *, n_channels: int, n_classes: int, seed: int, settings: Settings
) -> Classifier:
    """Build a classifier with its initial weights, on the CPU.

    Args:
        protocol: which one, and where its weights come from.
        n_channels: of the images; networks with weights of their own may look at more.
        n_classes: outputs.
        seed: decides all weights that are drawn, the last layer's always: the same seed gives the same
            network, whatever was drawn before.
        settings: whether downloads are allowed.

    Raises:
        WeightsError: if the weights are not to be had, damaged or another network's.
    """
    name = protocol.classifier
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean, std = _PLAIN_MEAN, _PLAIN_STD
        if protocol.weights_file is not None:
            body, n_channels = _from_file(name, protocol.weights_file, n_channels)
        elif protocol.weights == "imagenet":
            body, n_channels = _from_imagenet(name, settings), 3
            config: dict[str, Any] = resolve_model_data_config(body)  # type: ignore[no-untyped-call]
            mean, std = config["mean"], config["std"]
        else:
            body = timm.create_model(name, pretrained=False, num_classes=0, in_chans=n_channels)
        return Classifier(
            body, n_channels=n_channels, n_classes=n_classes, mean=mean, std=std, side=protocol.resolution
        )


def hash_weights(protocol: UtilityProtocol) -> str:
    """What decides a classifier's initial weights besides its seed, as text."""
    versions = f"timm {timm.__version__} torch {torch.__version__}"
    if protocol.weights_file is not None:
        try:
            return f"file sha256 {hash_file(protocol.weights_file)} {versions}"
        except OSError as error:
            raise WeightsError(
                f"The weight file {protocol.weights_file} cannot be read: {error.strerror}."
            ) from None
    return f"{protocol.weights} {versions}"


def _from_imagenet(name: str, settings: Settings) -> nn.Module:
    try:
        return build_timm_model(name, weights=None, settings=settings)
    except WeightsError as error:
        reason, _, _ = str(error).partition("; give a file")
        raise WeightsError(f"{reason}; give a file, or start from scratch.") from error


def _from_file(name: str, path: Path, n_channels: int) -> tuple[nn.Module, int]:
    """The body with a file's weights, and the channels that it was trained on; a classifier is ignored."""
    state = load_state_dict(path)
    config: Any = timm.get_pretrained_cfg(name)
    stem, spare = _names(config.first_conv), _names(config.classifier)
    first = next((state[f"{one}.weight"] for one in stem if f"{one}.weight" in state), None)
    if first is not None and first.ndim == 4 and first.shape[1] == 3:
        n_channels = 3
    body: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, in_chans=n_channels)
    fit_state_dict(body, state, name=name, spare=spare)
    return body, n_channels


def _names(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
