"""Where the training of a run stands, phase by phase, from its last checkpoints; nothing here loads torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from core.generators.families import FAMILIES
from core.generators.run_folder import RunFolder
from core.validation import explain_unreadable

__all__ = ["PhaseStanding", "Standing", "describe_standing"]

_DOCUMENT: Final = "state.json"


class _Document(BaseModel):
    """What is read of `core.generators.checkpoint.PhaseState`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    images_seen: int
    n_images: int
    seconds: float
    timed_images: int
    n_parameters: dict[str, int]


@dataclass(frozen=True, slots=True)
class PhaseStanding:
    """How far one phase has come, as its last checkpoint has it.

    Attributes:
        name: as files and losses call it.
        images_seen: images shown to its networks, repeats counted.
        n_images: images to be seen in all.
        has_begun: whether there is a checkpoint, be it of the first weights.
        seconds: time spent in updates.
        images_per_second: speed of training; None before the first update.
        n_parameters: of all its networks together, those that only train others included.
    """

    name: str
    images_seen: int
    n_images: int
    has_begun: bool
    seconds: float
    images_per_second: float | None
    n_parameters: int

    @property
    def is_complete(self) -> bool:
        """Whether it has seen all images."""
        return self.has_begun and self.images_seen >= self.n_images

    @property
    def share(self) -> float:
        """Share of the images that it has seen, from 0 to 1."""
        return min(self.images_seen / self.n_images, 1.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run has come.

    Attributes:
        phases: every phase in the order of training; none where training has never begun.
    """

    phases: tuple[PhaseStanding, ...]

    @property
    def has_begun(self) -> bool:
        """Whether any phase has a checkpoint."""
        return any(phase.has_begun for phase in self.phases)

    @property
    def is_complete(self) -> bool:
        """Whether every phase has seen all its images."""
        return bool(self.phases) and all(phase.is_complete for phase in self.phases)

    @property
    def can_draw(self) -> bool:
        """Whether every phase has a checkpoint, so that images can be drawn, if not yet good ones."""
        return bool(self.phases) and all(phase.has_begun for phase in self.phases)

    @property
    def current(self) -> PhaseStanding | None:
        """The phase that is trained, or that training goes on with; None where there is none."""
        return next((phase for phase in self.phases if not phase.is_complete), None)

    @property
    def share(self) -> float:
        """Share of all phases' images that were seen, from 0 to 1."""
        wanted = sum(phase.n_images for phase in self.phases)
        seen = sum(min(phase.images_seen, phase.n_images) for phase in self.phases)
        return seen / wanted if wanted else 0.0


def describe_standing(run: RunFolder) -> Standing:
    """Tell how far the training of a run has come; its folder may be missing.

    Raises:
        InputError: if what lies there is damaged or of another version.
        UnknownNameError: if it is of a family that this version does not have.
    """
    if not run.has_record:
        return Standing(())
    record = run.read_record()
    family = FAMILIES[record.family]
    with explain_unreadable(run.path, noun="a generator's run", work="training"):
        options = family.options.model_validate(record.options)
    planned = options.list_phases(sum(record.n_images))
    return Standing(tuple(_describe_phase(run, name, n_images) for name, n_images in planned.items()))


def _describe_phase(run: RunFolder, name: str, n_images: int) -> PhaseStanding:
    path = run.phase_folder(name) / _DOCUMENT
    if not path.is_file():
        return PhaseStanding(name, 0, n_images, False, 0.0, None, 0)
    with explain_unreadable(path, noun="a training's state", work="training"):
        state = _Document.model_validate_json(path.read_bytes())
    is_timed = state.seconds > 0 and state.timed_images > 0
    return PhaseStanding(
        name=name,
        images_seen=state.images_seen,
        n_images=state.n_images,
        has_begun=True,
        seconds=state.seconds,
        images_per_second=state.timed_images / state.seconds if is_timed else None,
        n_parameters=sum(state.n_parameters.values()),
    )
