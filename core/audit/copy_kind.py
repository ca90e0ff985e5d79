"""What the search for copies compares: small pictures in place of images, small cubes in place of volumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.audit.thumbnailers import PictureThumbnailer, VolumeThumbnailer
from core.copies.known_pairs import align_known_pairs, align_known_volumes
from core.copies.search import DEFAULT_PRESET, CopyMatches, search_copies
from core.copies.thumbnails import SIDE, Thumbnails
from core.copies.volume_search import DEFAULT_VOLUME_PRESET, VolumeMatches, search_volumes
from core.copies.volume_thumbnails import VOLUME_SIDE, VolumeThumbnails
from core.datasets.image_set import ImageSet
from core.features.base import Extractor

__all__ = ["SEARCH_VERSION", "CopyKind", "SmallItems", "find_kind"]

SEARCH_VERSION: Final = 1
"""Raised whenever the same images would be matched differently; what was kept is then computed again."""

_VOLUME_SEARCH_VERSION: Final = 1

SmallItems = Thumbnails | VolumeThumbnails
"""The thumbnails of an image set."""

Small = TypeVar("Small", Thumbnails, VolumeThumbnails)
Matches = TypeVar("Matches", bound=CopyMatches)


@dataclass(frozen=True, slots=True)
class CopyKind(Generic[Small, Matches]):
    """How items of one kind are compared.

    Attributes:
        noun: what several of them are called.
        decided: everything that decides a match beyond the items; kept results are found by it.
        matches: type of the result.
        thumbnailer: reduces items, as an extractor, so that the feature store keeps them.
        unpack: (n, d) features of it to thumbnails.
        search: finds the real item nearest to each query.
        align: lays each query over the real item that it is paired with.
        chunk: queries whose results are kept at once.
    """

    noun: str
    decided: tuple[object, ...]
    matches: type[Matches]
    thumbnailer: Callable[[], Extractor]
    unpack: Callable[[NDArray[Any]], Small]
    search: Callable[..., Matches]
    align: Callable[..., Matches]
    chunk: int


_PICTURES: Final = CopyKind(
    noun="images",
    decided=(SEARCH_VERSION, asdict(DEFAULT_PRESET)),
    matches=CopyMatches,
    thumbnailer=PictureThumbnailer,
    unpack=lambda features: Thumbnails(features.reshape(-1, SIDE, SIDE)),
    search=search_copies,
    align=align_known_pairs,
    chunk=512,
)

_VOLUMES: Final = CopyKind(
    noun="volumes",
    decided=("volumes", _VOLUME_SEARCH_VERSION, asdict(DEFAULT_VOLUME_PRESET)),
    matches=VolumeMatches,
    thumbnailer=VolumeThumbnailer,
    unpack=lambda features: VolumeThumbnails(
        np.ascontiguousarray(features).reshape(-1, VOLUME_SIDE, VOLUME_SIDE, VOLUME_SIDE)
    ),
    search=search_volumes,
    align=align_known_volumes,
    chunk=128,
)


def find_kind(image_set: ImageSet) -> CopyKind[Any, Any]:
    """Return how the items of a set are compared."""
    return _VOLUMES if image_set.has_volumes else _PICTURES
