"""The demo: a phantom study whose faults are known, audited without weights and without a network."""

from __future__ import annotations

from core.audit.plan import WEIGHT_FREE
from core.audit.protocol import Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.config import Settings, get_settings
from core.datasets.phantoms.demo import DemoStudy, write_demo
from core.datasets.study import Study
from core.progress import Progress, SilentProgress

__all__ = ["audit_demo", "demo_protocol", "describe_demo", "prepare_demo"]


def prepare_demo(
    *, seed: int = 0, settings: Settings | None = None, progress: Progress | None = None
) -> DemoStudy:
    """Write the demo's images into the workspace, or find them there.

    Args:
        seed: seeds every image.
        settings: the workspace; the process's own when None.
        progress: told about every image written.

    Raises:
        StoreError: if the workspace cannot be written.
    """
    settings = settings or get_settings()
    return write_demo(settings.home / "demo" / "study", seed=seed, progress=progress or SilentProgress())


def describe_demo(demo: DemoStudy) -> Study:
    """Describe the written demo as a study."""
    return Study.from_folders(
        real=demo.real, heldout=demo.heldout, synthetic=dict(demo.synthetic), labels=demo.labels
    )


def audit_demo(
    *, seed: int = 0, settings: Settings | None = None, progress: Progress | None = None
) -> AuditResult:
    """Make and audit the demo with the extractors that need no weights.

    Args:
        seed: seeds the images and the audit's draws.
        settings: the workspace; the process's own when None.
        progress: told about every stage.

    Raises:
        StoreError: if the workspace cannot be written.
        CancelledError: if progress says so.
    """
    study = describe_demo(prepare_demo(seed=seed, settings=settings, progress=progress))
    return run_audit(study, demo_protocol(seed), settings=settings, progress=progress)


def demo_protocol(seed: int = 0) -> Protocol:
    """The demo's protocol: no weights, bias as well, one seed for all draws."""
    return Protocol(extractors=(WEIGHT_FREE,), seed=seed, bias=True)
