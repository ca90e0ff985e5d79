"""Where a trained classifier looks: Grad-CAM and occlusion, averaged over the images of each class.

Both are a few lines of torch and stand here as their papers define them; libraries that offer them bring
plotting packages along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from core.errors import InputError

__all__ = ["ClassAttribution", "average_by_class", "compute_grad_cam", "compute_occlusion"]

# An image whose map is nowhere above this has nothing that speaks for its class.
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class ClassAttribution:
    """Mean map of one class.

    Attributes:
        code: place of the class.
        mean: (h, w) mean over its images of maps that were each divided by their largest value; 0 to 1.
        n: images.
        n_empty: images among them whose map was nowhere positive; they count as 0 throughout.
    """

    code: int
    mean: NDArray[np.float64]
    n: int
    n_empty: int


def compute_grad_cam(
    model: torch.nn.Module, layer: torch.nn.Module, images: torch.Tensor, codes: torch.Tensor
) -> torch.Tensor:
    """Grad-CAM: channels of a layer weighted by how much the class's logit rises with their mean.

    Args:
        model: (n, channels, h, w) images to (n, k) logits; used in evaluation mode, left as it was.
        layer: a convolutional layer of it, usually the last, whose output is (n, c, rows, columns).
        images: (n, channels, h, w).
        codes: (n,) class whose logit is explained.

    Returns:
        (n, h, w) maps, not negative, interpolated from the layer's grid to the images' size.

    Raises:
        InputError: if the layer was not used, or its output is no stack of planes.

    References:
        Selvaraju et al., Grad-CAM, ICCV 2017, eq. 1 and 2.
    """
    kept: list[torch.Tensor] = []

    def keep(_: torch.nn.Module, __: object, output: torch.Tensor) -> None:
        kept.append(output)

    handle = layer.register_forward_hook(keep)
    try:
        # Without gradients of the images, those of a network whose weights are fixed would end at once.
        with _evaluating(model), torch.enable_grad():
            logits = model(images.detach().requires_grad_())
            if not kept or not isinstance(kept[-1], torch.Tensor) or kept[-1].ndim != 4:
                raise InputError("Grad-CAM needs a convolutional layer that the network uses; name another.")
            explained = logits.gather(1, codes[:, None]).sum()
            (gradient,) = torch.autograd.grad(explained, kept[-1])
    finally:
        handle.remove()
    # (n, c, rows, columns) -> (n, c, 1, 1)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    maps = functional.relu((weights * kept[-1].detach()).sum(dim=1, keepdim=True))
    size = (images.shape[2], images.shape[3])
    return functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)[:, 0].detach()


def compute_occlusion(
    model: Callable[[torch.Tensor], torch.Tensor] | torch.nn.Module,
    images: torch.Tensor,
    codes: torch.Tensor,
    *,
    patch_px: int,
    stride_px: int,
    fill: float | torch.Tensor = 0.0,
) -> torch.Tensor:
    """Occlusion: how far the class's logit falls while a patch is covered.

    Args:
        model: (n, channels, h, w) images to (n, k) logits; a module is used in evaluation mode.
        images: (n, channels, h, w).
        codes: (n,) class whose logit is explained.
        patch_px: side of the cover.
        stride_px: step between covers; at most `patch_px`, so that every pixel is covered.
        fill: value of covered pixels, on the images' scale; 0 is the mean of normalised images. Or what lies
            under the covers, as large as the images: such as the images without their detail.

    Returns:
        (n, h, w) mean fall over the covers of each pixel; negative where covering raises the logit.

    Raises:
        InputError: if the cover does not fit into the images, or the step leaves pixels out.

    References:
        Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, sec. 4.2.
    """
    height, width = images.shape[2:]
    if not 1 <= stride_px <= patch_px <= min(height, width):
        raise InputError(
            f"A cover of {patch_px} pixels must fit into images of {width} x {height} pixels and step by 1 "
            f"to {patch_px} pixels, not {stride_px}."
        )
    # Sums stand on the CPU: some accelerators lack float64.
    under = torch.as_tensor(fill, dtype=images.dtype, device=images.device).expand_as(images)
    fallen = torch.zeros(len(images), height, width, dtype=torch.float64)
    covers = torch.zeros(height, width, dtype=torch.float64)
    with _evaluating(model), torch.no_grad():
        whole = model(images).gather(1, codes[:, None])[:, 0]
        for top in _starts(height, patch_px, stride_px):
            for left in _starts(width, patch_px, stride_px):
                place = slice(top, top + patch_px), slice(left, left + patch_px)
                covered = images.clone()
                covered[:, :, place[0], place[1]] = under[:, :, place[0], place[1]]
                fall = whole - model(covered).gather(1, codes[:, None])[:, 0]
                fallen[:, place[0], place[1]] += fall.cpu().double()[:, None, None]
                covers[place] += 1
    return (fallen / covers).to(images.dtype).to(images.device)


def average_by_class(
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]], *, n_classes: int
) -> tuple[ClassAttribution, ...]:
    """Average maps over the images of each class, every image counting alike.

    Args:
        batches: (n, h, w) maps with their (n,) classes; what speaks against a class counts as 0.
        n_classes: classes.

    Returns:
        One mean a class that occurs, in order.
    """
    sums: dict[int, NDArray[np.float64]] = {}
    counts, empty = np.zeros(n_classes, np.intp), np.zeros(n_classes, np.intp)
    for maps, codes in batches:
        positive = maps.detach().clamp(min=0).cpu().double().numpy()
        for one, code in zip(positive, codes.tolist(), strict=True):
            largest = float(one.max())
            counts[code] += 1
            empty[code] += largest <= _NOTHING
            share = one / largest if largest > _NOTHING else np.zeros_like(one)
            sums[code] = sums[code] + share if code in sums else share
    return tuple(
        ClassAttribution(code, sums[code] / counts[code], int(counts[code]), int(empty[code]))
        for code in sorted(sums)
    )


def _starts(length: int, size: int, stride: int) -> list[int]:
    """Where covers begin; the last one ends with the image."""
    last = length - size
    return sorted({*range(0, last + 1, stride), last})


@contextmanager
def _evaluating(model: object) -> Iterator[None]:
    """Hold a module in evaluation mode; its parts return to the modes they had."""
    if not isinstance(model, torch.nn.Module):
        yield
        return
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode
