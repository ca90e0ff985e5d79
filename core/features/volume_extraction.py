"""Tri-planar features of volumes: every slice along three planes through an extractor of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.config import Settings, get_settings
from core.datasets.image_set import Item
from core.errors import InputError
from core.features._batch_step import extract_batch
from core.features._feature_rows import FeatureRows, find_policy
from core.features.base import Extractor, FeatureBatch, FeatureKind
from core.features.decode_ahead import decode_ahead, default_workers, gather_batches, open_pool
from core.features.store import FeatureStore
from core.features.volume_pixels import cut_pixels, estimate_bytes, load_levels, select_slices
from core.features.volume_view import VIEW_OF_PLANES
from core.images.slices import Plane
from core.images.volume import Volume
from core.progress import Progress, SilentProgress

__all__ = ["MOST_BYTES", "PlaneFeatures", "extract_planes"]

MOST_BYTES: Final = 1 << 30
"""Memory for volumes that are being read or cut, about; a larger one is read alone."""

_SHARD_VOLUMES = 8  # a volume is hundreds of pictures: few are lost if the process dies
_MOST_VOLUMES = 3
_BATCHES_AHEAD = 3
_PLANES = tuple(Plane)


@dataclass(frozen=True, slots=True)
class PlaneFeatures:
    """Features of volumes along each plane, with one row a volume.

    Attributes:
        planes: (n, dimension) float32 for each plane: means over its slices.
    """

    planes: Mapping[Plane, NDArray[np.float32]]

    @property
    def pooled(self) -> FeatureBatch:
        """The mean of the planes, each counting the same however many slices it has."""
        total = np.zeros(self.planes[Plane.AXIAL].shape, dtype=np.float64)
        for features in self.planes.values():
            total += features
        return FeatureBatch((total / len(self.planes)).astype(np.float32))


def extract_planes(
    items: Sequence[Item],
    *,
    extractor: Extractor,
    store: bool = True,
    num_channels: int | None = None,
    batch_size: int = 32,
    workers: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    stage: str = "Extracting features",
    most_bytes: int = MOST_BYTES,
) -> PlaneFeatures:
    """Turn volumes into features by their slices, computing only what the feature store does not hold.

    A slice whose voxels are all of one level tells nothing and is passed over, unless a plane has no other.
    Volumes are read a few ahead and cut as they are needed; equal ones are computed once.

    Args:
        items: volumes in the order wanted.
        extractor: looks at slices as at pictures; of continuous features.
        store: whether to read and write the feature store in the workspace.
        num_channels: 1 turns colour into luma first, 3 repeats grey; None leaves slices as they are.
        batch_size: slices a step of the extractor; changes speed and memory, not features.
        workers: decoding threads; 0 decodes on the calling thread; None takes one a core.
        settings: limits and workspace.
        progress: told about every volume.
        stage: what progress calls this.
        most_bytes: memory for volumes that are read ahead.

    Raises:
        ImageSetError: if a file changed or vanished since it was scanned.
        InputError: if the extractor gives codes or takes whole volumes, or a batch does not fit into memory.
        StoreError: if the workspace cannot be written.
        CancelledError: if progress says so; volumes that were finished are stored.
    """
    _require_averages(extractor)
    settings = settings or get_settings()
    progress = progress or SilentProgress()
    workers = default_workers() if workers is None else workers
    cache = (
        FeatureStore(
            settings.home,
            extractor=extractor,
            num_channels=num_channels,
            intensity=find_policy(items),
            view=VIEW_OF_PLANES,
            n_views=len(_PLANES),
        )
        if store
        else None
    )
    progress.start(stage, len(items), unit="volumes")
    with FeatureRows(items, cache=cache, save_every=_SHARD_VOLUMES) as rows, open_pool(workers) as pool:
        progress.advance(rows.n_found)
        volumes = decode_ahead(
            rows.missing,
            lambda row: load_levels(rows.unique[row], settings),
            pool=pool,
            most=_MOST_VOLUMES,
            weigh=lambda row: estimate_bytes(rows.unique[row]),
            most_bytes=most_bytes,
        )
        sums: dict[int, _PlaneSums] = {}
        prepared = decode_ahead(
            _list_slices(volumes, sums, extractor.dimension),
            lambda one: extractor.prepare(
                cut_pixels(one.volume, one.plane, one.index, num_channels=num_channels)
            ),
            pool=pool,
            most=_BATCHES_AHEAD * batch_size,
        )
        for batch in gather_batches(prepared, batch_size):
            features = extract_batch(extractor, np.stack([array for _, array in batch])).features
            for (one, _), feature in zip(batch, features, strict=True):
                sums[one.row].add(one.plane, feature)
            done = [row for row, found in sums.items() if found.is_complete]
            if done:
                rows.put(done, FeatureBatch(np.stack([sums.pop(row).compute_means() for row in done])))
            progress.advance(len(done))  # also where none is: a large volume can be cancelled between batches
    features = rows.take().features
    parts = np.split(features, len(_PLANES), axis=1)
    return PlaneFeatures(dict(zip(_PLANES, parts, strict=True)))


@dataclass(frozen=True, slots=True)
class _AskedSlice:
    """A slice that is to be looked at."""

    row: int
    volume: Volume
    plane: Plane
    index: int


class _PlaneSums:
    """Sums of one volume's features over slices, in float64, until all of them are in."""

    def __init__(self, counts: Mapping[Plane, int], dimension: int) -> None:
        self._counts = counts
        self._left = sum(counts.values())
        self._sums = {plane: np.zeros(dimension, dtype=np.float64) for plane in counts}

    def add(self, plane: Plane, feature: NDArray[np.float32]) -> None:
        self._sums[plane] += feature
        self._left -= 1

    @property
    def is_complete(self) -> bool:
        return not self._left

    def compute_means(self) -> NDArray[np.float32]:
        """(3 x dimension,) means along the planes, one after the other."""
        return np.concatenate([self._sums[plane] / self._counts[plane] for plane in _PLANES]).astype(
            np.float32
        )


def _list_slices(
    volumes: Iterator[tuple[int, Volume]], sums: dict[int, _PlaneSums], dimension: int
) -> Iterator[_AskedSlice]:
    """List the slices of volumes as they come, and note how many each has."""
    for row, volume in volumes:
        chosen = {plane: select_slices(volume, plane) for plane in _PLANES}
        sums[row] = _PlaneSums({plane: len(indices) for plane, indices in chosen.items()}, dimension)
        for plane, indices in chosen.items():
            for index in indices:
                yield _AskedSlice(row, volume, plane, index)


def _require_averages(extractor: Extractor) -> None:
    """Refuse extractors whose features of slices have no mean."""
    if extractor.info.kind is not FeatureKind.CONTINUOUS:
        raise InputError(
            f"{extractor.name} gives codes, which have no mean over slices of a volume: choose an extractor "
            "of continuous features, or look at volumes as montages (--volume-view montage)."
        )
    if extractor.info.takes_volumes:
        raise InputError(f"{extractor.name} looks at whole volumes, not along planes.")
