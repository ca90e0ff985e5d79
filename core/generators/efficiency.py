"""What a trained generator costs: memory, time and size on the device used, kept with the run."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.generators.checkpoint import list_states
from core.generators.efficiency_record import Efficiency
from core.generators.random_streams import name_image_seeds
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.generators.tensor_memory import measure_peak
from core.output_folder import cannot_write, replace_text
from core.progress import Progress, SilentProgress

__all__ = ["measure_efficiency"]

# Xing et al., IEEE CBMS 2023, report the memory for 8 images and the time for 1,000.
_MEMORY_IMAGES: Final = 8
_TIMED_IMAGES: Final = 1_000
_SILENT: Final = SilentProgress()


def measure_efficiency(
    run: RunFolder,
    *,
    device: torch.device,
    settings: SamplingSettings | None = None,
    budget_s: float = 20.0,
    progress: Progress = _SILENT,
) -> Efficiency:
    """Measure what drawing images costs, and keep it with the run.

    Args:
        run: a trained run.
        device: where to draw.
        settings: how to draw; the run's defaults when None.
        budget_s: after so many seconds the time for 1,000 images is scaled up from those drawn by then.
        progress: told of the images drawn; may cancel.

    Raises:
        WeightsError: if the run was not trained far enough, or its state is damaged.
        InputError: if memory does not suffice, or the run's folder cannot be written.
        CancelledError: if progress says so.
    """
    settings = settings or SamplingSettings()
    sampler = load_sampler(run, device=device)
    record = run.read_record()
    weights = [value for module in sampler.modules().values() for value in module.state_dict().values()]

    def draw(n: int, batch_size: int) -> None:
        seeds = name_image_seeds(settings.seed, class_name="", numbers=range(n))
        labels = [number % max(1, len(sampler.classes)) for number in range(n)]
        of_size = settings.model_copy(update={"batch_size": batch_size})
        for _ in sample_batches(sampler, seeds=seeds, labels=labels, settings=of_size, device=device):
            pass

    # The first images also load kernels; they are not timed.
    peak = measure_peak(lambda: draw(_MEMORY_IMAGES, _MEMORY_IMAGES), weights=weights, device=device)
    progress.start("Timing images", _TIMED_IMAGES)
    drawn, began = 0, time.perf_counter()
    while drawn < _TIMED_IMAGES and (not drawn or time.perf_counter() - began < budget_s):
        n = min(settings.batch_size, _TIMED_IMAGES - drawn)
        draw(n, n)
        drawn += n
        progress.advance(n)
    seconds = time.perf_counter() - began
    states = list_states(run)
    efficiency = Efficiency(
        family=record.family,
        device=_name_device(device),
        size_px=int(record.options["size_px"]),
        channels=int(record.options["channels"]),
        settings=settings.model_dump(mode="json"),
        peak_memory_bytes=peak,
        seconds_per_1000=seconds * _TIMED_IMAGES / drawn,
        timed_images=drawn,
        n_parameters=sum(one.numel() for module in sampler.modules().values() for one in module.parameters()),
        training_images_per_second={
            state.phase: speed for state in states if (speed := state.images_per_second) is not None
        },
        training_device=record.device,
        training_seconds=sum(state.seconds for state in states),
    )
    try:
        replace_text(run.efficiency_path, efficiency.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise cannot_write(run.path, error) from error
    return efficiency


def _name_device(device: torch.device) -> str:
    """The device as readers know it; of a CPU also the threads in use."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    name = _name_processor()
    shown = f"{name}, {threads} {'thread' if threads == 1 else 'threads'} of {os.cpu_count() or 1}"
    return f"{device.type.upper()} ({shown})"


def _name_processor() -> str:
    """The processor's name, which Python itself does not tell on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or platform.machine()
