"""How one trained classifier looks at the images of one set, by Grad-CAM and by occlusion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional

from core.bias.attribution import average_by_class, compute_grad_cam, compute_occlusion
from core.bias.attribution_layer import CamLayer
from core.bias.attribution_options import METHODS, AttributionMethod, AttributionOptions
from core.bias.attribution_share import measure_shares
from core.bias.attribution_summary import Look
from core.bias.box import Box
from core.progress import Progress
from core.utility.classifiers import Classifier
from core.utility.data import Images

__all__ = ["LogOdds", "look_at_images"]

# Images that are explained at once; few, so that a user who cancels does not wait.
_BATCH = 16
# Smaller falls of log odds are rounding.
_LEAST_FALL = 1e-4


def look_at_images(
    network: Classifier,
    layer: CamLayer,
    images: Images,
    options: AttributionOptions,
    *,
    regions: Sequence[Box],
    side_px: int,
    device: torch.device,
    progress: Progress,
) -> list[Look]:
    """Ask a classifier what speaks for each image's own class.

    Asked are the log odds of that class: a logit alone leaves open what was written into the other classes'.

    Args:
        network: the classifier.
        layer: what Grad-CAM reads.
        images: what is looked at, at least one.
        options: covers of occlusion.
        regions: boxes in which the share of each map is measured.
        side_px: side of the maps, the frame's.
        device: where the network is.
        progress: told about every image; may cancel.

    Returns:
        One look a method.

    Raises:
        CancelledError: if progress says so.
    """
    # Half as fast again on CPUs as planes one after the other.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model, module = LogOdds(network), network.body.get_submodule(layer.name)
    stacks: dict[AttributionMethod, list[torch.Tensor]] = {method: [] for method in METHODS}
    right = np.zeros(len(images), dtype=np.bool_)
    with _fixed_kernels():
        for start in range(0, len(images), _BATCH):
            rows = slice(start, start + _BATCH)
            pixels = images.pixels[rows].astype(np.float32) / 255
            inputs = torch.from_numpy(pixels).to(device, memory_format=torch.channels_last)
            codes = torch.from_numpy(images.labels[rows]).to(device)
            with torch.no_grad():
                right[rows] = (model(inputs).argmax(dim=1) == codes).cpu().numpy()
            found: dict[AttributionMethod, torch.Tensor] = {
                "grad-cam": compute_grad_cam(model, module, inputs, codes),
                "occlusion": compute_occlusion(
                    model,
                    inputs,
                    codes,
                    patch_px=options.cover_px,
                    stride_px=options.step_px,
                    fill=torch.from_numpy(_without_detail(pixels, options.cover_px)),
                ),
            }
            found["occlusion"][found["occlusion"] < _LEAST_FALL] = 0
            for method, maps in found.items():
                stacks[method].append(_frame(maps, side_px))
            progress.advance(len(codes))
    looks = []
    labels = torch.from_numpy(images.labels)
    for method, parts in stacks.items():
        maps = torch.cat(parts)
        means = average_by_class([(maps, labels)], n_classes=int(images.labels.max()) + 1)
        shares = [measure_shares(maps.numpy(), box) for box in regions]
        looks.append(
            Look(
                method=method,
                items=images.items,
                codes=images.labels,
                right=right,
                shares=np.stack(shares, axis=1) if shares else np.empty((len(images), 0)),
                empty=~(maps > 0).flatten(1).any(dim=1).numpy(),
                means={one.code: one.mean for one in means},
            )
        )
    return looks


def _without_detail(pixels: NDArray[Any], cover_px: int) -> NDArray[np.float32]:
    """What occlusion's covers hold: the image blurred by half a cover.

    A cover of one grey is a mark of its own: laid over an empty corner, it looks like the marker whose
    absence the classifier has learned to read there.

    References:
        Fong and Vedaldi, Interpretable explanations of black boxes by meaningful perturbation, ICCV 2017,
        sec. 4.1.
    """
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(
        pixels, sigma=(0, 0, cover_px / 2, cover_px / 2), mode="nearest"
    )
    return blurred


def _frame(maps: torch.Tensor, side_px: int) -> torch.Tensor:
    """(n, h, w) -> (n, side, side) on the frame, on the CPU, without what speaks against the class."""
    positive = maps.clamp(min=0)[:, None]
    framed = functional.interpolate(positive, size=(side_px, side_px), mode="bilinear", antialias=True)
    return framed[:, 0].float().cpu()


class LogOdds(torch.nn.Module):
    """Log odds of every class, which stay as they are when all logits move alike."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(batch, channels, side, side) between 0 and 1 -> (batch, classes) log odds."""
        logits = self.network(images)
        places = range(logits.shape[1])
        rest = [torch.cat([logits[:, :one], logits[:, one + 1 :]], dim=1) for one in places]
        return torch.stack([logits[:, one] - rest[one].logsumexp(dim=1) for one in places], dim=1)


@contextmanager
def _fixed_kernels() -> Iterator[None]:
    """Kernels chosen by shape, and float32 that means float32."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield
