"""What a family hands to the training loop and to sampling: phases, batches, and samplers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.sampling_settings import SamplingSettings

__all__ = ["Accumulate", "Batch", "Losses", "Phase", "Sampler"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Real images of one update.

    Attributes:
        images: (n, channels, size, size) float32 in [-1, 1], on the device.
        labels: (n,) int64 class codes; all 0 without classes.
        indices: (n,) int64 rows of the training images.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor

    def __len__(self) -> int:
        return len(self.images)


Losses = Callable[[slice], tuple[Tensor, Mapping[str, Tensor]]]
"""Of some rows of a batch: the scalar to minimise (a mean over rows), and what to report by name."""


class Accumulate(Protocol):
    """One optimiser's update over a batch, in as many parts as the options ask for.

    It runs the losses in mixed precision where the options say so, averages gradients over parts and over
    processes, refuses a loss that is not finite before it reaches the weights, and takes the step.
    """

    def __call__(
        self, optimizer: torch.optim.Optimizer, losses: Losses, *, n: int, clip_norm: float | None = None
    ) -> dict[str, float]:
        """Take one step of `optimizer`.

        Args:
            optimizer: whose gradients are cleared, filled and applied; gradients of others are left alone.
            losses: called once a part with its rows of the batch. Random numbers for all rows are drawn
                before, from the step's generator, and cut by the same rows: so the number of parts changes
                memory and not the result (but for batch statistics).
            n: rows of the batch.
            clip_norm: largest norm of the whole gradient; None leaves it.

        Returns:
            What `losses` reported, averaged over parts.

        Raises:
            InputError: if the loss or what it reports is not finite, or memory does not suffice.
        """


class Phase(Protocol):
    """One training run within a family: an autoencoder, a prior, or the one there is."""

    name: str
    n_images: int
    batch_size: int

    def modules(self) -> dict[str, nn.Module]:
        """Everything whose state is kept, averaged copies included."""

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Every optimiser, by a name of its own."""

    def step(self, batch: Batch, *, generator: torch.Generator, accumulate: Accumulate) -> dict[str, float]:
        """Make one update of all networks.

        Args:
            batch: real images.
            generator: on the CPU; every random number is drawn from it there and then moved, so that a
                resumed run draws the same. What layers draw themselves (dropout) is seeded by the loop.
            accumulate: takes an optimiser's step.

        Returns:
            Losses by name, in the order to show them.
        """

    def extra_state(self) -> dict[str, float | int | str]:
        """What else a resumed run needs, such as the probability of augmentation."""

    def load_extra_state(self, state: Mapping[str, float | int | str]) -> None:
        """Take over what `extra_state` gave."""

    def preview(self, *, noise_seed: int, labels: Tensor) -> Tensor | None:
        """Draw (n, channels, size, size) in [-1, 1] of these classes; None if there is nothing to show."""


class Sampler(Protocol):
    """Draws images from a trained run.

    Attributes:
        classes: classes that it can be asked for; empty where it draws without.
    """

    classes: tuple[str, ...]

    def modules(self) -> dict[str, nn.Module]:
        """Networks that sampling runs, for their number of parameters."""

    def sample(self, *, seeds: Sequence[int], labels: Tensor, settings: SamplingSettings) -> Tensor:
        """Draw images.

        Args:
            seeds: one an image; image i depends on seeds[i] and labels[i] alone, not on its batch.
            labels: (n,) int64 places in `classes`; all 0 without.
            settings: truncation, guidance, steps; `batch_size` was heeded by the caller.

        Returns:
            (n, channels, size, size) float32 in [-1, 1].
        """
