"""One optimiser's update: in parts, mixed precision and over processes; never by a loss that is no number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.errors import InputError
from core.generators.phase import Losses
from core.generators.processes import average_gradients

__all__ = ["Update", "explain_memory", "mixed_precision"]


@dataclass(frozen=True, slots=True)
class Update:
    """Takes optimisers' steps for one phase; see `core.generators.phase.Accumulate`.

    Attributes:
        parts: parts that a batch is computed in.
        precision: `amp` computes in bfloat16 on GPUs that have it; gradients then need no scaling.
        device: where networks are.
    """

    parts: int
    precision: str
    device: torch.device

    def __call__(
        self, optimizer: torch.optim.Optimizer, losses: Losses, *, n: int, clip_norm: float | None = None
    ) -> dict[str, float]:
        """Take one step of `optimizer`.

        Args:
            optimizer: whose gradients are cleared, filled and applied.
            losses: called with each part's rows.
            n: rows of the batch.
            clip_norm: largest norm of the whole gradient; None leaves it.

        Returns:
            What `losses` reported, averaged over parts.

        Raises:
            InputError: if the loss is not finite; the weights are then those before the step.
        """
        optimizer.zero_grad(set_to_none=True)
        reported: dict[str, torch.Tensor] = {}
        for rows in _cut(n, self.parts):
            share = (rows.stop - rows.start) / n
            with mixed_precision(self.precision, self.device):
                loss, named = losses(rows)
            (loss * share).backward()
            for name, value in {"": loss, **named}.items():
                added = value.detach().float() * share
                reported[name] = reported[name] + added if name in reported else added
        # One transfer from the device for all numbers of an update.
        values = dict(zip(reported, torch.stack(list(reported.values())).tolist(), strict=True))
        if not all(math.isfinite(value) for value in values.values()):
            raise InputError(
                "The training diverged: its loss is no longer a number. Choose lower learning rates (or "
                "precision=fp32 where it was amp) and another --output; the last checkpoint is still good."
            )
        del values[""]
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        average_gradients(parameters)
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
        optimizer.step()
        return values


def mixed_precision(precision: str, device: torch.device) -> torch.autocast:
    """Compute in bfloat16 where `amp` asks for it and the device is a GPU that has it; else as it is."""
    wanted = precision == "amp" and device.type == "cuda"
    enabled = wanted and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


@contextmanager
def explain_memory(advice: str) -> Iterator[None]:
    """Say in one sentence that memory did not suffice.

    Args:
        advice: what to change, as the end of a sentence.

    Raises:
        InputError: if what runs within needs more memory than there is.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # Only CUDA has a type of its own for it.
        if isinstance(error, MemoryError) or "out of memory" in str(error).lower() or _is_refused(error):
            raise InputError(f"The memory does not suffice; {advice}.") from error
        raise


def _is_refused(error: BaseException) -> bool:
    """Whether torch's allocator on the CPU gave up."""
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)


def _cut(n: int, parts: int) -> Iterator[slice]:
    """Cut n rows into parts whose sizes differ by one at most; fewer parts where there are fewer rows."""
    parts = max(1, min(parts, n))
    edges = [round(n * part / parts) for part in range(parts + 1)]
    for start, stop in pairwise(edges):
        yield slice(start, stop)
