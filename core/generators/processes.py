"""The processes that train one run together: one, or as many as torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, distributed

__all__ = [
    "average_gradients",
    "count_processes",
    "get_rank",
    "join_processes",
    "share_flag",
    "sum_over_processes",
    "wait_for_all",
]


@contextmanager
def join_processes(device: torch.device) -> Iterator[torch.device]:
    """Join the processes that torchrun started; alone, do nothing.

    Args:
        device: kind of device that was asked for.

    Yields:
        This process's own device: on CUDA the one of its local rank.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        yield device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield device
    finally:
        distributed.destroy_process_group()


def count_processes() -> int:
    """Processes that train together."""
    return distributed.get_world_size() if _is_joined() else 1


def get_rank() -> int:
    """This process's number; 0 writes files."""
    return distributed.get_rank() if _is_joined() else 0


def wait_for_all() -> None:
    """Wait until every process has come here."""
    if _is_joined():
        distributed.barrier()


def sum_over_processes(values: Tensor) -> Tensor:
    """Sum a tensor over processes, in place; alone, it is left as it is.

    For statistics that are kept besides gradients, such as those of codebooks.
    """
    if _is_joined():
        distributed.all_reduce(values)
    return values


def share_flag(flag: bool, device: torch.device) -> bool:
    """Tell whether any process raised a flag."""
    if not _is_joined():
        return flag
    return bool(sum_over_processes(torch.tensor(float(flag), device=device)) > 0)


def average_gradients(parameters: Sequence[Tensor]) -> None:
    """Average gradients over processes, in one message.

    It stands in for torch's DistributedDataParallel, which knows no losses on gradients (R1, path length)
    and no module that is called twice before one backward pass. A parameter without a gradient counts as
    one with zeros.
    """
    if not _is_joined():
        return
    for one in parameters:
        if one.grad is None:
            one.grad = torch.zeros_like(one)
    gradients = [one.grad for one in parameters if one.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def _is_joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()
