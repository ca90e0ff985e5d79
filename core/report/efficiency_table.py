"""What generators cost, side by side: sentences and a table; devices are never mixed in a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from core.errors import UnknownNameError
from core.generators.efficiency_record import Efficiency
from core.generators.families import FAMILIES
from core.generators.options import GeneratorOptions
from core.generators.sampling_choices import find_run_defaults, list_sampling_choices
from core.report.numbers import format_value

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GeneratorCost", "group_by_device", "say_cheapest", "tabulate_costs", "write_memory"]

_TIMED_IMAGES = 1_000
_SAMPLERS = {"ddpm": "DDPM", "ddim": "DDIM", "dpm-solver": "DPM-Solver"}


@dataclass(frozen=True, slots=True)
class GeneratorCost:
    """One generator and what it costs.

    Attributes:
        name: what users call it.
        cost: as it was measured.
        options: of its training, as JSON.
    """

    name: str
    cost: Efficiency
    options: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Its family as readers call it."""
        try:
            return FAMILIES[self.cost.family].title
        except UnknownNameError:
            return self.cost.family

    @property
    def memory_mib(self) -> float:
        """Memory for 8 images in MiB; lower is better."""
        return self.cost.peak_memory_bytes / 2**20

    @property
    def is_scaled(self) -> bool:
        """Whether the time for 1,000 images was scaled up from fewer."""
        return self.cost.timed_images < _TIMED_IMAGES

    @property
    def drawing(self) -> str:
        """How images were drawn, in words; what was left to the run is looked up there."""
        asked = dict(self.cost.settings)
        parts = []
        options = self._read_options()
        defaults = {} if options is None else find_run_defaults(self.cost.family, options)
        for name in () if options is None else list_sampling_choices(self.cost.family, options):
            value = asked.get(name)
            value = defaults.get(name) if value is None else value
            if name == "sampler":
                parts.append(_SAMPLERS.get(str(value), str(value)))
            elif name == "steps":
                parts.append(f"{value} {'step' if value == 1 else 'steps'}")
            elif name in ("guidance", "truncation", "temperature") and value is not None:
                parts.append(f"{name} {float(str(value)):g}")
        if "precision" in asked:
            parts.append(str(asked["precision"]))
        if "batch_size" in asked:
            parts.append(f"batches of {asked['batch_size']}")
        return ", ".join(parts)

    @property
    def training_speeds(self) -> dict[str, float]:
        """Training images a second of each phase, in the order of training where it is known."""
        found = self.cost.training_images_per_second
        options = self._read_options()
        order = [] if options is None else list(options.list_phases(1))
        return {phase: found[phase] for phase in dict.fromkeys((*order, *found)) if phase in found}

    def _read_options(self) -> GeneratorOptions | None:
        """Its options, where this version understands them."""
        try:
            return FAMILIES[self.cost.family].options.model_validate(dict(self.options))
        except (UnknownNameError, ValidationError):
            return None


def group_by_device(costs: Sequence[GeneratorCost]) -> dict[str, list[GeneratorCost]]:
    """Part generators by the device that they were measured on, in their order; no other compares."""
    groups: dict[str, list[GeneratorCost]] = {}
    for one in costs:
        groups.setdefault(one.cost.device, []).append(one)
    return groups


def say_cheapest(costs: Sequence[GeneratorCost]) -> str:
    """Say which of the generators of one device draws fastest and takes least memory.

    Args:
        costs: at least one, all of one device.
    """
    fastest = min(costs, key=lambda one: (one.cost.seconds_per_1000, one.memory_mib))
    smallest = min(costs, key=lambda one: (one.memory_mib, one.cost.seconds_per_1000))
    time = f"{format_value(fastest.cost.seconds_per_1000, None, None)} s for 1,000 images"
    memory = f"{write_memory(smallest.memory_mib)} for 8"
    if len(costs) == 1:
        return f"{fastest.name} takes {time}, and {memory}."
    if fastest is smallest:
        return f"{fastest.name} is the fastest, {time}, and takes the least memory, {memory}."
    return f"{fastest.name} is the fastest, {time}; {smallest.name} takes the least memory, {memory}."


def write_memory(mib: float) -> str:
    """Write an amount of memory: MiB, from 1,024 on GiB."""
    return f"{mib / 1024:,.1f} GiB" if mib >= 1024 else f"{format_value(mib, None, None)} MiB"


def tabulate_costs(costs: Sequence[GeneratorCost]) -> pd.DataFrame:
    """Lay everything out for a CSV: one row a generator, values with all digits, units in the heads."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "generator": one.name,
                "family": one.cost.family,
                "size_px": one.cost.size_px,
                "channels": one.cost.channels,
                "parameters": one.cost.n_parameters,
                "memory_8_images_bytes": one.cost.peak_memory_bytes,
                "time_1000_images_s": one.cost.seconds_per_1000,
                "timed_images": one.cost.timed_images,
                "drawn_with": one.drawing,
                "drawn_on": one.cost.device,
                "training_images_per_s": "; ".join(
                    f"{phase} {speed:.6g}" for phase, speed in one.training_speeds.items()
                ),
                "training_s": one.cost.training_seconds,
                "trained_on": one.cost.training_device,
            }
            for one in costs
        ]
    )
