"""Any model of timm as an extractor: its pooled features, with its own weights or those of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from timm.data.config import resolve_model_data_config
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.config import Settings
from core.errors import InputError, UnknownNameError
from core.features._timm_weights import build_timm_model
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureBatch, Pixels
from core.features.device import inference, network_dtype, resolve_device, split_batch
from core.features.resize import resize_image
from core.features.weights import hash_state_dict
from core.progress import Progress

__all__ = ["INFO", "TimmModel", "build_timm_model", "load"]

INFO = ExtractorInfo(
    id="timm",
    title="timm model",
    sentence="Any network of the timm library, such as DINOv2, ResNet or ConvNeXt, by its name there.",
    paper="Wightman 2019, PyTorch Image Models; each model has its own paper",
    resolution=224,
    needs_weights=True,
)


class TimmModel:
    """Pooled features of a timm model; see `core.features.base.Extractor`.

    Images are resized as a whole to the square that the model was trained on, by the protocol's filter, and
    normalised with the model's own mean and standard deviation.
    """

    def __init__(self, model: Any, *, name: str, model_name: str, options: ExtractorOptions) -> None:
        self.name = name
        self.weights_sha256 = hash_state_dict(model.state_dict())
        config: dict[str, Any] = resolve_model_data_config(model)  # type: ignore[no-untyped-call]
        native = int(max(config["input_size"][1:]))
        self.info = replace(INFO, id=f"timm:{model_name}", title=model_name, resolution=native)
        self._side = native if options.resolution is None else options.resolution
        self._resize = options.resize
        self._precision = options.precision
        self._device = resolve_device(options.device)
        self._dtype = network_dtype(options.precision)
        mean = torch.tensor(config["mean"]).reshape(1, 3, 1, 1)
        std = torch.tensor(config["std"]).reshape(1, 3, 1, 1)
        self._mean, self._std = (mean * 255).to(self._device), (std * 255).to(self._device)
        self._model = model
        model.eval().requires_grad_(False)
        try:
            _require_whole_patches(model, self._side)
            # Transformers hold one position vector a patch, which other sizes resample.
            if self._side != native and hasattr(model, "set_input_size"):
                model.set_input_size(img_size=(self._side, self._side))
            _fold_batch_norms(model)
            model.to(device=self._device, dtype=self._dtype, memory_format=torch.channels_last)
            blank = np.zeros((1, 3, self._side, self._side), dtype=np.float32)
            self.dimension = self.extract(blank).features.shape[1]
        except (AssertionError, RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError) as error:
            raise InputError(
                f"timm:{model_name} cannot give features of {self._side} x {self._side} pixels; "
                f"its own resolution is {native}."
            ) from error

    @property
    def identity(self) -> str:
        """What decides a feature beyond the image's bytes."""
        return (
            f"{self.info.id} v1 | resize={self._resize.value} | {self._side} | "
            f"weights sha256 {self.weights_sha256} | {self._precision.value}"
        )

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """(h, w, 1 or 3) on 0 to 255 -> (3, side, side) on 0 to 255; grey is repeated once it is small."""
        resized = resize_image(pixels, side=self._side, mode=self._resize)
        return np.repeat(resized, 3, axis=0) if len(resized) == 1 else resized

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, 3, side, side) prepared -> (batch, dimension) features."""
        outputs: list[NDArray[np.float32]] = []
        with inference():
            for step in split_batch(len(batch), side=self._side, device=self._device):
                x = (
                    torch.from_numpy(batch[step])
                    .to(self._device)
                    .contiguous(memory_format=torch.channels_last)
                )
                y: torch.Tensor = self._model(((x - self._mean) / self._std).to(self._dtype))
                if y.ndim != 2:
                    raise ValueError(f"features are {tuple(y.shape)}, not one vector an image")
                outputs.append(y.float().cpu().numpy())
        return FeatureBatch(np.concatenate(outputs) if outputs else np.empty((0, self.dimension), np.float32))


def _require_whole_patches(model: nn.Module, side: int) -> None:
    """Refuse a size that some transformers would silently crop to whole patches."""
    sizes = getattr(getattr(model, "patch_embed", None), "patch_size", ())
    if any(side % size for size in (sizes if isinstance(sizes, tuple) else (sizes,))):
        raise ValueError(f"{side} pixels are no whole number of patches of {sizes}")


def _fold_batch_norms(model: nn.Module) -> None:
    """Put each batch norm into the convolution that alone feeds it, where the model can be traced."""
    try:
        graph = torch.fx.symbolic_trace(model).graph
    except Exception:  # tracing runs the model's code on stand-ins for tensors, which may fail in any way
        return
    modules = dict(model.named_modules())
    calls = [node.target for node in graph.nodes if node.op == "call_module"]
    for node in graph.nodes:
        if node.op != "call_module" or type(modules[node.target]) is not nn.BatchNorm2d:
            continue
        source = node.args[0]
        if (
            source.op != "call_module"
            or type(modules[source.target]) is not nn.Conv2d
            or len(source.users) > 1
        ):
            continue
        if calls.count(node.target) > 1 or calls.count(source.target) > 1:
            continue  # a module that is used twice would be folded twice
        model.set_submodule(
            source.target, fuse_conv_bn_eval(modules[source.target], modules[node.target]), strict=True
        )
        model.set_submodule(node.target, nn.Identity(), strict=True)


def _parse(name: str) -> tuple[str, Path | None]:
    """`timm:<model>?weights=<path>` -> model and path; the path is taken as it stands, without unquoting."""
    model_name, _, query = name.removeprefix("timm:").partition("?")
    if name == model_name or not model_name:
        raise UnknownNameError("A timm extractor is written timm:<name>, such as timm:resnet50.")
    if query and not (query.startswith("weights=") and len(query) > len("weights=")):
        raise InputError(f"After {model_name}? only weights=<path> may follow, not {query!r}.")
    return model_name, Path(query.removeprefix("weights=")) if query else None


def load(
    name: str,
    options: ExtractorOptions,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> TimmModel:
    """Build a timm model as an extractor.

    Args:
        name: `timm:<name>` or `timm:<name>?weights=<path>` with a state dict as .safetensors, .pth or .pt; a
            classifier in it is ignored.
        options: resize filter, resolution, device, precision; `weights` is not used, since one audit may hold
            several models: the name carries each one's own.
        settings: whether downloads are allowed; the process's own by default.
        progress: told when pretrained weights are asked of the hub, which may download them.

    Raises:
        UnknownNameError: if timm has no such model; the message lists close ones.
        WeightsError: if the weights are not to be had, damaged or another model's.
        InputError: if the model cannot take the resolution, or the name says something else than weights.
    """
    model_name, path = _parse(name)
    if path is None and progress is not None:
        progress.notice(f"Taking the weights of {name} from timm's hub, or its cache.")
    model = build_timm_model(model_name, weights=path, settings=settings)
    return TimmModel(model, name=name, model_name=model_name, options=options)
