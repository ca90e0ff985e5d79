"""A phase's state on disk: one safetensors file that is replaced whole; reading it executes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core.errors import StoreError, WeightsError
from core.generators.phase import Phase
from core.generators.run_folder import RunFolder
from core.output_folder import replace_text

__all__ = [
    "PhaseState",
    "check_state",
    "list_states",
    "load_modules",
    "load_phase",
    "read_state",
    "save_phase",
]

STATE_FILE: Final = "state.safetensors"
_DOCUMENT: Final = "state"


class PhaseState(BaseModel):
    """How far a phase has come, and the numbers that are no tensors.

    Attributes:
        phase: its name.
        step: updates made.
        images_seen: images shown to its networks.
        n_images: images to be seen in all.
        seconds: time spent in updates, over all runs of the command.
        timed_images: images that this time was spent on.
        n_parameters: parameters of each module.
        extra: the phase's own numbers.
        optimizers: settings of each optimiser's groups and the scalars of its state.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phase: str
    step: int
    images_seen: int
    n_images: int
    seconds: float
    timed_images: int
    n_parameters: dict[str, int]
    extra: dict[str, float | int | str]
    optimizers: dict[str, dict[str, Any]]

    @property
    def is_complete(self) -> bool:
        """Whether it has seen all images."""
        return self.images_seen >= self.n_images

    @property
    def images_per_second(self) -> float | None:
        """Speed of training; None before the first update."""
        return self.timed_images / self.seconds if self.seconds > 0 and self.timed_images else None


@dataclass(slots=True)
class _Packed:
    tensors: dict[str, Tensor]
    optimizers: dict[str, dict[str, Any]]


def save_phase(
    phase: Phase, run: RunFolder, *, step: int, images_seen: int, seconds: float, timed_images: int
) -> None:
    """Keep a phase's state in one step: a kill leaves either the earlier state or the new one.

    Random numbers need no state: those of a step follow from the seed and the step's number.

    Raises:
        StoreError: if the folder cannot be written.
    """
    packed = _pack(phase)
    state = PhaseState(
        phase=phase.name,
        step=step,
        images_seen=images_seen,
        n_images=phase.n_images,
        seconds=seconds,
        timed_images=timed_images,
        n_parameters={
            name: sum(one.numel() for one in module.parameters()) for name, module in phase.modules().items()
        },
        extra=phase.extra_state(),
        optimizers=packed.optimizers,
    )
    folder = run.phase_folder(phase.name)
    draft = folder / f".{STATE_FILE}.draft"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The scalars travel within the same file, so that tensors and scalars are always of one step.
        save_file(packed.tensors, draft, metadata={_DOCUMENT: state.model_dump_json()})
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(folder / STATE_FILE)
        replace_text(folder / "state.json", state.model_dump_json(indent=2) + "\n")
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise StoreError(
            f"The training's state cannot be written to {folder} ({reason}); free space there and run the "
            "same command again: it goes on from the last state."
        ) from error


def read_state(run: RunFolder, phase: str) -> PhaseState | None:
    """Read how far a phase has come; None where it has not begun.

    Raises:
        WeightsError: if its state is damaged.
    """
    path = run.phase_folder(phase) / STATE_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return PhaseState.model_validate_json((file.metadata() or {}).get(_DOCUMENT, ""))
    except (OSError, SafetensorError, ValidationError) as error:
        raise _damaged(path) from error


def check_state(run: RunFolder, phase: str) -> PhaseState:
    """Load every tensor of a phase's state once, and say how far the phase has come.

    Raises:
        WeightsError: if there is none, or it is damaged.
    """
    state = read_state(run, phase)
    path = run.phase_folder(phase) / STATE_FILE
    if state is None:
        raise WeightsError(f"{run.path} has no trained {phase}; train the run to its end first.")
    try:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118  # it is no mapping
                file.get_tensor(key)
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise _damaged(path) from error
    return state


def list_states(run: RunFolder) -> list[PhaseState]:
    """How far each phase has come that has begun, by name.

    Raises:
        WeightsError: if a state is damaged.
    """
    names = sorted(path.parent.name for path in run.path.glob(f"*/{STATE_FILE}"))
    return [state for name in names if (state := read_state(run, name)) is not None]


def load_phase(phase: Phase, run: RunFolder) -> PhaseState | None:
    """Bring a phase to the state that was kept; None, and nothing changed, where there is none.

    Raises:
        WeightsError: if the state is damaged or of other networks.
    """
    state = read_state(run, phase.name)
    if state is None:
        return None
    load_modules(run, phase.name, phase.modules())
    path = run.phase_folder(phase.name) / STATE_FILE
    try:
        with safe_open(path, framework="pt") as file:
            stored = set(file.keys())
            for name, optimizer in phase.optimizers().items():
                prefix = f"optimizer/{name}/"
                tensors = {
                    key.removeprefix(prefix): file.get_tensor(key) for key in stored if key.startswith(prefix)
                }
                optimizer.load_state_dict(_unpack_optimizer(state.optimizers[name], tensors))
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise _damaged(path) from error
    phase.load_extra_state(state.extra)
    return state


def load_modules(run: RunFolder, phase: str, modules: Mapping[str, nn.Module]) -> None:
    """Load some of a phase's modules from its state, and only those.

    Args:
        run: where the state lies.
        phase: the phase's name.
        modules: name within the phase to a module of the same layout; filled in place, on its device.

    Raises:
        WeightsError: if there is no state yet, or it is damaged or of other networks.
    """
    path = run.phase_folder(phase) / STATE_FILE
    if not path.is_file():
        raise WeightsError(f"{run.path} has no trained {phase}; train the run to its end first.")
    try:
        with safe_open(path, framework="pt") as file:
            stored = list(file.keys())
            for name, module in modules.items():
                prefix = f"module/{name}/"
                values = {
                    key.removeprefix(prefix): file.get_tensor(key) for key in stored if key.startswith(prefix)
                }
                module.load_state_dict(values)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise _damaged(path) from error


def _pack(phase: Phase) -> _Packed:
    """Copy all tensors to the CPU, each in memory of its own, and scalars into plain values."""
    tensors: dict[str, Tensor] = {}
    optimizers: dict[str, dict[str, Any]] = {}
    for name, module in phase.modules().items():
        for key, value in module.state_dict().items():
            tensors[f"module/{name}/{key}"] = _copy(value)
    for name, optimizer in phase.optimizers().items():
        content = optimizer.state_dict()
        scalars: dict[str, dict[str, Any]] = {}
        for index, values in content["state"].items():
            for key, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer/{name}/{index}/{key}"] = _copy(value)
                else:
                    scalars.setdefault(str(index), {})[key] = value
        optimizers[name] = {"groups": content["param_groups"], "scalars": scalars}
    return _Packed(tensors, optimizers)


def _copy(value: Tensor) -> Tensor:
    return value.detach().to("cpu", copy=True).contiguous()


def _unpack_optimizer(document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index), {})[name] = tensor
    for index, values in document["scalars"].items():
        state.setdefault(int(index), {}).update(values)
    # JSON has lists alone; betas are a pair.
    groups = [
        {
            key: tuple(value) if isinstance(value, list) and key != "params" else value
            for key, value in one.items()
        }
        for one in document["groups"]
    ]
    return {"state": dict(sorted(state.items())), "param_groups": groups}


def _damaged(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} is damaged or holds other networks; delete the folder of this phase and run the same "
        "command again, or choose another --output."
    )
