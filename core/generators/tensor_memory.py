"""Counts the memory of tensors that are alive at once, on machines whose allocator does not."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["TensorMemory", "measure_peak"]


class TensorMemory(TorchDispatchMode):
    """Within it, every tensor that an operation makes is counted until it is freed.

    What kernels use for themselves is not seen. CUDA's own counter sees it in part, so that both tell much
    the same.

    Args:
        tensors: what is there before, such as weights.
    """

    def __init__(self, tensors: Iterable[Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._alive: dict[int, weakref.ref[Any]] = {}
        self._bytes = self.peak_bytes = 0
        for one in tensors:
            self._add(one)

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if isinstance(one, Tensor):
                self._add(one)
        return made

    def _add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        # Views share their tensor's memory.
        place, n_bytes = storage._cdata, storage.nbytes()
        if place in self._alive:
            return

        def forget(_: object) -> None:
            del self._alive[place]
            self._bytes -= n_bytes

        self._alive[place] = weakref.ref(storage, forget)
        self._bytes += n_bytes
        self.peak_bytes = max(self.peak_bytes, self._bytes)


def measure_peak(work: Callable[[], object], *, weights: Sequence[Tensor], device: torch.device) -> int:
    """Bytes of tensors that are alive at most while some work is done, weights included.

    Args:
        work: what to do.
        weights: tensors that lie on the device before.
        device: where it is done.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        work()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device))
    memory = TensorMemory(weights)
    with memory:
        work()
    return memory.peak_bytes
