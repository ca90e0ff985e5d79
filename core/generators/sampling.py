"""Draws any number of images from a trained run, batch by batch; each depends on its own seed alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.generators.families import FAMILIES
from core.generators.phase import Sampler
from core.generators.run_folder import RunFolder
from core.generators.sample_grid import to_pixels
from core.generators.sampling_settings import SamplingSettings
from core.generators.update import explain_memory, mixed_precision
from core.validation import explain_unreadable

__all__ = ["load_sampler", "sample_batches"]


def load_sampler(run: RunFolder, *, device: torch.device) -> Sampler:
    """Load what a run draws images with.

    Raises:
        InputError: if there is no run, or it is of another version.
        UnknownNameError: if it is of a family that this version does not have.
        WeightsError: if it was not trained far enough to draw, or its state is damaged.
    """
    family = FAMILIES[run.read_record().family]
    # Its options are read here: they may be those of another version.
    with explain_unreadable(run.path, noun="a generator's run", work="training"):
        return family.load_sampler(run, device=device)


def sample_batches(
    sampler: Sampler,
    *,
    seeds: Sequence[int],
    labels: Sequence[int],
    settings: SamplingSettings,
    device: torch.device,
) -> Iterator[NDArray[np.uint8]]:
    """Draw images in batches of `settings.batch_size`, in the order of their seeds.

    Args:
        sampler: from `load_sampler`.
        seeds: one an image.
        labels: places in `sampler.classes`; all 0 without.
        settings: how to draw.
        device: that the sampler is on.

    Yields:
        (n, h, w) or (n, h, w, 3) uint8; grey stays grey.

    Raises:
        InputError: if a batch does not fit into memory.
    """
    fast = settings.precision == "amp"
    for start in range(0, len(seeds), settings.batch_size):
        rows = slice(start, start + settings.batch_size)
        with (
            explain_memory("choose a smaller --batch-size"),
            torch.inference_mode(),
            # What follows from a seed is not to depend on which kernel won a race.
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=fast),
            mixed_precision(settings.precision, device),
        ):
            drawn = sampler.sample(
                seeds=seeds[rows], labels=torch.tensor(labels[rows], dtype=torch.int64), settings=settings
            )
        yield to_pixels(drawn)
