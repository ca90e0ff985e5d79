"""`python -m core map`: lays out an audit's feature space, as files for other tools and for the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.choices import BatchSize, DeviceChoice, Workers
from core.commands.terminal_progress import TerminalProgress
from core.errors import InputError
from core.features.base import Device

__all__ = ["make_map_command"]


def make_map_command(
    audit_folder: Annotated[
        Path | None,
        typer.Option("--audit-folder", metavar="DIR", help="Folder that `core audit --output` wrote."),
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="ID", help="Or an audit of the dashboard, by its id.")
    ] = None,
    extractor: Annotated[
        str | None,
        typer.Option("--extractor", metavar="ID", help="One of the audit's; its first when not given."),
    ] = None,
    n_neighbors: Annotated[
        int,
        typer.Option("--n-neighbors", min=2, max=200, help="Few show detail, many show the whole."),
    ] = 15,
    min_dist: Annotated[
        float, typer.Option("--min-dist", min=0.0, max=0.99, help="How close neighbours may be put.")
    ] = 0.1,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds the layout.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also write ids, sets and coordinates as CSV."),
    ] = None,
    device: DeviceChoice = Device.AUTO,
    batch_size: BatchSize = 32,
    workers: Workers = None,
) -> None:
    """Lay out an audit's images by UMAP and principal components.

    The map is kept in the audit's folder, where the dashboard's Feature space page finds it. How far clusters
    of a UMAP lie apart means nothing; who is whose neighbour does.
    """
    from core.audit.archive import load_audit_summary, load_summary
    from core.audit.protocol import Execution
    from core.config import get_settings
    from core.datasets.study_folders import confine_to_roots
    from core.db.database import open_database
    from core.jobs.job_folder import audit_folder as folder_of
    from core.maps.feature_map import make_map
    from core.maps.map_options import MapOptions
    from core.maps.map_points import write_coordinates

    if (audit_folder is None) == (audit is None):
        raise InputError("Name the audit by --audit-folder DIR or by --audit ID, one of the two.")
    settings = get_settings()
    if audit is not None:
        _, summary = load_audit_summary(open_database(settings), audit)
        folder, settings = folder_of(settings, audit), confine_to_roots(settings)
    else:
        assert audit_folder is not None
        folder, summary = audit_folder, load_summary(audit_folder)
    with TerminalProgress() as progress:
        key = make_map(
            folder,
            summary,
            extractor=extractor or summary.protocol.extractors[0].name,
            options=MapOptions(n_neighbors=n_neighbors, min_dist=min_dist, seed=seed),
            execution=Execution(device=device, batch_size=batch_size, workers=workers),
            settings=settings,
            progress=progress,
        )
    typer.echo(str((folder / "maps" / f"{key}.parquet").absolute()))
    if output is not None:
        output.write_text(write_coordinates(folder, key), encoding="utf-8")
        typer.echo(str(output.absolute()))
