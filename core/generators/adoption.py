"""Takes over a run that was trained elsewhere: its files are checked, then copied into a folder of ours."""

from __future__ import annotations

import io
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, UnidentifiedImageError
from pydantic import ValidationError

from core.config import Settings
from core.confinement import open_confined
from core.errors import InputError, WeightsError
from core.generators.efficiency_record import Efficiency
from core.generators.families import FAMILIES
from core.generators.family import Family
from core.generators.history import read_history
from core.generators.options import GeneratorOptions
from core.generators.run_folder import RunFolder, RunRecord
from core.output_folder import replace_text
from core.progress import Progress
from core.validation import explain_unreadable

if TYPE_CHECKING:
    from core.generators.checkpoint import PhaseState

__all__ = ["Candidate", "adopt_run", "read_candidate"]

# Beyond these a file is none that a run writes.
_MOST_JSON_BYTES: Final = 1 << 20
_MOST_HISTORY_BYTES: Final = 64 << 20
_MOST_GRID_BYTES: Final = 64 << 20
_MOST_STATE_BYTES: Final = 64 << 30
_MOST_GRIDS: Final = 10_000
_CHUNK_BYTES: Final = 4 << 20
_STATE: Final = "state.safetensors"
_ADVICE: Final = "copy the whole run's folder anew from where it was trained"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that was trained elsewhere, as its own record describes it.

    Attributes:
        record: what it is.
        family: its family.
        options: its options, as this version understands them.
        states: phases that have a state, in the order of training, with the bytes of each.
    """

    record: RunRecord
    family: Family
    options: GeneratorOptions
    states: dict[str, int]

    @property
    def phases(self) -> tuple[str, ...]:
        """All phases of its family, in the order of training."""
        return tuple(self.options.list_phases(sum(self.record.n_images)))


def read_candidate(folder: Path, settings: Settings) -> Candidate:
    """Read what lies in a folder; loads no torch, and no weights.

    Args:
        folder: a run's folder.
        settings: the folders that may be read.

    Raises:
        InputError: if it holds no run, an untrained one, or one of another version.
        UnknownNameError: if it is of a family that this version does not have.
        OutsideRootError: if it lies below no folder that may be read.
    """
    run = RunFolder(folder)
    path = run.record_path
    if not run.has_record or path.is_symlink():
        raise InputError(
            f"{folder.name} holds no trained generator (no {path.name}); choose the folder that `python -m "
            "core train` wrote as its --output."
        )
    with explain_unreadable(path.name, noun="a generator's run", work="training"):
        record = RunRecord.model_validate_json(_read(path, settings, _MOST_JSON_BYTES))
    family = FAMILIES[record.family]
    with explain_unreadable(path.name, noun="a generator's run", work="training"):
        options = family.options.model_validate(record.options)
    n_counts = max(1, len(record.classes))
    if len(record.n_images) != n_counts or min(record.n_images) < 0 or not sum(record.n_images):
        raise InputError(f"{path.name} names other classes than it counts images of; {_ADVICE}.")
    states = {}
    for phase in options.list_phases(sum(record.n_images)):
        # A link may name anything; nothing that is one is taken.
        place = run.phase_folder(phase)
        if not place.is_symlink() and (size := _measure(place / _STATE)) is not None:
            states[phase] = size
    if not states:
        raise InputError(f"The {family.title} in {folder.name} was not trained yet; train it there first.")
    return Candidate(record, family, options, states)


def adopt_run(source: Path, target: RunFolder, *, settings: Settings, progress: Progress) -> Candidate:
    """Copy a run's record, states, losses, sample grids and efficiency; decoded training images stay behind.

    Nothing in it is run, and no link is followed. What was taken over before is left as it is.

    Args:
        source: the run's folder.
        target: where it comes to lie; appears when the run is whole.
        settings: the folders that may be read, and limits of images.
        progress: told of the bytes of weights; may cancel, which leaves nothing.

    Raises:
        InputError: if it holds no run, a damaged one, or one of another version, or there is no room.
        UnknownNameError: if it is of a family that this version does not have.
        OutsideRootError: if a file leads out of the folders that may be read.
        CancelledError: if progress says so.
    """
    found = read_candidate(source, settings)
    if target.has_record:
        return found
    draft = RunFolder(target.path.with_name(f".{target.path.name}.draft"))
    shutil.rmtree(draft.path, ignore_errors=True)
    try:
        draft.path.mkdir(parents=True)
        _require_room(draft.path, sum(found.states.values()))
        draft.begin(found.record)
        _copy_states(RunFolder(source), draft, found, settings, progress)
        _check_states(draft, found, progress)
        _copy_history(RunFolder(source), draft, found, settings)
        left_out = _copy_grids(RunFolder(source), draft, found, settings)
        left_out += _copy_efficiency(RunFolder(source), draft, settings)
        draft.path.replace(target.path)
    except OSError as error:
        raise InputError(
            f"The run cannot be copied ({error.strerror or type(error).__name__}); see that its files can be "
            "read and that the workspace has room."
        ) from error
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)
    if left_out:
        progress.notice(f"Left out, since they are damaged or too large: {', '.join(left_out[:5])}.")
    return found


def _measure(path: Path) -> int | None:
    """Bytes of a regular file; None where there is none, or a link."""
    with suppress(OSError):
        if path.is_file() and not path.is_symlink():
            return path.stat().st_size
    return None


def _read(path: Path, settings: Settings, most: int) -> bytes:
    with open_confined(path, settings.confined_to) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path.name} is larger than {most:,} bytes, so it is none that a run writes.")
    return content


def _require_room(folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise InputError(
            f"The run's weights take {n_bytes / 2**20:,.0f} MiB, and the workspace has {free / 2**20:,.0f} "
            "MiB left; free space there."
        )


def _copy_states(
    source: RunFolder, draft: RunFolder, found: Candidate, settings: Settings, progress: Progress
) -> None:
    progress.start("Copying weights", sum(found.states.values()), unit="bytes")
    for phase in found.states:
        path = source.phase_folder(phase) / _STATE
        target = draft.phase_folder(phase) / _STATE
        target.parent.mkdir()
        written = 0
        with open_confined(path, settings.confined_to) as stream, target.open("wb") as file:
            while chunk := stream.read(_CHUNK_BYTES):
                written += len(chunk)
                if written > _MOST_STATE_BYTES:
                    raise InputError(f"The weights of {phase} are larger than {_MOST_STATE_BYTES:,} bytes.")
                file.write(chunk)
                progress.advance(len(chunk))
            os.fsync(file.fileno())


def _check_states(draft: RunFolder, found: Candidate, progress: Progress) -> None:
    """Load every tensor and, where all phases have begun, the networks that draw.

    Raises:
        InputError: if one is damaged or of other networks.
    """
    import core.torch_setup  # noqa: F401  # before anything else of torch

    # isort: split
    import torch

    from core.generators.checkpoint import check_state
    from core.generators.sampling import load_sampler

    progress.start("Checking weights", len(found.states), unit="phases")
    try:
        for phase in found.states:
            state: PhaseState = check_state(draft, phase)
            if state.phase != phase or state.n_images < 1 or not 0 <= state.images_seen <= state.n_images:
                raise WeightsError(f"The state of {phase} says that it is of {state.phase}.")
            # Written from what the weights themselves say, so that both always agree.
            replace_text(draft.phase_folder(phase) / "state.json", state.model_dump_json(indent=2) + "\n")
            progress.advance()
        if set(found.states) == set(found.phases):
            load_sampler(draft, device=torch.device("cpu"))
    except (WeightsError, KeyError, ValidationError) as error:
        raise InputError(
            f"The run's weights are damaged, or not those of a {found.family.title} with its settings; "
            f"{_ADVICE}."
        ) from error


def _copy_history(source: RunFolder, draft: RunFolder, found: Candidate, settings: Settings) -> None:
    if _measure(source.history_path) is None:
        return
    text = _read(source.history_path, settings, _MOST_HISTORY_BYTES).decode("utf-8", "replace")
    replace_text(draft.history_path, text)
    rows = [row for row in read_history(draft.history_path) if row.phase in found.phases]
    replace_text(draft.history_path, "".join(row.model_dump_json() + "\n" for row in rows))


def _copy_grids(source: RunFolder, draft: RunFolder, found: Candidate, settings: Settings) -> list[str]:
    """Copy sample grids; returns the names of those that were left out."""
    if source.grids_folder.is_symlink():
        return []
    grids = [source.grids_folder / "real.png"]
    for phase in found.phases:
        grids += source.list_grids(phase).values()
    left_out = []
    draft.grids_folder.mkdir()
    for path in grids[:_MOST_GRIDS]:
        if _measure(path) is None:
            continue
        try:
            content = _read(path, settings, _MOST_GRID_BYTES)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                is_sound = image.width * image.height <= settings.max_pixels
                if is_sound:
                    image.load()
        except (InputError, OSError, UnidentifiedImageError, ValueError, SyntaxError):
            is_sound = False
        if is_sound:
            (draft.grids_folder / path.name).write_bytes(content)
        else:
            left_out.append(path.name)
    return left_out


def _copy_efficiency(source: RunFolder, draft: RunFolder, settings: Settings) -> list[str]:
    """Copy what the run costs; returns its name where it was left out."""
    path = source.efficiency_path
    if _measure(path) is None:
        return []
    try:
        found = Efficiency.model_validate_json(_read(path, settings, _MOST_JSON_BYTES))
    except (InputError, OSError, ValidationError):
        return [path.name]
    replace_text(draft.efficiency_path, found.model_dump_json(indent=2) + "\n")
    return []
