"""MM-FID and MM-STD: Fréchet distances and feature spreads over several extractors and resolutions."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.plan import MetricGroup, Plan
from core.audit.protocol import Execution, Protocol
from core.audit.result import MetricRow
from core.audit.set_features import extract_sets
from core.audit.volume_views import describe_view
from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.errors import InputError
from core.features.base import FeatureKind
from core.features.registry import get_extractor_info, load_extractor
from core.features.volume_view import VolumeView
from core.metrics.feature_std import compute_feature_std
from core.metrics.frechet import frechet_distance
from core.metrics.multiscale import compute_mm_fid, compute_mm_std
from core.progress import Progress

__all__ = ["compute_multiscale_rows"]

# What the spread of a feature needs; the Fréchet distance needs no more.
_MIN_IMAGES = 4


def compute_multiscale_rows(
    sets: Sequence[ImageSet],
    plan: Plan,
    *,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> tuple[list[MetricRow], list[str]]:
    """Measure every synthetic set over extractors x resolutions.

    Args:
        sets: the study's sets, the real one first.
        plan: the audit's extractors, used where the protocol names none for this.
        protocol: extractors and resolutions.
        execution: device, batch size and threads.
        settings: workspace and limits.
        progress: told about every image of every pass.

    Returns:
        Rows `mm_fid` and `mm_std` for each synthetic set, whose extractor names the whole grid, and a
        sentence for each set that was too small.

    Raises:
        InputError: if no extractor with continuous features is left.
    """
    names = protocol.multiscale_extractors or tuple(
        one.extractor.name
        for one in plan.extractors
        if MetricGroup.DISTRIBUTION in one.groups and one.extractor.info.kind is FeatureKind.CONTINUOUS
    )
    if not names:
        raise InputError(
            "MM-FID needs an extractor with continuous features; name one with --multiscale-extractor."
        )
    views = {describe_view(get_extractor_info(name), sets, protocol.volume_view) for name in names}
    seen = _explain(protocol.volume_view) if views - {""} else ""
    small = [s.name for s in sets if s.role is Role.SYNTHETIC and len(s) < _MIN_IMAGES]
    shown = [s for s in sets if s.role is not Role.HELDOUT and s.name not in small]
    distances: dict[str, dict[str, list[float]]] = {s.name: {name: [] for name in names} for s in shown[1:]}
    spreads: dict[str, dict[str, list[float]]] = {s.name: {name: [] for name in names} for s in shown[1:]}
    for name in names:
        for resolution in protocol.multiscale_resolutions:
            options = protocol.extractor_options(execution, resolution=resolution)
            extractor = load_extractor(name, options, settings=settings, progress=progress)
            batches = extract_sets(
                shown,
                extractor,
                title=f"{name} at {resolution} px",
                protocol=protocol,
                execution=execution,
                settings=settings,
                progress=progress,
            )
            features = [batch.features for batch in batches]
            for image_set, synthetic in zip(shown[1:], features[1:], strict=True):
                distances[image_set.name][name].append(frechet_distance(features[0], synthetic))
                spreads[image_set.name][name].append(compute_feature_std(synthetic=synthetic).value)
    grid = f"{' + '.join(names)} at {', '.join(map(str, protocol.multiscale_resolutions))} px"
    rows = []
    for image_set in shown[1:]:
        n_real, n_synthetic = len(shown[0]), len(image_set)
        scores = {
            "mm_fid": compute_mm_fid(
                distances=distances[image_set.name], n_real=n_real, n_synthetic=n_synthetic
            ),
            "mm_std": compute_mm_std(deviations=spreads[image_set.name], n_synthetic=n_synthetic),
        }
        for metric, score in scores.items():
            spread = f"Spread over the grid's cells {score.spread:.3g}."
            rows.append(
                MetricRow(
                    synthetic=image_set.name,
                    extractor=grid,
                    class_name=None,
                    metric=metric,
                    value=score.estimate.value,
                    low=score.estimate.low,
                    high=score.estimate.high,
                    n_real=score.estimate.n_real,
                    n_synthetic=score.estimate.n_synthetic,
                    note=" ".join(filter(None, (spread, score.estimate.note, seen))),
                )
            )
    warnings = [f"mm_fid, mm_std left out for {name!r}: they need {_MIN_IMAGES} images." for name in small]
    return rows, warnings


def _explain(view: VolumeView) -> str:
    """Say what the resolutions are of where items are volumes."""
    if view is VolumeView.MONTAGE:
        return "Resolutions are those of montages of up to 16 axial slices, one a volume."
    return (
        "Resolutions are those of single slices, whose features are averaged over three planes; networks in "
        "3-D see whole volumes."
    )
