"""Labelled inputs that lie in several arrays, taken by batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.utility.data import Images

__all__ = ["Pool", "count_labels"]

_PIXEL_SCALE = 255.0


@dataclass(frozen=True, slots=True)
class Pool:
    """Inputs to train on or to predict, without copies of the arrays that they lie in.

    Attributes:
        arrays: arrays of inputs, of equal shape but for the first axis.
        labels: (n,) class of each input of the pool.
        source: (n,) which array it lies in.
        place: (n,) where in that array.
        scale: what inputs are divided by.
    """

    arrays: tuple[NDArray[Any], ...]
    labels: NDArray[np.int64]
    source: NDArray[np.int64]
    place: NDArray[np.int64]
    scale: float = field(default=1.0)

    @classmethod
    def from_images(cls, *parts: tuple[Images, NDArray[np.int64]]) -> Pool:
        """Join images of several sets, each by places in its set."""
        return cls(
            arrays=tuple(images.pixels for images, _ in parts),
            labels=np.concatenate([images.labels[places] for images, places in parts]),
            source=np.concatenate([np.full(len(places), at) for at, (_, places) in enumerate(parts)]),
            place=np.concatenate([places for _, places in parts]),
            scale=_PIXEL_SCALE,
        )

    @classmethod
    def from_features(cls, features: NDArray[np.float32], labels: NDArray[np.int64]) -> Pool:
        """Hold features of the same rows as labels."""
        rows = np.arange(len(labels), dtype=np.int64)
        return cls((features,), labels, np.zeros_like(rows), rows)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inputs of some rows, float32 and scaled."""
        batch = np.empty((len(rows), *self.arrays[0].shape[1:]), dtype=np.float32)
        for at, array in enumerate(self.arrays):
            here = self.source[rows] == at
            batch[here] = array[self.place[rows[here]]]
        batch /= self.scale
        return batch

    def batches(self, size: int) -> Iterator[NDArray[np.int64]]:
        """Rows in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield np.arange(start, min(start + size, len(self)), dtype=np.int64)

    def shuffled(self, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Rows in shuffled passes without end; every batch is full, so that batch norms always have one."""
        rest = np.empty(0, dtype=np.int64)
        while True:
            while len(rest) < size:
                rest = np.concatenate([rest, rng.permutation(len(self))])
            yield rest[:size]
            rest = rest[size:]


def count_labels(labels: Sequence[int] | NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Images of each class."""
    return np.bincount(labels, minlength=n_classes).astype(np.int64)
