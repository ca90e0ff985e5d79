"""Random numbers by purpose: each follows from a seed and what it is for, so that no state has to be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["derive_seed", "draw_noise", "make_generator", "name_image_seeds", "order_rows"]

# torch's generator on the CPU looks at 32 bits of its seed.
_SEEDS: Final = 2**32


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Derive a seed of 32 bits for one purpose.

    Args:
        seed: the user's.
        purpose: words and numbers that name the purpose.
    """
    text = "\t".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little")


def make_generator(seed: int) -> torch.Generator:
    """Make a generator on the CPU, whose numbers are the same on every machine."""
    return torch.Generator().manual_seed(seed)


def order_rows(n: int, *, start: int, count: int, seed: int, purpose: str) -> NDArray[np.int64]:
    """List rows of an endless run of shuffled passes over all images.

    Args:
        n: images of a pass.
        start: place in the run of the first row wanted.
        count: rows wanted.
        seed: the user's.
        purpose: what is trained; each has an order of its own.

    Returns:
        (count,) rows; each pass holds every row once.
    """
    rows: list[NDArray[np.int64]] = []
    while count:
        epoch, first = divmod(start, n)
        order = np.random.default_rng(derive_seed(seed, purpose, "order", epoch)).permutation(n)
        rows.append(order[first : first + count])
        start, count = start + len(rows[-1]), count - len(rows[-1])
    return np.concatenate(rows)


def name_image_seeds(seed: int, *, class_name: str, numbers: Sequence[int]) -> list[int]:
    """Seeds of generated images, by their numbers within a class.

    No two images of a class share a seed, as some of 100,000 would if each seed were a hash of its own.

    Args:
        seed: the user's.
        class_name: the class; empty without.
        numbers: places of the images within their class.
    """
    base = derive_seed(seed, "image", class_name)
    return [(base + number) % _SEEDS for number in numbers]


def draw_noise(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Draw standard normal noise, each image's from its own seed.

    Args:
        seeds: one an image.
        shape: of one image's noise.

    Returns:
        (n, *shape) float32 on the CPU.
    """
    return torch.stack([torch.randn(*shape, generator=make_generator(seed)) for seed in seeds])
