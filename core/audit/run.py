"""The audit: reads a study's sets, extracts features, and measures everything that its protocol asks for."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core import __version__
from core.audit.alikeness import compute_alikeness_rows
from core.audit.checks import check_study, find_shared, summarise_set
from core.audit.feature_audit import audit_features
from core.audit.items import tabulate_items
from core.audit.mean_images import MeanFrame, compute_variety_rows
from core.audit.multiscale import compute_multiscale_rows
from core.audit.plan import Plan, plan_extractors
from core.audit.protocol import Execution, Protocol
from core.audit.result import AuditResult, AuditSummary, ExtractorRecord, ProtocolRecord
from core.audit.set_means import average_sets
from core.audit.study_bias import StudyBias, measure_bias
from core.audit.study_copies import StudyCopies
from core.audit.volume_frame import VolumeFrame
from core.audit.volume_views import check_view, describe_view, explain_views
from core.bias.options import BiasChoices
from core.config import Settings, get_settings
from core.datasets.groups import explain_groups
from core.datasets.image_set import ImageSet
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.images.display import describe_intensity
from core.metrics.catalogue import METRICS
from core.progress import Progress, SilentProgress

__all__ = ["run_audit"]


def run_audit(
    study: Study,
    protocol: Protocol | None = None,
    *,
    execution: Execution | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Audit a study: every synthetic set against the real set, with floors, intervals and warnings.

    Features are taken from and kept in the workspace's feature store, so that a run that was interrupted goes
    on where it stopped and a second one computes only what is new. Nothing else is written.

    Args:
        study: the sets.
        protocol: what decides the numbers; the defaults when None.
        execution: device, batch size and threads; the defaults when None.
        settings: workspace and limits; the process's own when None.
        progress: told about every stage; may cancel.

    Returns:
        The typed result; `core.report.writer.write_audit` puts it on disk.

    Raises:
        ImageSetError: if a set cannot be used or changed while it was read.
        UnknownNameError: if an extractor is not known.
        WeightsError: if a named extractor's weights are not to be had.
        InputError: if options do not go together.
        StoreError: if the workspace cannot be written.
        CancelledError: if progress says so.
    """
    protocol = protocol or Protocol()
    execution = execution or Execution()
    settings = settings or get_settings()
    progress = progress or SilentProgress()
    started, clock = datetime.now(UTC), time.perf_counter()
    plan = plan_extractors(protocol, execution, settings=settings, progress=progress)
    for notice in plan.notices:
        progress.notice(notice)
    sets = scan_study(
        study,
        class_names=protocol.class_names,
        intensity=protocol.intensity,
        join_slices=protocol.join_slices,
        group_by=protocol.group_by,
        workers=execution.workers,
        settings=settings,
        progress=progress,
    )
    shared = find_shared(sets)
    warnings = [*check_study(sets, shared), *explain_groups(sets, protocol.group_by)]
    for one in plan.extractors:
        check_view(one.extractor.info, one.extractor.name, sets, protocol.volume_view)
    views = explain_views([one.extractor.info for one in plan.extractors], sets, protocol.volume_view)
    for notice in views:
        progress.notice(notice)
    copies = StudyCopies(sets, protocol=protocol, execution=execution, settings=settings, progress=progress)
    audits = [
        audit_features(one, sets, copies, protocol, execution, settings, progress) for one in plan.extractors
    ]
    copies.add_pixels()
    rows = [row for audit in audits for row in audit.rows] + copies.rows
    warnings += [warning for audit in audits for warning in audit.warnings] + copies.warnings
    if protocol.multiscale:
        more, too_small = compute_multiscale_rows(
            sets, plan, protocol=protocol, execution=execution, settings=settings, progress=progress
        )
        rows += more
        warnings += too_small
    means = average_sets(
        sets, protocol=protocol, workers=execution.workers, settings=settings, progress=progress
    )
    rows += compute_variety_rows(sets, means.volumes or means.images)
    alike, too_alone = compute_alikeness_rows(
        sets,
        frame=means.frame,
        seed=protocol.seed,
        workers=execution.workers,
        settings=settings,
        progress=progress,
    )
    rows += alike
    warnings += too_alone
    bias = StudyBias(None)
    if protocol.bias:
        bias = measure_bias(
            sets,
            BiasChoices(seed=protocol.seed),
            workers=execution.workers,
            settings=settings,
            progress=progress,
        )
    rows += bias.rows
    warnings += bias.warnings
    summary = AuditSummary(
        protocol=_record_protocol(protocol, plan, sets, means.frame),
        sets=tuple(summarise_set(image_set) for image_set in sets),
        shared=shared,
        warnings=tuple(dict.fromkeys(warnings)),
        notices=(*plan.notices, *views),
        results=tuple(rows),
        started=started,
        seconds=round(time.perf_counter() - clock, 3),
    )
    return AuditResult(
        summary, copies.table, means.images, tabulate_items(sets), copies.pairs, bias.bias, means.volumes
    )


def _printable(choices: dict[str, Any]) -> dict[str, Any]:
    """Paths that are not UTF-8 must still fit into JSON."""
    return {
        name: os.fsencode(value).decode("utf-8", "backslashreplace") if isinstance(value, str) else value
        for name, value in choices.items()
    }


def _record_protocol(
    protocol: Protocol, plan: Plan, sets: Sequence[ImageSet], frame: MeanFrame | VolumeFrame
) -> ProtocolRecord:
    packages = ("numpy", "scipy", "pillow", "torch", "torchvision", "timm")
    return ProtocolRecord(
        choices=_printable(protocol.model_dump(mode="json")),
        extractors=tuple(
            ExtractorRecord(
                name=one.extractor.name,
                identity=one.extractor.identity,
                weights_sha256=one.extractor.weights_sha256,
                metrics=tuple(sorted(one.groups)),
                standardised=one.extractor.info.standardise,
                view=describe_view(one.extractor.info, sets, protocol.volume_view),
            )
            for one in plan.extractors
        ),
        intensity=describe_intensity(protocol.intensity, of_volumes=sets[0].has_volumes),
        mean_image_size=(frame.width, frame.height) if isinstance(frame, MeanFrame) else None,
        mean_volume_size=frame.shape if isinstance(frame, VolumeFrame) else None,
        metric_versions={name: facts.version for name, facts in METRICS.items()},
        software={
            "medsynaudit": __version__,
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
        },
        device=next((str(d) for p in plan.extractors if (d := getattr(p.extractor, "device", None))), "cpu"),
    )
