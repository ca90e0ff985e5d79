"""The one training loop: whole networks on images, and last layers on features."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from core.errors import InputError
from core.progress import Progress
from core.utility.augmentation import Augmentation
from core.utility.classifiers import Classifier
from core.utility.pools import Pool, count_labels
from core.utility.run_record import CurvePoint

__all__ = ["Trained", "TrainingOptions", "extract_pooled", "predict", "train_network"]

_PREDICT_BATCH = 64
_WARM_UP = 0.05


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a network is trained.

    Attributes:
        epochs: number of looks at the validation images.
        steps: steps between them.
        batch_size: images a step.
        optimiser: AdamW, or SGD with momentum 0.9.
        learning_rate: its highest value.
        weight_decay: of the optimiser.
        schedule: `cosine` to 0 after a short rise, or `constant`.
        class_weights: whether rare classes weigh more in the loss.
        augmentation: changes to training images, or None.
    """

    epochs: int
    steps: int
    batch_size: int
    optimiser: Literal["adamw", "sgd"]
    learning_rate: float
    weight_decay: float
    schedule: Literal["cosine", "constant"]
    class_weights: bool
    augmentation: Augmentation | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training leaves besides the network's weights.

    Attributes:
        best_epoch: the epoch, from 1, whose weights the network holds.
        curve: one point an epoch.
    """

    best_epoch: int
    curve: tuple[CurvePoint, ...]


def train_network(
    network: nn.Module,
    *,
    pool: Pool,
    validation: Pool,
    n_classes: int,
    options: TrainingOptions,
    phase: Literal["network", "last layer"],
    order: np.random.Generator,
    changes: np.random.Generator,
    device: torch.device,
    progress: Progress,
) -> Trained:
    """Train a network and leave it with the weights of its best epoch.

    The best epoch has the highest balanced accuracy on the validation images, among equal ones the smallest
    validation loss, then the earliest. The same arguments give the same weights on the CPU with the same
    number of threads.

    Args:
        network: inputs of the pool to logits; trained in place, moved to the device.
        pool: what to train on.
        validation: real inputs that choose the epoch.
        n_classes: outputs.
        options: how.
        phase: what the curve calls it.
        order: draws the batches.
        changes: draws the augmentations.
        device: where; on CUDA, in mixed precision.
        progress: told of every step; may cancel.

    Raises:
        InputError: if the loss is no longer finite.
        CancelledError: if progress says so.
    """
    network.to(device)
    _quicken_batch_norms(network, options.steps)
    optimiser = _make_optimiser(network, options)
    weights = _weigh_classes(pool, n_classes).to(device) if options.class_weights else None
    batches = pool.shuffled(min(options.batch_size, max(len(pool), 2)), order)
    n_steps = options.epochs * options.steps
    best: dict[str, torch.Tensor] = {}
    best_epoch, best_rank = 0, (-math.inf, -math.inf)
    curve: list[CurvePoint] = []
    with _fixed_kernels():
        for epoch in range(1, options.epochs + 1):
            network.train()
            total = 0.0
            for step in range((epoch - 1) * options.steps, epoch * options.steps):
                rows = next(batches)
                rate = options.learning_rate * _rate(step, n_steps, options.schedule)
                for group in optimiser.param_groups:
                    group["lr"] = rate
                inputs = torch.from_numpy(pool.take(rows)).to(device)
                labels = torch.from_numpy(pool.labels[rows]).to(device)
                if options.augmentation is not None:
                    inputs = options.augmentation.apply(inputs, changes)
                optimiser.zero_grad(set_to_none=True)
                with _mixed(device):
                    loss = functional.cross_entropy(network(inputs).float(), labels, weight=weights)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                total += float(loss.detach())
                progress.advance()
            loss_now, balanced = _validate(network, validation, n_classes, device)
            if not (math.isfinite(total) and math.isfinite(loss_now)):
                raise InputError(
                    f"The training diverged in epoch {epoch}; choose a learning rate below "
                    f"{options.learning_rate:g}."
                )
            curve.append(
                CurvePoint(
                    phase=phase,
                    epoch=epoch,
                    training_loss=total / options.steps,
                    validation_loss=loss_now,
                    validation_balanced_accuracy=balanced,
                )
            )
            if (balanced, -loss_now) > best_rank:
                best_epoch, best_rank = epoch, (balanced, -loss_now)
                best = {name: value.detach().clone() for name, value in network.state_dict().items()}
    network.load_state_dict(best)
    network.eval()
    return Trained(best_epoch, tuple(curve))


def predict(network: nn.Module, pool: Pool, *, device: torch.device) -> NDArray[np.float32]:
    """Class probabilities, (n, classes), of all inputs in order."""
    return _softmax(_run(network, pool, device))


def extract_pooled(network: Classifier, pool: Pool, *, device: torch.device) -> NDArray[np.float32]:
    """What the last layer sees of each input, (n, d), with batch norms at rest."""
    return _run(network, pool, device, features=True)


def _run(
    network: nn.Module, pool: Pool, device: torch.device, *, features: bool = False
) -> NDArray[np.float32]:
    network.to(device).eval()
    call = network.extract if features and isinstance(network, Classifier) else network
    outputs: list[NDArray[np.float32]] = []
    with torch.inference_mode(), _fixed_kernels(), _mixed(device):
        outputs.extend(
            call(torch.from_numpy(pool.take(rows)).to(device)).float().cpu().numpy()
            for rows in pool.batches(_PREDICT_BATCH)
        )
    return np.concatenate(outputs)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def _validate(network: nn.Module, pool: Pool, n_classes: int, device: torch.device) -> tuple[float, float]:
    """Loss and balanced accuracy on the validation images."""
    logits = _run(network, pool, device)
    loss = float(functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(pool.labels)))
    right = logits.argmax(axis=1) == pool.labels
    balanced = float(np.mean([right[pool.labels == label].mean() for label in range(n_classes)]))
    return loss, balanced


def _make_optimiser(network: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    if options.optimiser == "adamw":
        return torch.optim.AdamW(
            network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
    return torch.optim.SGD(
        network.parameters(), lr=options.learning_rate, momentum=0.9, weight_decay=options.weight_decay
    )


def _quicken_batch_norms(network: nn.Module, steps: int) -> None:
    """Let the averages that stand in for a batch's own forget all but 5 % of the past within an epoch.

    With few steps an epoch they would else still hold the untrained network when it is first validated.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.momentum is not None:
            module.momentum = max(module.momentum, 1 - 0.05 ** (1 / steps))


def _weigh_classes(pool: Pool, n_classes: int) -> torch.Tensor:
    counts = count_labels(pool.labels, n_classes)
    return torch.tensor(len(pool) / (n_classes * np.maximum(counts, 1)), dtype=torch.float32)


def _rate(step: int, n_steps: int, schedule: str) -> float:
    if schedule == "constant":
        return 1.0
    rise = max(1, round(_WARM_UP * n_steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, n_steps - rise)))


@contextmanager
def _fixed_kernels() -> Iterator[None]:
    """Kernels chosen by shape, not by a race of which is fastest today."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def _mixed(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
