"""The feature store: features on disk, found again by what decided them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError
from core.features.base import Extractor, FeatureBatch
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.images.intensity import Intensity
from core.images.reading import DECODING_VERSION
from core.shards import ShardFolder

__all__ = ["FeatureStore", "StoredFeatures"]


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """Features found for a list of digests.

    Attributes:
        positions: (n_found,) positions in the list asked for, ascending.
        batch: features (and logits) of those positions.
    """

    positions: NDArray[np.intp]
    batch: FeatureBatch | None


class FeatureStore:
    """Features of one extractor, keyed by image bytes.

    Each feature space has a folder of its own, named after a hash of everything that decides a feature beyond
    the image's bytes: decoding, intensity handling, channels, and the extractor's identity (preprocessing and
    weight hash). Within it, rows are keyed by the SHA-256 of the file. So other content under the same name
    can never be taken for the old, a renamed folder costs nothing, and new images are the only ones computed.

    Args:
        home: the workspace folder.
        extractor: whose features these are.
        num_channels: what colour handling comes before the extractor; None leaves images as they are.
        intensity: which values are black and white.
        view: of volumes, what of them the extractor sees; empty where they are pictures.
        n_views: so many views stand one after the other in a row; logits are kept of a single one only.
    """

    def __init__(
        self,
        home: Path,
        *,
        extractor: Extractor,
        num_channels: int | None = None,
        intensity: Intensity = DEFAULT_INTENSITY,
        view: str = "",
        n_views: int = 1,
    ) -> None:
        self.space = (
            f"decoding {DECODING_VERSION} | intensity: {describe_intensity(intensity)}"
            f" | channels {num_channels or 'as stored'} | {extractor.identity}{f' | {view}' if view else ''}"
        )
        key = hashlib.sha256(self.space.encode()).hexdigest()[:24]
        slug = re.sub(r"[^a-zA-Z0-9_.-]+", "-", extractor.name)[:48].strip("-.")
        self.folder = home / "features" / f"{slug}-{key}"
        columns = ("features", "logits") if extractor.info.has_logits and n_views == 1 else ("features",)
        self._shards = ShardFolder(self.folder, columns)
        self._dimension = extractor.dimension * n_views

    def read(self, digests: Sequence[str]) -> StoredFeatures:
        """Fetch what is stored and intact."""
        rows = self._shards.read(digests)
        features = rows.columns.get("features")
        if features is None or features.ndim != 2 or features.shape[1] != self._dimension:
            return StoredFeatures(np.empty(0, dtype=np.intp), None)
        return StoredFeatures(rows.positions, FeatureBatch(features, rows.columns.get("logits")))

    def write(self, digests: Sequence[str], batch: FeatureBatch) -> None:
        """Add features of these images in one atomic step.

        Raises:
            StoreError: if the workspace cannot be written.
        """
        columns = {"features": batch.features}
        if batch.logits is not None:
            columns["logits"] = batch.logits
        self._shards.write(digests, columns)
        note = self.folder / "space.txt"
        try:
            if not note.exists():
                note.write_text(self.space + "\n", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"The workspace folder {self.folder} cannot be written: {error}.") from error
