"""What generators cost side by side: words, groups and the CSV, from planted costs."""

from __future__ import annotations

import pytest

from core.fidelity_utility.published import SOURCE as STUDY
from core.generators.efficiency_record import Efficiency
from core.generators.published_costs import PUBLISHED_COSTS, SOURCE
from core.report.efficiency_table import (
    GeneratorCost,
    group_by_device,
    say_cheapest,
    tabulate_costs,
    write_memory,
)

__all__ = ["make_cost"]


def make_cost(name: str = "one", **changes: object) -> GeneratorCost:
    """A planted cost."""
    options = changes.pop("options", {"size_px": 32, "channels": 1})
    planted = {
        "family": "dcgan", "device": "CPU (two cores)", "size_px": 32, "channels": 1,
        "settings": {"steps": None, "sampler": None, "guidance": None, "precision": "fp32", "batch_size": 16},
        "peak_memory_bytes": 3 << 20, "seconds_per_1000": 2.5, "timed_images": 1000, "n_parameters": 1234,
        "training_images_per_second": {"gan": 500.0}, "training_device": "cuda", "training_seconds": 61.0,
    }  # fmt: skip
    return GeneratorCost(name, Efficiency.model_validate(planted | changes), options)


def test_the_cheapest_is_named_once_or_twice() -> None:
    quick, small = make_cost("quick"), make_cost("small", peak_memory_bytes=1 << 20, seconds_per_1000=9)
    assert say_cheapest([quick]) == "quick takes 2.50 s for 1,000 images, and 3 MiB for 8."
    assert say_cheapest([small, quick]) == (
        "quick is the fastest, 2.50 s for 1,000 images; small takes the least memory, 1 MiB for 8."
    )
    both = make_cost("both", peak_memory_bytes=1 << 19, seconds_per_1000=1)
    assert say_cheapest([quick, both, small]).startswith("both is the fastest, 1 s for 1,000 images, and")


def test_devices_are_kept_apart() -> None:
    costs = [make_cost("a"), make_cost("b", device="H100"), make_cost("c")]
    groups = group_by_device(costs)
    assert {device: [one.name for one in group] for device, group in groups.items()} == {
        "CPU (two cores)": ["a", "c"], "H100": ["b"],
    }  # fmt: skip


def test_what_was_left_to_the_run_is_looked_up_there() -> None:
    options = {"size_px": 32, "sampler": "ddim", "steps": 50}
    diffusion = make_cost(family="ddpm", options=options)
    assert diffusion.drawing == "DDIM, 50 steps, fp32, batches of 16"
    asked = diffusion.cost.settings | {"sampler": "dpm-solver", "steps": 1}
    chosen = make_cost(family="ddpm", options=options, settings=asked)
    assert chosen.drawing == "DPM-Solver, 1 step, fp32, batches of 16"
    guided = make_cost(family="ddpm", options=options | {"is_conditional": True, "guidance": 2.0})
    assert "guidance 2" in guided.drawing
    # Of another version or family, only what was measured is known.
    assert make_cost(family="ddpm", options={"unheard": 1}).drawing == "fp32, batches of 16"
    assert (make_cost(family="strange").title, make_cost().title) == ("strange", "DCGAN")


def test_phases_stand_in_the_order_of_training() -> None:
    speeds = {"autoencoder": 1.0, "prior-bottom": 2.0, "prior-top": 3.0}
    found = make_cost(family="vqvae2", training_images_per_second=speeds).training_speeds
    assert list(found.items()) == [("autoencoder", 1.0), ("prior-top", 3.0), ("prior-bottom", 2.0)]
    assert make_cost(family="strange", training_images_per_second=speeds).training_speeds == speeds


def test_the_csv_has_all_digits_and_says_what_was_scaled() -> None:
    table = tabulate_costs([make_cost(seconds_per_1000=1 / 3, timed_images=48)])
    (row,) = table.to_dict("records")
    assert row["time_1000_images_s"] == pytest.approx(1 / 3, abs=0) and row["timed_images"] == 48
    assert row["memory_8_images_bytes"] == 3 << 20 and row["training_images_per_s"] == "gan 500"
    assert make_cost(timed_images=48).is_scaled and not make_cost().is_scaled


def test_memory_is_written_in_the_unit_that_fits() -> None:
    assert [write_memory(mib) for mib in (3, 47.55, 1024, 70_000)] == [
        "3 MiB", "47.5 MiB", "1.0 GiB", "68.4 GiB",
    ]  # fmt: skip


def test_the_published_figures_are_those_of_the_study() -> None:
    found = {one.model: (one.memory_bytes, one.seconds_per_1000) for one in PUBLISHED_COSTS}
    assert found == {"StyleGAN2": (1.19e9, 60.0), "LDM": (70.6e9, 2340.0)}
    assert SOURCE == STUDY
