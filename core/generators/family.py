"""What a family of generators is: options, presets, phases and a sampler; nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from core.generators.options import GeneratorOptions

if TYPE_CHECKING:
    import core.torch_setup  # noqa: F401  # before anything else of torch

    # isort: split
    import torch

    from core.config import Settings
    from core.generators.phase import Phase, Sampler
    from core.generators.run_folder import RunFolder
    from core.generators.training_images import TrainingImages

__all__ = ["Family"]


class Family(Protocol):
    """One kind of generator; `core.generators.families` registers an instance of each.

    Modules of a family import torch within their functions or below what these import.
    """

    @property
    def name(self) -> str:
        """How commands name it."""

    @property
    def title(self) -> str:
        """How readers name it."""

    @property
    def paper(self) -> str:
        """Where it comes from."""

    @property
    def options(self) -> type[GeneratorOptions]:
        """Class of its options; every field has a description."""

    @property
    def presets(self) -> Mapping[str, GeneratorOptions]:
        """Options by name: `smoke`, `small`, `published` and others."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages besides torch that its networks come from; their versions stand in a run's record."""

    def build_phases(
        self,
        options: GeneratorOptions,
        *,
        images: TrainingImages,
        run: RunFolder,
        device: torch.device,
        settings: Settings,
    ) -> Sequence[Callable[[], Phase]]:
        """List what is trained, one after the other.

        `settings` say which folders may be read, and whether downloads are allowed. Each phase is built when
        its turn comes, with torch's own generator seeded by the options: so it draws initial weights from
        there, and may read what an earlier phase left in `run`.
        """

    def load_sampler(self, run: RunFolder, *, device: torch.device) -> Sampler:
        """Load what draws images, in evaluation mode, from a run whose phases have begun.

        Raises:
            WeightsError: if a state is missing or damaged.
        """
