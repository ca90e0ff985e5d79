"""Which extractors an audit uses, and for which groups of metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.audit.protocol import Execution, Protocol
from core.config import Settings
from core.errors import InputError, WeightsError
from core.features.base import Extractor
from core.features.registry import get_extractor_info, load_extractor
from core.progress import Progress

__all__ = ["AUTO", "WEIGHT_FREE", "MetricGroup", "Plan", "PlannedExtractor", "plan_extractors"]

AUTO = "auto"
"""Stands for the default: the FID Inception where its weights are to be had, else `WEIGHT_FREE`."""

WEIGHT_FREE = "weight-free"
"""Stands for the default that needs no weights: `texture` for distributions, `pixels` for copies."""


class MetricGroup(StrEnum):
    """Metrics that compare two clouds of features, and metrics that ask of each item whether it is a copy."""

    DISTRIBUTION = "distribution"
    COPIES = "copies"


_BOTH = frozenset(MetricGroup)

_WEIGHT_FREE_NOTICE = (
    "No number here is an FID: distances between distributions use the extractor 'texture' and copies are "
    "searched with 'pixels'. They compare sets within this audit, not with published figures."
)


@dataclass(frozen=True, slots=True)
class PlannedExtractor:
    """One extractor, ready to run, and what it is used for."""

    extractor: Extractor
    groups: frozenset[MetricGroup]


@dataclass(frozen=True, slots=True)
class Plan:
    """The extractors of an audit, and sentences that must be shown with their numbers."""

    extractors: tuple[PlannedExtractor, ...]
    notices: tuple[str, ...]


def plan_extractors(
    protocol: Protocol, execution: Execution, *, settings: Settings, progress: Progress
) -> Plan:
    """Build every extractor that the protocol asks for.

    An extractor named by the user serves all metrics. The defaults divide the work: networks trained on
    photographs see style but forgive shifts, thumbnails see copies but no style.

    Args:
        protocol: what the user chose.
        execution: where networks run.
        settings: where weights are looked for.
        progress: told about a download.

    Raises:
        UnknownNameError: if an extractor's name is not known.
        WeightsError: if a named extractor's weights are not to be had.
        InputError: if an extractor is named twice, or an option does not go with it.
    """
    options = protocol.extractor_options(execution)

    def load(name: str) -> Extractor:
        return load_extractor(name, options, settings=settings, progress=progress)

    planned: list[PlannedExtractor] = []
    notices: list[str] = []
    for name in protocol.extractors or (AUTO,):
        if name == AUTO:
            try:
                planned.append(PlannedExtractor(load("inception-fid"), _BOTH))
                copies = frozenset({MetricGroup.COPIES})
                planned.append(PlannedExtractor(load("pixels"), copies))
            except WeightsError as error:
                if protocol.weights is not None:
                    raise
                planned += _weight_free(load)
                notices.append(f"The FID Inception's weights were not found. {_WEIGHT_FREE_NOTICE} ({error})")
        elif name == WEIGHT_FREE:
            planned += _weight_free(load)
            notices.append(_WEIGHT_FREE_NOTICE)
        else:
            planned.append(PlannedExtractor(load(name), _BOTH))
    if protocol.weights is not None and not any(p.extractor.info.id == "inception-fid" for p in planned):
        raise InputError(
            "--weights is the weight file of inception-fid, which is not among the extractors; a timm model "
            "takes its own as timm:<name>?weights=PATH."
        )
    for name in protocol.multiscale_extractors:
        get_extractor_info(name)  # an unknown one is found before hours of work
    names = [plan.extractor.name for plan in planned]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"The extractor {name!r} is asked for twice; name each once.")
    return Plan(tuple(planned), (*notices, *_weight_notices(planned)))


def _weight_free(load: Callable[[str], Extractor]) -> list[PlannedExtractor]:
    return [
        PlannedExtractor(load("texture"), frozenset({MetricGroup.DISTRIBUTION})),
        PlannedExtractor(load("pixels"), frozenset({MetricGroup.COPIES})),
    ]


def _weight_notices(planned: list[PlannedExtractor]) -> list[str]:
    return [
        f"The weights given to {plan.extractor.name!r} are not the published ones "
        f"(SHA-256 {str(plan.extractor.weights_sha256)[:12]}...): its numbers cannot be compared with "
        "published figures."
        for plan in planned
        if getattr(plan.extractor, "published", True) is False
    ]
