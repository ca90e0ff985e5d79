"""Calibrated copies of every synthetic set by one way of comparing images: its numbers and its pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from core.audit.copy_evidence import CopyEvidence, SearchedSets
from core.audit.copy_rows import count_repeats, make_copy_rows
from core.audit.copy_tables import COPY_COLUMNS, list_copies, tabulate_controls, tabulate_pairs
from core.audit.pairs import PAIRS_SCHEMA
from core.audit.result import MetricRow
from core.metrics.calibrated_copies import compute_calibrated_copies

__all__ = ["ALIGNED", "CopyAudit", "judge_evidence"]

ALIGNED = "pixels"
"""What the aligned search is called where extractors are named: it compares the same small pictures."""


@dataclass(slots=True)
class CopyAudit:
    """What one way of comparing images says of copies.

    Attributes:
        rows: the numbers.
        copies: one row a synthetic item, with the columns of `copies.csv`.
        pairs: the same and the controls, with the columns of `pairs.parquet`.
    """

    rows: list[MetricRow] = field(default_factory=list)
    copies: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COPY_COLUMNS)))
    pairs: pa.Table = field(default_factory=PAIRS_SCHEMA.empty_table)


def judge_evidence(
    evidence: CopyEvidence, sets: SearchedSets, *, raw_sets: Mapping[str, Sequence[str]]
) -> CopyAudit:
    """Calibrate every synthetic set by the null.

    Args:
        evidence: nearest images and ratios.
        sets: the study.
        raw_sets: by synthetic set, the set that each item falls into by MedSynAnalyzer's rule, where known.
    """
    audit = CopyAudit()
    copies, pairs = [], [tabulate_controls(evidence, sets)]
    for one in sets.synthetic:
        nearest = evidence.synthetic[one.name]
        judged = compute_calibrated_copies(
            synthetic=nearest.ratio,
            null=evidence.null.ratios,
            n_real=len(sets.real),
            false_flag_rate=sets.false_flag_rate,
        )
        audit.rows += make_copy_rows(one, judged, evidence)
        if evidence.extractor == ALIGNED:
            audit.rows.append(count_repeats(one, sets, evidence))
        table = tabulate_pairs(one, judged, evidence, sets, raw_sets.get(one.name))
        pairs.append(table)
        copies.append(list_copies(table, one, nearest, sets.real))
    audit.copies = pd.concat(copies, ignore_index=True)
    audit.pairs = pa.concat_tables([*pairs[1:], pairs[0]])
    return audit
