"""Calibrated copies of every synthetic set: its numbers, its pairs, and what stands in the way of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from core.audit.aligned_search import AlignedSearch
from core.audit.copy_evidence import CopyEvidence, NearestImages, SearchedSets
from core.audit.items import make_item_id
from core.audit.pairs import PAIRS_SCHEMA
from core.audit.protocol import Execution, Protocol
from core.audit.result import Floor, MetricRow
from core.config import Settings
from core.copies.repeats import are_repeats
from core.datasets.image_set import ImageSet, Role
from core.errors import TooFewImagesError
from core.metrics.calibrated_copies import CalibratedCopies, RateComparison, compute_calibrated_copies
from core.metrics.ct_score import compute_ct_score
from core.metrics.estimate import Array, Estimate
from core.metrics.membership_inference import compute_membership_inference
from core.metrics.nearest_train import find_nearest_train
from core.metrics.neighbourhood import DistanceMetric
from core.metrics.share import compute_share
from core.progress import Progress

__all__ = [
    "ALIGNED",
    "COPY_COLUMNS",
    "CopyAudit",
    "judge_evidence",
    "measure_heldout_distances",
    "search_study",
]

ALIGNED = "pixels"
"""What the aligned search is called where extractors are named: it compares the same small pictures."""

COPY_COLUMNS = (
    "synthetic",
    "synthetic_item",
    "nearest_real",
    "distance",
    "set",
    "extractor",
    "rho",
    "p_value",
    "q_value",
    "transform",
    "pixel_agreement",
    "flagged",
)


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


def search_study(
    sets: Sequence[ImageSet],
    *,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> tuple[SearchedSets, tuple[str, ...]]:
    """Search the real set for what each image of the other sets may be a copy of.

    Returns:
        The study as searched, and one sentence each on pictures that stand in more than one real image.

    Raises:
        TooFewImagesError: if there are too few different real images.
        CancelledError: if progress says so.
    """
    real = sets[0]
    search = AlignedSearch(real, execution=execution, settings=settings, progress=progress)
    thumbnails = {one.name: search.load_thumbnails(one) for one in sets[1:]}
    left_out = search.left_out
    searched = SearchedSets(
        real=real,
        heldout=next((one for one in sets if one.role is Role.HELDOUT), None),
        synthetic=tuple(one for one in sets if one.role is Role.SYNTHETIC),
        search=search,
        thumbnails=thumbnails,
        matches={one.name: search.search(one, thumbnails[one.name]) for one in sets[1:]},
        false_flag_rate=protocol.false_flag_rate,
        seed=protocol.seed,
    )
    warnings = []
    n_repeated = int(left_out.repeats.sum())
    if n_repeated:
        warnings.append(
            f"{n_repeated:,} of {len(real):,} real images show the same picture as "
            "another one, as it is, turned, or with another contrast: they count as one where copies are "
            "searched."
        )
    if searched.heldout is not None:
        n_leaks = len(searched.heldout) - len(searched.innocent)
        if n_leaks:
            warnings.append(
                f"{n_leaks:,} of {len(searched.heldout):,} held-out images show the "
                "same picture as a real (train) image, as it is, turned, or with another contrast: they are "
                "left out where copies are calibrated, and every other number against the held-out set is "
                "too good."
            )
    return searched, tuple(warnings)


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
    copies, pairs = [], [_tabulate_controls(evidence, sets)]
    for one in sets.synthetic:
        nearest = evidence.synthetic[one.name]
        judged = compute_calibrated_copies(
            synthetic=nearest.ratio,
            null=evidence.null.ratios,
            n_real=len(sets.real),
            false_flag_rate=sets.false_flag_rate,
        )
        audit.rows += _make_rows(one, judged, evidence)
        if evidence.extractor == ALIGNED:
            audit.rows.append(_count_repeats(one, sets, evidence))
        table = _tabulate(one, judged, evidence, sets, raw_sets.get(one.name))
        pairs.append(table)
        frame = table.to_pandas()
        frame["synthetic"] = one.name
        frame["synthetic_item"] = [item.id for item in one.items]
        frame["nearest_real"] = [sets.real.items[row].id for row in nearest.real_index.tolist()]
        copies.append(frame[list(COPY_COLUMNS)])
    audit.copies = pd.concat(copies, ignore_index=True)
    audit.pairs = pa.concat_tables([*pairs[1:], pairs[0]])
    return audit


def measure_heldout_distances(
    sets: SearchedSets,
    features: Mapping[str, Array],
    *,
    extractor: str,
    metric: DistanceMetric,
    seed: int,
) -> tuple[list[MetricRow], list[str]]:
    """Measure what needs held-out images beside synthetic ones: membership inference and the CT score.

    Held-out images that repeat a training image are left out.

    Returns:
        The numbers, and one sentence a set on what was left out.
    """
    rows: list[MetricRow] = []
    warnings: list[str] = []
    if sets.heldout is None or not len(sets.innocent):
        return rows, warnings
    real, heldout = features[sets.real.name], features[sets.heldout.name][sets.innocent]
    for one in sets.synthetic:
        made = features[one.name]

        def attack(made: Array = made, name: str = one.name) -> list[MetricRow]:
            near, far = (
                find_nearest_train(real=made, queries=queries, metric=metric).distance
                for queries in (real, heldout)
            )
            found = compute_membership_inference(real=near, heldout=far, n_synthetic=len(made), seed=seed)
            return [
                _row("membership_auc", name, extractor, found.auc),
                _row("membership_power", name, extractor, found.low_rate_power),
            ]

        def weigh(made: Array = made, name: str = one.name) -> list[MetricRow]:
            found = compute_ct_score(real=real, synthetic=made, heldout=heldout, metric=metric, seed=seed)
            note = (
                f"A generator that draws from the real distribution scores below "
                f"{-1.645 * found.null_sd:.2f} in 5 % of cases; negative means copying."
            )
            return [_row("ct_score", name, extractor, found.score, note=note)]

        steps: tuple[tuple[str, Callable[[], list[MetricRow]]], ...] = (
            ("Membership inference", attack),
            ("CT score", weigh),
        )
        for title, measure in steps:
            try:
                rows += measure()
            except TooFewImagesError as error:
                warnings.append(
                    f"{title} left out with {extractor!r} for {one.name!r}: too few images ({error})"
                )
    return rows, warnings


def _make_rows(one: ImageSet, judged: CalibratedCopies, evidence: CopyEvidence) -> list[MetricRow]:
    name, extractor = one.name, evidence.extractor
    expected = judged.expected_false_flags
    against = f"Held against {evidence.null.title}."
    if judged.note:
        undefined = [
            MetricRow(
                synthetic=name,
                extractor=extractor,
                class_name=None,
                metric=metric,
                value=None,
                low=None,
                high=None,
                n_real=expected.n_real,
                n_synthetic=expected.n_synthetic,
                note=f"{judged.note} {against}",
            )
            for metric in ("flagged", "flag_excess")
        ]
        return [*undefined, _row("copy_excess", name, extractor, judged.copy_rate.excess, note=against)]
    false_flags = (
        f"{expected.value:.1f} false flags are expected in an innocent set of this size "
        f"({expected.low:.0f} to {expected.high:.0f} in 95 % of such sets)."
    )

    def floor(rates: RateComparison) -> Floor:
        return Floor(
            kind=evidence.null.kind,
            value=rates.null.value,
            low=rates.null.low,
            high=rates.null.high,
            n=judged.n_null,
        )

    rows = [
        _row(
            "flagged",
            name,
            extractor,
            judged.flag_rate.synthetic,
            floor(judged.flag_rate),
            f"{false_flags} {against}",
        ),
        _row("flag_excess", name, extractor, judged.flag_rate.excess, note=against),
        _row("copy_excess", name, extractor, judged.copy_rate.excess, note=against),
    ]
    labels = np.array([item.label for item in one.items], dtype=object)
    for label in one.classes:
        members = labels == label
        share = compute_share(int(judged.flagged[members].sum()), int(members.sum()), n_real=expected.n_real)
        rows.append(
            _row("flagged", name, extractor, share, floor(judged.flag_rate), against, class_name=label)
        )
    return rows


def _count_repeats(one: ImageSet, sets: SearchedSets, evidence: CopyEvidence) -> MetricRow:
    repeats = are_repeats(sets.matches[one.name])
    share = compute_share(int(repeats.sum()), len(one), n_real=len(sets.real))
    return _row("repeated", one.name, evidence.extractor, share)


def _row(
    metric: str,
    synthetic: str,
    extractor: str,
    estimate: Estimate,
    floor: Floor | None = None,
    note: str = "",
    class_name: str | None = None,
) -> MetricRow:
    return MetricRow(
        synthetic=synthetic,
        extractor=extractor,
        class_name=class_name,
        metric=metric,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n_real=estimate.n_real,
        n_synthetic=estimate.n_synthetic,
        floor=None if floor is None else floor.value,
        floor_detail=floor,
        note=" ".join(part for part in (estimate.note, note) if part),
    )


def _tabulate(
    one: ImageSet,
    judged: CalibratedCopies,
    evidence: CopyEvidence,
    sets: SearchedSets,
    raw: Sequence[str] | None,
) -> pa.Table:
    verdicts = {
        "p_value": judged.p_values,
        "q_value": judged.q_values,
        "flagged": judged.flagged,
        "set": None if raw is None else list(raw),
    }
    rows = np.arange(len(one))
    return _lay_out(one, rows, evidence.synthetic[one.name], sets.real, evidence.extractor, verdicts)


def _tabulate_controls(evidence: CopyEvidence, sets: SearchedSets) -> pa.Table:
    """Controls are what p-values are taken from and have none of their own."""
    controls = evidence.controls
    return _lay_out(controls.image_set, controls.rows, controls.nearest, sets.real, evidence.extractor, {})


def _lay_out(
    image_set: ImageSet,
    rows: NDArray[np.intp],
    nearest: NearestImages,
    real: ImageSet,
    extractor: str,
    verdicts: Mapping[str, Any],
) -> pa.Table:
    """One row an image, in the columns of `pairs.parquet`."""
    n, pixels = len(rows), nearest.pixels
    real_ids = _make_ids(real, nearest.real_index)
    columns: dict[str, Any] = {
        "query_id": _make_ids(image_set, rows),
        "query_set": [image_set.name] * n,
        "query_role": [image_set.role.value] * n,
        "real_id": real_ids,
        "extractor": [extractor] * n,
        "distance": nearest.distance,
        "rho": nearest.ratio,
        "transform": [transform.value for transform in pixels.transforms],
        "pixel_agreement": pixels.pixel_agreement,
        "overlap": pixels.overlap,
        # (n, 2, 3) -> n lists of 6
        "warp": list(pixels.warps.reshape(n, 6)),
    }
    columns |= {name: values for name, values in verdicts.items() if values is not None}
    arrays = [
        pa.array(columns[name], type=kind) if name in columns else pa.nulls(n, kind)
        for name, kind in zip(PAIRS_SCHEMA.names, PAIRS_SCHEMA.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=PAIRS_SCHEMA)


def _make_ids(image_set: ImageSet, rows: NDArray[np.intp]) -> list[str]:
    items = [image_set.items[row] for row in rows.tolist()]
    return [make_item_id(image_set.name, item.id, item.digest) for item in items]
