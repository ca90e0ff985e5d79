"""The synthetic sets of the demo: a fresh draw, and what each known fault makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from core.datasets.phantoms.process import Phantom

__all__ = [
    "BYTE_COPY",
    "COPY_SHARE",
    "FLIP",
    "REENCODED_COPY",
    "SyntheticItem",
    "plant_blur",
    "plant_collapse",
    "plant_copies",
    "plant_none",
]

Films = Mapping[str, Sequence[Phantom]]
"""Films of each class."""

COPY_SHARE = 0.05
"""Share of the real set that the set of copies gives away."""

BYTE_COPY, REENCODED_COPY, FLIP = "byte-copy", "re-encoded", "flip-left-right"
"""Transforms of planted copies: the same file, the same pixels in another file, the mirrored pixels."""

_N_MODES = 3
_BLUR = 1.5  # pixels of a 128-pixel film
_COPY_STREAM, _COLLAPSE_STREAM = 1, 2


@dataclass(frozen=True, slots=True)
class SyntheticItem:
    """One film of a synthetic set and the truth about it.

    Attributes:
        label: its class.
        pixels: (size_px, size_px) uint8.
        fault: what is wrong with it, "none" where nothing is.
        source: the real film that it copies, or None.
        transform: how it was made from the fresh film or the source, empty for a film as drawn.
    """

    label: str
    pixels: NDArray[np.uint8]
    fault: str = "none"
    source: Phantom | None = None
    transform: str = ""


def plant_none(
    films: Films, *, fault: Mapping[str, str] | None = None, transform: str = ""
) -> Iterator[SyntheticItem]:
    """Take films as they were drawn.

    Args:
        films: the films of each class.
        fault: fault that the films of a class carry from their process.
        transform: how that process differs from the real one.
    """
    for label, drawn in films.items():
        for film in drawn:
            yield SyntheticItem(label, film.pixels, (fault or {}).get(label, "none"), transform=transform)


def plant_copies(films: Films, *, real: Films, seed: int) -> Iterator[SyntheticItem]:
    """Put copies of `COPY_SHARE` of the real films, at least two a class, in place of as many fresh ones.

    Half are flipped left-right. The others are exact, in turns the same file and the same pixels in another
    file.
    """
    for offset, (label, drawn) in enumerate(films.items()):
        rng = Generator(PCG64(SeedSequence(seed, spawn_key=(_COPY_STREAM, offset))))
        n_copies = min(max(2, round(COPY_SHARE * len(real[label]))), len(drawn))
        places = rng.choice(len(drawn), n_copies, replace=False)
        sources = rng.choice(len(real[label]), n_copies, replace=False)
        # The second class starts with the other kind of exact copy, so that both kinds are as frequent.
        transforms = islice(cycle((BYTE_COPY, FLIP, REENCODED_COPY, FLIP)), 2 * (offset % 2), None)
        planted = dict(zip(places.tolist(), zip(sources.tolist(), transforms, strict=False), strict=True))
        for place, film in enumerate(drawn):
            if place not in planted:
                yield SyntheticItem(label, film.pixels)
                continue
            index, transform = planted[place]
            source = real[label][index]
            pixels = source.pixels[:, ::-1] if transform == FLIP else source.pixels
            yield SyntheticItem(label, pixels, "copy", source, transform)


def plant_collapse(films: Films, *, seed: int) -> Iterator[SyntheticItem]:
    """Repeat films of three patients a class, shifted by under 1 % of the side, with some gain and noise."""
    for offset, (label, drawn) in enumerate(films.items()):
        rng = Generator(PCG64(SeedSequence(seed, spawn_key=(_COLLAPSE_STREAM, offset))))
        modes = [film.pixels for film in drawn if film.index == 0][:_N_MODES]
        for number in range(len(drawn)):
            mode = number % len(modes)
            offset_px = rng.uniform(-1.0, 1.0, 2) * len(modes[mode]) / 128
            moved = shift(modes[mode].astype(np.float64), offset_px, order=1, mode="nearest")
            moved = moved * rng.uniform(0.98, 1.02) + rng.normal(0.0, 1.0, moved.shape)
            yield SyntheticItem(label, _to_bytes(moved), "mode-collapse", transform=f"mode-{mode}")


def plant_blur(films: Films) -> Iterator[SyntheticItem]:
    """Blur each film with a Gaussian whose standard deviation is 1.5 pixels on a 128-pixel film."""
    for item in plant_none(films, transform="gaussian-blur"):
        sigma = _BLUR * len(item.pixels) / 128
        yield replace(
            item, pixels=_to_bytes(gaussian_filter(item.pixels.astype(np.float64), sigma)), fault="blur"
        )


def _to_bytes(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(np.clip(grey, 0.0, 255.0)).astype(np.uint8)
