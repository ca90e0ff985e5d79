"""`python -m core efficiency`: what drawing from trained generators costs, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.choices import DeviceChoice
from core.commands.terminal_progress import TerminalProgress
from core.csv_text import render_csv
from core.errors import InputError
from core.features.base import Device
from core.generators.sampling_settings import SamplingSettings

__all__ = ["efficiency"]


def efficiency(
    *,
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Folders of trained runs.")],
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure anew on this machine, and keep it with the run.")
    ] = False,
    device: DeviceChoice = Device.AUTO,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="CSV", help="Also write a table.")
    ] = None,
) -> None:
    """Print memory for 8 images, time for 1,000 and speed of training of each run, device by device.

    Training measures them at its end; --measure does so for a run that was stopped, or on another device.
    """
    from core.generators.efficiency_record import load_efficiency
    from core.generators.run_folder import RunFolder
    from core.output_folder import replace_text
    from core.report.efficiency_table import (
        GeneratorCost,
        group_by_device,
        say_cheapest,
        tabulate_costs,
        write_memory,
    )

    costs = []
    for path in runs:
        run = RunFolder(path.absolute())
        options = run.read_record().options
        if measure:
            from core.features.device import resolve_device
            from core.generators.efficiency import measure_efficiency

            settings = SamplingSettings(precision=options.get("precision", "fp32"))
            with TerminalProgress() as progress:
                cost = measure_efficiency(
                    run, device=resolve_device(device), settings=settings, progress=progress
                )
        else:
            found = load_efficiency(run)
            if found is None:
                raise InputError(f"What {path} costs was not measured yet; measure it with --measure.")
            cost = found
        costs.append(GeneratorCost(path.name, cost, options))
    for name, group in group_by_device(costs).items():
        typer.echo(f"Drawn on {name}: {say_cheapest(group)}")
        for one in group:
            scaled = f" (scaled up from {one.cost.timed_images:,})" if one.is_scaled else ""
            speeds = one.training_speeds.items()
            typer.echo(
                f"  {one.name}: {one.title}, {one.cost.size_px} px; {write_memory(one.memory_mib)} for 8 "
                f"images; {one.cost.seconds_per_1000:,.3g} s for 1,000{scaled}, {one.drawing}; "
                f"{one.cost.n_parameters:,} parameters; training "
                + ", ".join(f"{phase} {speed:,.0f} images/s" for phase, speed in speeds)
                + f" on {one.cost.training_device}, {one.cost.training_seconds:,.0f} s."
            )
    if output is not None:
        replace_text(output, render_csv(tabulate_costs(costs)))
        typer.echo(f"Table: {output.absolute()}")
