"""Random numbers by purpose, so that what one arm draws never depends on what another arm drew."""

from __future__ import annotations

import hashlib
from enum import IntEnum

import numpy as np

__all__ = ["Purpose", "draw_seed", "make_rng"]


class Purpose(IntEnum):
    """What a stream of random numbers is for; the numbers stand in results and are never reused."""

    SPLIT = 1
    WEIGHTS = 2
    ORDER = 3
    AUGMENTATION = 4
    SYNTHETIC = 5
    FRACTION = 6


def make_rng(purpose: Purpose, *, seed: int, repeat: int, name: str = "") -> np.random.Generator:
    """Make the stream of one purpose in one repeat.

    Args:
        purpose: what it is for.
        seed: the protocol's.
        repeat: number of the repeat.
        name: tells streams of one purpose apart, such as those of two synthetic sets.
    """
    digest = int.from_bytes(hashlib.blake2b(name.encode("utf-8"), digest_size=8).digest(), "little")
    return np.random.default_rng(np.random.SeedSequence([seed, repeat, int(purpose), digest]))


def draw_seed(purpose: Purpose, *, seed: int, repeat: int, name: str = "") -> int:
    """Draw one seed for a generator of another library."""
    return int(make_rng(purpose, seed=seed, repeat=repeat, name=name).integers(0, 2**63 - 1))
