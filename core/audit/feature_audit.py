"""Everything that one extractor says of a study: features of all sets, metrics, and what copies are in it."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.feature_metrics import FeatureAudit, compute_feature_metrics
from core.audit.plan import MetricGroup, PlannedExtractor
from core.audit.protocol import Execution, Protocol
from core.audit.set_comparison import FeatureAuditOptions
from core.audit.set_features import SetFeatures, extract_views
from core.audit.study_copies import StudyCopies
from core.audit.volume_views import looks_along_planes
from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.features.base import FeatureBatch
from core.features.volume_view import name_plane
from core.images.slices import Plane
from core.progress import Progress

__all__ = ["audit_features"]


def audit_features(
    planned: PlannedExtractor,
    sets: Sequence[ImageSet],
    copies: StudyCopies,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> FeatureAudit:
    """Extract the features of every set and measure them; of volumes also along each plane.

    Args:
        planned: the extractor and what it is used for.
        sets: the study's sets, the real one first.
        copies: told what the features say of copies.
        protocol: what decides the numbers.
        execution: device, batch size and threads.
        settings: workspace and limits.
        progress: told about every image and every comparison.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        InputError: if the extractor cannot look at what the sets hold.
        CancelledError: if progress says so.
    """
    extractor = planned.extractor
    views = extract_views(
        sets,
        extractor,
        title=extractor.name,
        protocol=protocol,
        execution=execution,
        settings=settings,
        progress=progress,
    )
    features = _name_rows(sets, views.pop(None))
    audit = _measure(planned, sets, features, protocol, progress)
    if MetricGroup.COPIES in planned.groups:
        copies.add_features(
            extractor=extractor.name,
            kind=extractor.info.kind,
            features={one.name: one.batch.features for one in features},
            raw=audit.copies,
        )
    if MetricGroup.DISTRIBUTION in planned.groups:
        for plane in Plane if views else ():
            batches = views[plane]
            own = _measure(planned, sets, _name_rows(sets, batches), protocol, progress, plane)
            audit.rows += own.rows
            # A plane has as many items as all: what is too few for one need not be said four times.
            name = name_plane(extractor.name, plane)
            said = {warning.replace(extractor.name, name) for warning in audit.warnings}
            audit.warnings += [warning for warning in own.warnings if warning not in said]
    return audit


def _name_rows(sets: Sequence[ImageSet], batches: Sequence[FeatureBatch]) -> list[SetFeatures]:
    return [
        SetFeatures(
            image_set.name,
            tuple(item.id for item in image_set.items),
            tuple(item.label for item in image_set.items),
            batch,
            tuple(item.group_names for item in image_set.items),
        )
        for image_set, batch in zip(sets, batches, strict=True)
    ]


def _measure(
    planned: PlannedExtractor,
    sets: Sequence[ImageSet],
    features: Sequence[SetFeatures],
    protocol: Protocol,
    progress: Progress,
    plane: Plane | None = None,
) -> FeatureAudit:
    """Measure one view of an extractor; of a single plane, only distributions."""
    extractor = planned.extractor
    by_role = list(zip(sets, features, strict=True))
    # Means over slices are no features of pictures, whose distance alone is called FID.
    of_slices = looks_along_planes(extractor.info, sets, protocol.volume_view)
    return compute_feature_metrics(
        real=features[0],
        synthetic=[one for image_set, one in by_role if image_set.role is Role.SYNTHETIC],
        heldout=next((one for image_set, one in by_role if image_set.role is Role.HELDOUT), None),
        options=FeatureAuditOptions(
            extractor=extractor.name if plane is None else name_plane(extractor.name, plane),
            kind=extractor.info.kind,
            is_fid=getattr(extractor, "is_fid", False) and not of_slices,
            groups=planned.groups if plane is None else frozenset({MetricGroup.DISTRIBUTION}),
            nearest_k=protocol.nearest_k,
            collapse_margin=protocol.collapse_margin,
            seed=protocol.seed,
        ),
        progress=progress,
    )
