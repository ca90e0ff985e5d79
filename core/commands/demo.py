"""`python -m core demo`: a study with known faults, made and audited offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.outcome import print_outcome
from core.commands.terminal_progress import TerminalProgress

__all__ = ["demo"]


def demo(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder for the results; in the workspace by default."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds images and audit.")] = 0,
) -> None:
    """Make a phantom study whose faults are known, and audit it; needs no data and no network."""
    from core.audit.demo import audit_demo
    from core.config import get_settings
    from core.output_folder import check_output_folder
    from core.report.writer import write_audit

    folder = output or get_settings().home / "demo" / "audit"
    check_output_folder(folder)
    with TerminalProgress() as progress:
        result = audit_demo(seed=seed, progress=progress)
        write_audit(result, folder)
    print_outcome(result, folder)
