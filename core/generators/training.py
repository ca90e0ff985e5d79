"""The one training loop of all families; run again, it goes on from its last checkpoint."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core import __version__
from core.config import Settings, get_settings
from core.errors import CancelledError, InputError
from core.generators.checkpoint import PhaseState, load_phase, read_state, save_phase
from core.generators.family import Family
from core.generators.history import History
from core.generators.options import GeneratorOptions
from core.generators.phase import Batch, Phase
from core.generators.processes import count_processes, get_rank, share_flag, wait_for_all
from core.generators.random_streams import derive_seed, make_generator, order_rows
from core.generators.run_folder import RunFolder, RunRecord
from core.generators.sample_grid import choose_grid_labels, pick_real, to_pixels, write_grid
from core.generators.tensorboard_log import TensorBoardLog
from core.generators.training_images import TrainingImages
from core.generators.update import Update, explain_memory
from core.progress import Progress, SilentProgress

__all__ = ["describe_run", "train_generator"]

_SAVE_EVERY_S: Final = 600.0
_HISTORY_ROWS: Final = 400
_NOTICES: Final = 10
_SILENT: Final = SilentProgress()


def describe_run(
    family: Family,
    options: GeneratorOptions,
    *,
    classes: tuple[str, ...],
    n_images: tuple[int, ...],
    images_digest: str,
    device: torch.device,
) -> RunRecord:
    """Describe a run by everything that decides its weights; see `RunRecord`."""
    packages = ("torch", "safetensors", "numpy", *family.packages)
    return RunRecord(
        family=family.name,
        options=options.model_dump(mode="json"),
        classes=classes,
        n_images=n_images,
        images_digest=images_digest,
        device=device.type,
        versions={"medsynaudit": __version__, "python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in packages},
        world_size=count_processes(),
    )


def train_generator(
    family: Family,
    options: GeneratorOptions,
    *,
    images: TrainingImages,
    run: RunFolder,
    device: torch.device,
    settings: Settings | None = None,
    progress: Progress = _SILENT,
    tensorboard: bool = False,
) -> tuple[PhaseState, ...]:
    """Train all phases of a family, from where an earlier call left off.

    Interrupted and continued, it reaches the same weights as in one go, bit by bit on the CPU with the same
    number of threads: the order of images and every random number follow from the seed and the number of
    the step. Process 0 writes; all processes of a torchrun take their share of each batch.

    Args:
        family: what to train.
        options: how.
        images: on what.
        run: where states, history and grids go.
        device: where networks are.
        settings: folders that may be read, and whether downloads are allowed, for what a family goes on
            from; the process's own when None.
        progress: told of every update; may cancel, which keeps the state.
        tensorboard: whether to write logs for TensorBoard as well.

    Returns:
        The state of each phase at its end.

    Raises:
        InputError: if another run lies there, training diverges, memory does not suffice, or the batch
            cannot be shared out over processes.
        OutsideRootError: if a checkpoint to go on from lies below no folder that may be read.
        StoreError: if a state cannot be written.
        WeightsError: if a state is damaged, or a checkpoint to go on from is not to be had.
        CancelledError: if progress says so.
    """
    if get_rank() == 0:
        run.begin(
            describe_run(
                family,
                options,
                classes=images.classes,
                n_images=images.count_classes(),
                images_digest=images.digest,
                device=device,
            )
        )
        labels = choose_grid_labels(images.n_classes, size_px=options.size_px)
        write_grid(run.grids_folder / "real.png", pick_real(images, labels))
    wait_for_all()
    states = []
    advice = "choose a smaller batch_size, more parts (accumulate) or a smaller size_px"
    with explain_memory(advice), _own_randomness(options, device):
        builders = family.build_phases(
            options, images=images, run=run, device=device, settings=settings or get_settings()
        )
        for number, build in enumerate(builders):
            torch.manual_seed(derive_seed(options.seed, "weights", number))
            loop = _PhaseLoop(build(), options, images, run, device, progress, tensorboard)
            states.append(loop.run_to_end())
            del loop
    return tuple(states)


@dataclass(slots=True)
class _PhaseLoop:
    """Trains one phase."""

    phase: Phase
    options: GeneratorOptions
    images: TrainingImages
    run: RunFolder
    device: torch.device
    progress: Progress
    tensorboard: bool
    step: int = field(default=0, init=False)
    images_seen: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    timed_images: int = field(default=0, init=False)

    def run_to_end(self) -> PhaseState:
        phase = self.phase
        if phase.batch_size % count_processes():
            raise InputError(
                f"A batch of {phase.batch_size} images cannot be shared out over {count_processes()} "
                "processes; choose batch_size as a multiple of them."
            )
        state = load_phase(phase, self.run)
        if state is not None:
            self.step, self.images_seen = state.step, state.images_seen
            self.seconds, self.timed_images = state.seconds, state.timed_images
            if state.is_complete:
                return state
        # Counted from where it goes on, so that speed and time left are those of now.
        onwards = f" from {self.images_seen:,} images on" if self.images_seen else ""
        self.progress.start(f"Training {phase.name}{onwards}", phase.n_images - self.images_seen)
        log = None
        if get_rank() == 0 and self.tensorboard:
            log = TensorBoardLog(self.run.path / "tensorboard", phase.name, images=self.images_seen)
        try:
            self._train(log)
        finally:
            if log is not None:
                log.close()
        wait_for_all()
        done = read_state(self.run, phase.name)
        assert done is not None, "a phase ends with its state"
        return done

    def _train(self, log: TensorBoardLog | None) -> None:
        phase, every = self.phase, self.options.snapshot_images or -(-self.phase.n_images // 10)
        update = Update(self.options.accumulate, self.options.precision, self.device)
        history = History(self.run.history_path, phase.name, every=-(-phase.n_images // _HISTORY_ROWS))
        if get_rank() == 0:
            history.rewind(self.images_seen)
            if self.step == 0:
                self._draw_grid(log)
                self._save()
        saved = time.monotonic()
        while self.images_seen < phase.n_images:
            began = time.monotonic()
            losses = self._update(update)
            took = time.monotonic() - began
            before, self.images_seen = self.images_seen, self.images_seen + phase.batch_size
            self.step += 1
            self.seconds, self.timed_images = self.seconds + took, self.timed_images + phase.batch_size
            if get_rank() == 0:
                row = history.add(losses, images=self.images_seen, step_images=phase.batch_size, seconds=took)
                if row is not None and log is not None:
                    log.add_losses(row.losses, images=row.images)
                is_over = self.images_seen >= phase.n_images
                if is_over or self.images_seen // every > before // every:
                    self._draw_grid(log)
                    self._save()
                    saved = time.monotonic()
                elif time.monotonic() - saved > _SAVE_EVERY_S:
                    self._save()
                    saved = time.monotonic()
            self._tell(losses, before)

    def _update(self, update: Update) -> dict[str, float]:
        """One update with this process's share of the batch."""
        phase, rank = self.phase, get_rank()
        rows = order_rows(
            len(self.images),
            start=self.images_seen,
            count=phase.batch_size,
            seed=self.options.seed,
            purpose=phase.name,
        )
        share = phase.batch_size // count_processes()
        batch: Batch = self.images.take(rows[rank * share : (rank + 1) * share], device=self.device)
        # Layers that draw for themselves, such as dropout, draw from torch's own generator.
        torch.manual_seed(derive_seed(self.options.seed, phase.name, "layers", self.step, rank))
        seed = derive_seed(self.options.seed, phase.name, "step", self.step, rank)
        return phase.step(batch, generator=make_generator(seed), accumulate=update)

    def _tell(self, losses: dict[str, float], before: int) -> None:
        """Tell where training stands; a cancel keeps the state first."""
        phase, cancelled = self.phase, False
        try:
            part = phase.n_images / _NOTICES
            if self.images_seen // part > before // part:
                shown = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
                self.progress.notice(f"{phase.name}: {self.images_seen:,} images seen; {shown}.")
            self.progress.advance(phase.batch_size)
        except CancelledError:
            cancelled = True
        if share_flag(cancelled, self.device):
            if get_rank() == 0:
                self._save()
            raise CancelledError

    def _draw_grid(self, log: TensorBoardLog | None) -> None:
        labels = choose_grid_labels(self.images.n_classes, size_px=self.options.size_px)
        drawn = self.phase.preview(noise_seed=self.options.seed, labels=labels.to(self.device))
        if drawn is None:
            return
        pixels = to_pixels(drawn)
        write_grid(self.run.grid_path(self.phase.name, self.images_seen), pixels)
        if log is not None:
            log.add_images(pixels, images=self.images_seen)

    def _save(self) -> None:
        save_phase(
            self.phase,
            self.run,
            step=self.step,
            images_seen=self.images_seen,
            seconds=self.seconds,
            timed_images=self.timed_images,
        )


@contextmanager
def _own_randomness(options: GeneratorOptions, device: torch.device) -> Iterator[None]:
    """Leave the caller's random numbers as they were, and round as the options say."""
    fast = options.precision == "amp"
    # Only this process's GPU: a look at another one would take memory there.
    devices = [device] if device.type == "cuda" else []
    matmul = torch.backends.cuda.matmul.allow_tf32
    with (
        torch.random.fork_rng(devices),
        torch.backends.cudnn.flags(enabled=True, benchmark=fast, deterministic=not fast, allow_tf32=fast),
    ):
        torch.backends.cuda.matmul.allow_tf32 = fast
        try:
            yield
        finally:
            torch.backends.cuda.matmul.allow_tf32 = matmul
