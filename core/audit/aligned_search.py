"""The search for copies over a study's sets, with everything kept that was computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.audit.copy_kind import SmallItems, find_kind
from core.audit.protocol import Execution
from core.config import Settings
from core.copies.leave_out import LeftOutMatches, leave_out
from core.copies.search import CopyMatches, join_matches
from core.datasets.image_set import ImageSet
from core.features.extraction import extract_features
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.progress import Progress
from core.shards import ShardFolder

__all__ = ["AlignedSearch", "number_groups"]

Indices = NDArray[np.intp]


class AlignedSearch:
    """Searches the real set for the image that each image of the other sets may be a copy of.

    Args:
        real: the real set, of pictures or of volumes; the other sets are of the same kind.
        execution: threads, and whether results are kept in the workspace.
        settings: workspace and limits.
        progress: told about every image; may cancel.

    Attributes:
        kind: how items are compared.
        real: the real set's thumbnails.
    """

    def __init__(
        self, real: ImageSet, *, execution: Execution, settings: Settings, progress: Progress
    ) -> None:
        self._execution = execution
        self._settings = settings
        self._progress = progress
        self._digests = [item.digest for item in real.items]
        self._patients = number_groups([(item.patient,) for item in real.items])
        self.kind = find_kind(real)
        self.real = self.load_thumbnails(real)
        decided: tuple[object, ...] = (*self.kind.decided, self._digests)
        if real.items[0].intensity != DEFAULT_INTENSITY:
            decided = (*decided, describe_intensity(real.items[0].intensity))
        key = hashlib.sha256(repr(decided).encode()).hexdigest()[:24]
        self._kept = ShardFolder(
            settings.home / "copy-search" / key, tuple(field.name for field in fields(self.kind.matches))
        )

    @cached_property
    def left_out(self) -> LeftOutMatches:
        """The real set against itself.

        Raises:
            TooFewImagesError: if there are too few different images of different patients.
        """
        return leave_out(self._search_left_out, self._patients)

    @cached_property
    def match_radius(self) -> NDArray[np.float64]:
        """(n_real,) radius of each real image's match in a set without the image.

        Raises:
            TooFewImagesError: if there are too few different images of different patients.
        """
        return self.left_out.compute_match_radius(self._search_left_out)

    def search(self, image_set: ImageSet, thumbnails: SmallItems) -> CopyMatches:
        """Find the real image nearest to each image of another set.

        Args:
            image_set: a synthetic set or the held-out one.
            thumbnails: its thumbnails.
        """
        digests = [item.digest for item in image_set.items]

        def compute(rows: Indices, progress: Progress) -> CopyMatches:
            return self._run(thumbnails.take(rows), progress=progress)

        return self._search_kept(digests, compute, stage=f"Looking for copies: {image_set.name}")

    def load_thumbnails(self, image_set: ImageSet) -> SmallItems:
        """Reduce an image set to thumbnails, or find them in the feature store."""
        batch = extract_features(
            image_set.items,
            extractor=self.kind.thumbnailer(),
            store=self._execution.store,
            workers=self._execution.workers,
            settings=self._settings,
            progress=self._progress,
            stage=f"Thumbnails: {image_set.name}",
        )
        thumbnails: SmallItems = self.kind.unpack(batch.features)
        return thumbnails

    def align(self, queries: SmallItems, real_index: Indices, *, stage: str) -> CopyMatches:
        """Lay items over the real ones that they are paired with.

        Args:
            queries: their thumbnails.
            real_index: row of the real item of each.
            stage: what progress calls this.
        """
        found: CopyMatches = self.kind.align(
            queries=queries,
            real=self.real,
            real_index=real_index,
            workers=self._execution.workers,
            progress=self._progress,
            stage=stage,
        )
        return found

    def _search_left_out(self, rows: Indices, groups: Indices) -> CopyMatches:
        members: dict[int, list[int]] = {}
        for row, group in enumerate(groups.tolist()):
            members.setdefault(group, []).append(row)
        hashed = {group: hashlib.sha256(repr(own).encode()).hexdigest() for group, own in members.items()}
        keys = [
            hashlib.sha256(f"{self._digests[row]} {hashed[int(groups[row])]}".encode()).hexdigest()
            for row in rows.tolist()
        ]

        def compute(positions: Indices, progress: Progress) -> CopyMatches:
            asked = rows[positions]
            return self._run(
                self.real.take(asked), query_groups=groups[asked], real_groups=groups, progress=progress
            )

        return self._search_kept(keys, compute, stage="Looking for copies: real against real")

    def _run(
        self,
        queries: SmallItems,
        *,
        progress: Progress,
        query_groups: Indices | None = None,
        real_groups: Indices | None = None,
    ) -> CopyMatches:
        found: CopyMatches = self.kind.search(
            queries=queries,
            real=self.real,
            query_groups=query_groups,
            real_groups=real_groups,
            workers=self._execution.workers,
            progress=progress,
        )
        return found

    def _search_kept(
        self, keys: Sequence[str], compute: Callable[[Indices, Progress], CopyMatches], *, stage: str
    ) -> CopyMatches:
        """Search what is not kept yet, and keep it chunk by chunk, so that a stopped audit goes on there."""
        self._progress.start(stage, len(keys), unit=self.kind.noun)
        first_row = {key: row for row, key in reversed(list(enumerate(keys)))}
        unique = list(first_row)
        place = dict.fromkeys(unique, -1)
        found: CopyMatches = self.kind.matches.empty()
        if self._execution.store:
            kept = self._kept.read(unique)
            if kept.columns:
                found = self.kind.matches(**kept.columns)
                for position, row in enumerate(kept.positions.tolist()):
                    place[unique[row]] = position
        missing = [key for key in unique if place[key] < 0]
        self._progress.advance(len(keys) - len(missing))
        for start in range(0, len(missing), self.kind.chunk):
            chunk = missing[start : start + self.kind.chunk]
            rows = np.array([first_row[key] for key in chunk], dtype=np.intp)
            new = compute(rows, _Inner(self._progress))
            if self._execution.store:
                self._kept.write(chunk, {field.name: getattr(new, field.name) for field in fields(new)})
            place |= {key: len(found) + index for index, key in enumerate(chunk)}
            found = join_matches([found, new], self.kind.matches)
        order = np.array([place[key] for key in keys], dtype=np.intp)
        return found.take(order)


def number_groups(keys: Sequence[Sequence[str | None]]) -> Indices:
    """Give images that share a key, directly or through others, one number.

    Args:
        keys: of each image its keys, such as patient and digest, kind by kind; None is no key.

    Returns:
        (n,) the lowest row of each image's group.
    """
    lowest = list(range(len(keys)))

    def find(row: int) -> int:
        while lowest[row] != row:
            lowest[row] = row = lowest[lowest[row]]
        return row

    seen: dict[tuple[int, str], int] = {}
    for row, own in enumerate(keys):
        for kind, key in enumerate(own):
            if key is not None:
                one, other = find(seen.setdefault((kind, key), row)), find(row)
                lowest[max(one, other)] = min(one, other)
    return np.array([find(row) for row in range(len(keys))], dtype=np.intp)


class _Inner:
    """Passes steps on, but leaves the stage as it is."""

    def __init__(self, outer: Progress) -> None:
        self._outer = outer

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        """Ignore the inner stage."""

    def advance(self, steps: int = 1) -> None:
        self._outer.advance(steps)

    def notice(self, message: str) -> None:
        self._outer.notice(message)
