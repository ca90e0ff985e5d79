"""Collects what an audit says of copies: one search in pixels, and one view of it an extractor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa

from core.audit.copy_audit import ALIGNED, CopyAudit, judge_evidence
from core.audit.copy_evidence import CopyEvidence, SearchedSets, search_features, search_pixels
from core.audit.copy_search import search_study
from core.audit.copy_tables import COPY_COLUMNS
from core.audit.heldout_distances import measure_heldout_distances
from core.audit.pairs import PAIRS_SCHEMA
from core.audit.protocol import Execution, Protocol
from core.audit.result import MetricRow
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.errors import TooFewImagesError
from core.features.base import FeatureKind
from core.metrics.estimate import Array
from core.metrics.neighbourhood import DistanceMetric
from core.progress import Progress

__all__ = ["StudyCopies"]


class StudyCopies:
    """Calibrated copies of a study; the search in pixels runs when this is made.

    A study that is too small to calibrate keeps the uncalibrated sets, with a warning.

    Attributes:
        rows: the numbers.
        warnings: one sentence each.
    """

    def __init__(
        self,
        sets: Sequence[ImageSet],
        *,
        protocol: Protocol,
        execution: Execution,
        settings: Settings,
        progress: Progress,
    ) -> None:
        self._protocol = protocol
        self._audits: list[CopyAudit] = []
        self._uncalibrated: list[pd.DataFrame] = []
        self._raw_of_pixels: pd.DataFrame | None = None
        self.rows: list[MetricRow] = []
        self.warnings: list[str] = []
        self._sets: SearchedSets | None = None
        try:
            self._sets, warnings = search_study(
                sets, protocol=protocol, execution=execution, settings=settings, progress=progress
            )
            self.warnings += warnings
        except TooFewImagesError as error:
            self.warnings.append(f"Copies could not be calibrated: too few real images ({error})")

    def add_features(
        self, *, extractor: str, kind: FeatureKind, features: Mapping[str, Array], raw: pd.DataFrame
    ) -> None:
        """Add what an extractor's features say.

        Args:
            extractor: its name in results.
            kind: continuous features or codes.
            features: (n, d) features by set name.
            raw: one row a synthetic item, uncalibrated: synthetic, synthetic_item, nearest_real, distance,
                set and extractor.
        """
        sets = self._sets
        if sets is None:
            self._uncalibrated.append(raw)
            return
        metric = DistanceMetric.EUCLIDEAN if kind is FeatureKind.CONTINUOUS else DistanceMetric.HAMMING
        rows, warnings = measure_heldout_distances(
            sets, features, extractor=extractor, metric=metric, seed=self._protocol.seed
        )
        self.warnings += warnings
        if extractor == ALIGNED:
            # The aligned search sees the same pictures, and mirrored or moved copies as well.
            self._raw_of_pixels = raw
        else:
            try:
                evidence = search_features(sets, features, extractor=extractor, metric=metric)
                self._judge(evidence, sets, raw)
            except TooFewImagesError as error:
                self.warnings.append(f"Copies could not be calibrated with {extractor!r}: {error}")
                self._uncalibrated.append(raw)
        self.rows += rows

    def add_pixels(self) -> None:
        """Add what the aligned search says; it is part of every audit, whatever extractors were asked for."""
        if self._sets is None:
            return
        try:
            self._judge(search_pixels(self._sets, extractor=ALIGNED), self._sets, self._raw_of_pixels)
        except TooFewImagesError as error:
            self.warnings.append(f"Copies could not be calibrated: {error}")
            if self._raw_of_pixels is not None:
                self._uncalibrated.append(self._raw_of_pixels)

    @property
    def table(self) -> pd.DataFrame:
        """One row a synthetic item and extractor, with the columns of `copies.csv`."""
        parts = [audit.copies for audit in self._audits]
        parts += [raw.reindex(columns=list(COPY_COLUMNS)) for raw in self._uncalibrated if len(raw)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COPY_COLUMNS))

    @property
    def pairs(self) -> pa.Table:
        """The same and the controls, with the columns of `pairs.parquet`."""
        if not self._audits:
            return PAIRS_SCHEMA.empty_table()
        return pa.concat_tables([audit.pairs for audit in self._audits])

    def _judge(self, evidence: CopyEvidence, sets: SearchedSets, raw: pd.DataFrame | None) -> None:
        raw_sets = (
            {} if raw is None else {str(name): list(rows["set"]) for name, rows in raw.groupby("synthetic")}
        )
        audit = judge_evidence(evidence, sets, raw_sets=raw_sets)
        self._audits.append(audit)
        self.rows += audit.rows
