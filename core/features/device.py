"""Where networks run and in which number format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.errors import InputError
from core.features.base import Device, Precision

__all__ = ["inference", "network_dtype", "resolve_device", "split_batch"]

_CPU_STEP_PIXELS = 32 * 299**2
_ACCELERATOR_STEP_PIXELS = 128 * 299**2


def resolve_device(device: Device) -> torch.device:
    """Turn the user's choice into a device that is here.

    Args:
        device: what was asked for; `auto` takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        InputError: if it was asked for by name and this machine, or this build of torch, lacks it.
    """
    present = {
        Device.CUDA: torch.cuda.is_available(),
        Device.MPS: torch.backends.mps.is_available(),
        Device.CPU: True,
    }
    if device is Device.AUTO:
        return torch.device(next(name for name, here in present.items() if here).value)
    if not present[device]:
        here = " or ".join(f"--device {name.value}" for name, is_here in present.items() if is_here)
        raise InputError(f"The device {device.value} is not available to torch here; use {here}.")
    return torch.device(device.value)


def network_dtype(precision: Precision) -> torch.dtype:
    """Number format of a network's weights and activations; features are float32 either way."""
    return torch.bfloat16 if precision is Precision.BF16 else torch.float32


@contextmanager
def inference() -> Iterator[None]:
    """No gradients, and float32 that means float32.

    On recent NVIDIA cards torch lets cuDNN round what convolutions read to TensorFloat-32, ten bits of
    mantissa, unless told otherwise; features would then differ between devices by 1e-3.
    """
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def split_batch(n: int, *, side: int, device: torch.device) -> Iterator[slice]:
    """Cut a batch into the steps that a network takes at once.

    The activations of early layers are many times their input, so that a step holds as many images as have
    32 (on accelerators 128) times 299 x 299 pixels, or one. Smaller steps are no faster for each image, and
    on a busy CPU slower: threads wait for each other after every layer of every step.

    Args:
        n: images in the batch.
        side: side of an image in pixels.
        device: where the network runs.
    """
    pixels = _CPU_STEP_PIXELS if device.type == "cpu" else _ACCELERATOR_STEP_PIXELS
    step = max(1, pixels // side**2)
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))
