"""Summaries of an audit and of experiments with chosen numbers, without any image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from core.audit.result import AuditSummary, Floor, MetricRow, ProtocolRecord, SetSummary
from core.utility.arms import ExperimentKind, plan_arms
from core.utility.presets import UtilityProtocol
from core.utility.result import ArmRecord, ArmScore, Comparison, UsedSet, UtilitySummary

__all__ = ["make_audit", "make_experiment"]

CLASSES = {"a": 30, "b": 30}
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def make_audit(
    names: Sequence[str],
    metrics: Mapping[tuple[str, str | None], Sequence[float | None]],
    *,
    class_name: str | None = None,
    n: Mapping[str, int] | None = None,
    at_n: Mapping[str, int] | None = None,
) -> AuditSummary:
    """An audit of sets by name, with metrics by (id, extractor), a value a set."""
    rows = [
        MetricRow(
            synthetic=name,
            extractor=extractor,
            class_name=class_name,
            metric=metric,
            value=value,
            low=None if value is None else value - 0.5,
            high=None if value is None else value + 0.5,
            n_real=60,
            n_synthetic=60,
            floor_detail=Floor(kind="heldout", value=1.0, n=at_n[name], value_at_n=value)
            if at_n and name in at_n
            else None,
            note="" if value is not None else "Too few images.",
        )
        for (metric, extractor), values in metrics.items()
        for name, value in zip(names, values, strict=True)
    ]
    sets = [
        SetSummary(
            role="real" if name == "real" else "synthetic",
            name=name,
            folder=f"/data/{name}",
            n=(n or {}).get(name, 60),
            digest=digest(name),
            classes=CLASSES,
            formats={"PNG 8-bit grey": 60},
            sizes=((64, 64), (64, 64)),
        )
        for name in ("real", *names)
    ]
    protocol = ProtocolRecord(
        choices={},
        extractors=(),
        intensity="as stored",
        mean_image_size=None,
        metric_versions={},
        software={},
        device="cpu",
    )
    return AuditSummary(protocol=protocol, sets=tuple(sets), results=tuple(rows), started=WHEN, seconds=1.0)


def make_experiment(
    names: Sequence[str],
    changes: Sequence[float],
    *,
    kind: ExperimentKind = "augmentation",
    protocol: UtilityProtocol | None = None,
    sets: Mapping[str, UsedSet] | None = None,
) -> UtilitySummary:
    """An experiment in which every arm with a set changes each score by that set's number, a share."""
    planned = plan_arms(kind, protocol or UtilityProtocol(repeats=6), names)
    by_name = dict(zip(names, changes, strict=True))
    scores, comparisons = [], []
    for arm in planned:
        change = by_name.get(arm.synthetic or "", 0.0)
        for score, label in (("accuracy", None), ("recall", "a")):
            scores.append(
                ArmScore(
                    arm=arm.id,
                    score=score,
                    class_name=label,
                    mean=0.7 + change,
                    low=0.6 + change,
                    high=0.8 + change,
                    sd=0.05,
                    n_repeats=6,
                    n_test=60,
                )
            )
            comparisons += [
                Comparison(
                    arm=arm.id,
                    baseline=baseline,
                    score=score,
                    class_name=label,
                    change=change,
                    low=change - 0.02,
                    high=change + 0.02,
                    changes=(change,) * 6,
                    p=0.03,
                    p_holm=0.03,
                )
                for baseline in arm.baselines
            ]
    used = {
        name: UsedSet(
            role=role,
            name=name,
            folder=f"/elsewhere/{name}",
            n=60,
            classes=CLASSES,
            digest=digest(f"with patients {name}"),
            images_digest=digest(name),
        )
        for role, name in (("real", "real"), ("test", "heldout"), *(("synthetic", name) for name in names))
    }
    return UtilitySummary(
        experiment=kind,
        protocol={},
        channels=1,
        classes=tuple(CLASSES),
        warnings=("Six repeats are few.",),
        weights="scratch",
        device="cpu",
        software={},
        sets=tuple((used | dict(sets or {})).values()),
        arms=tuple(
            ArmRecord(
                id=arm.id,
                title=arm.title,
                real=arm.real,
                synthetic=arm.synthetic,
                ratio=arm.ratio,
                traditional=arm.traditional,
                last_layer=arm.last_layer,
                trained=arm.trained,
                baselines=arm.baselines,
            )
            for arm in planned
        ),
        runs=(),
        scores=tuple(scores),
        comparisons=tuple(comparisons),
        started=WHEN,
        seconds=1.0,
    )
