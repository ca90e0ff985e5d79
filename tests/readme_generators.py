"""README's table of generators: each family's smoke preset on the phantoms, before and after training.

`python -m tests.readme_generators [FAMILY …]` trains each family on the CPU and prints one row a family: the
Fréchet distance of its images to the real ones by the `texture` extractor, at the size they are trained at.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.commands.terminal_progress import TerminalProgress
from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.phantoms.demo import write_demo
from core.datasets.scan import scan_image_set
from core.features.standardise import standardise_by_real
from core.features.texture import TextureExtractor
from core.generators.checkpoint import save_phase
from core.generators.families import FAMILIES
from core.generators.family import Family
from core.generators.options import GeneratorOptions
from core.generators.random_streams import derive_seed, name_image_seeds
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.generators.training import describe_run, train_generator
from core.generators.training_images import TrainingImages, load_training_images
from core.metrics.frechet import compute_frechet_distance
from core.progress import SilentProgress

__all__ = ["GENERATOR_HEAD", "FamilyRow", "measure_family", "tabulate_families"]

GENERATOR_HEAD = [
    "family", "training, s of CPU", "untrained", "shuffled pixels", "trained", "held-out real images",
]  # fmt: skip
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """Fréchet distances to the real set, lower is closer, and what training took."""

    family: str
    cpu_seconds: float
    untrained: float
    shuffled: float
    trained: float
    heldout: float


def measure_family(name: str, settings: Settings, *, preset: str = "smoke") -> FamilyRow:
    """Train a family anew on the phantoms and measure its images before and after."""
    demo = write_demo(settings.home / "readme" / "phantoms")
    family = FAMILIES[name]
    options = family.presets[preset]
    folder = settings.home / "readme" / "generators" / name
    shutil.rmtree(folder, ignore_errors=True)
    with TerminalProgress() as progress:
        real, heldout = (
            load_training_images(
                _scan(path, role, settings),
                options,
                run=RunFolder(folder / role.value),
                settings=settings,
                progress=SilentProgress(),
            )
            for path, role in ((demo.real, Role.REAL), (demo.heldout, Role.HELDOUT))
        )
        untrained = RunFolder(folder / "untrained")
        _keep_untrained(family, options, real, untrained)
        first = _draw(untrained, len(real))
        run = RunFolder(folder / "trained")
        began = time.process_time()
        train_generator(family, options, images=real, run=run, device=_CPU, progress=progress)
        seconds = time.process_time() - began
        last = _draw(run, len(real))
    pixels = _as_pixels(real)
    return FamilyRow(
        family.title,
        seconds,
        untrained=_distance(pixels, first),
        shuffled=_distance(pixels, _shuffle(pixels)),
        trained=_distance(pixels, last),
        heldout=_distance(pixels, _as_pixels(heldout)),
    )


def tabulate_families(rows: Sequence[FamilyRow]) -> list[list[str]]:
    """Rows below `GENERATOR_HEAD`."""
    return [
        [row.family, f"{row.cpu_seconds:.0f}", *(f"{value:.1f}" for value in (
            row.untrained, row.shuffled, row.trained, row.heldout))]
        for row in rows
    ]  # fmt: skip


def _scan(path: Path, role: Role, settings: Settings) -> ImageSet:
    return scan_image_set(path, role=role, name=role.value, settings=settings)


def _keep_untrained(
    family: Family, options: GeneratorOptions, images: TrainingImages, run: RunFolder
) -> None:
    """Write every phase's state before its first update, drawn as training would draw it."""
    run.begin(
        describe_run(
            family,
            options,
            classes=images.classes,
            n_images=images.count_classes(),
            images_digest=images.digest,
            device=_CPU,
        )
    )
    with torch.random.fork_rng([]):
        phases = family.build_phases(options, images=images, run=run, device=_CPU, settings=get_settings())
        for number, build in enumerate(phases):
            torch.manual_seed(derive_seed(options.seed, "weights", number))
            save_phase(build(), run, step=0, images_seen=0, seconds=0.0, timed_images=0)


def _draw(run: RunFolder, n: int) -> NDArray[np.uint8]:
    """Draw as many images as there are real ones, of all classes in equal shares."""
    sampler = load_sampler(run, device=_CPU)
    labels = [place % max(1, len(sampler.classes)) for place in range(n)]
    seeds = name_image_seeds(0, class_name="", numbers=range(n))
    settings = SamplingSettings(batch_size=32)
    batches = sample_batches(sampler, seeds=seeds, labels=labels, settings=settings, device=_CPU)
    return np.concatenate(list(batches))


def _as_pixels(images: TrainingImages) -> NDArray[np.uint8]:
    pixels = np.moveaxis(np.asarray(images.pixels), 1, 3)
    return pixels[..., 0] if pixels.shape[3] == 1 else pixels


def _shuffle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each image's own pixels in random places: the right brightness and nothing else."""
    rng = np.random.default_rng(0)
    flat = pixels.reshape(len(pixels), -1)
    return rng.permuted(flat, axis=1).reshape(pixels.shape)


def _distance(real: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    extractor = TextureExtractor(max(32, real.shape[1]))

    def extract(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        shown = images if images.ndim == 4 else images[..., np.newaxis]
        return np.stack([extractor.prepare(one.astype(np.float32)) for one in shown]).astype(np.float64)

    of_real, of_other = standardise_by_real(extract(real), extract(other))
    return compute_frechet_distance(real=of_real, synthetic=of_other).value


if __name__ == "__main__":
    print(f"| {' | '.join(GENERATOR_HEAD)} |\n| --- |{' ---: |' * (len(GENERATOR_HEAD) - 1)}")
    for chosen in sys.argv[1:] or FAMILIES:
        for line in tabulate_families([measure_family(chosen, get_settings())]):
            print(f"| {' | '.join(line)} |", flush=True)
