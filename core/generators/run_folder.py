"""A generator's run on disk: what it is, its phases' states, its history and its sample grids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from core.errors import InputError
from core.generators.options import GeneratorOptions
from core.output_folder import cannot_write, replace_text
from core.validation import explain_unreadable

__all__ = ["RunFolder", "RunRecord"]

_RECORD: Final = "run.json"
# Raised whenever the same command would train to other weights.
_VERSION: Final = 1


class RunRecord(BaseModel):
    """What a run is: everything that decides its weights, besides the machine.

    Attributes:
        version: of the training loop.
        family: name of the family.
        options: its options, as JSON.
        classes: classes of the training images in order of their codes; empty without.
        n_images: training images of each class, in the same order; one number without classes.
        images_digest: SHA-256 over the training images' pixels and labels.
        device: kind of device that it was begun on.
        versions: of the packages that trained it.
        world_size: processes that train it together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = _VERSION
    family: str
    options: dict[str, Any]
    classes: tuple[str, ...]
    n_images: tuple[int, ...]
    images_digest: str
    device: str
    versions: dict[str, str]
    world_size: int = 1


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where one run lies.

    Files: `run.json`; `<phase>/state.safetensors` and `<phase>/state.json`; `history.jsonl`;
    `grids/<phase>-<images seen>.png` beside `grids/real.png`; `efficiency.json`; `images/` with the decoded
    training images, which may be deleted once training is over.

    Attributes:
        path: the folder.
    """

    path: Path

    def phase_folder(self, phase: str) -> Path:
        """Where a phase keeps its state."""
        return self.path / phase

    @property
    def images_folder(self) -> Path:
        """Where decoded training images lie."""
        return self.path / "images"

    @property
    def grids_folder(self) -> Path:
        """Where sample grids lie."""
        return self.path / "grids"

    @property
    def history_path(self) -> Path:
        """Losses over images seen, one JSON object a line."""
        return self.path / "history.jsonl"

    @property
    def efficiency_path(self) -> Path:
        """What the run costs."""
        return self.path / "efficiency.json"

    @property
    def record_path(self) -> Path:
        """What the run is."""
        return self.path / _RECORD

    @property
    def has_record(self) -> bool:
        """Whether a run was begun here."""
        return self.record_path.is_file()

    def read_record(self) -> RunRecord:
        """Read what the run is.

        Raises:
            InputError: if there is none, or it is damaged or of another version.
        """
        path = self.record_path
        if not self.has_record:
            raise InputError(f"{self.path} holds no trained generator (no {_RECORD}); name a run's folder.")
        with explain_unreadable(path, noun="a generator's run", work="training"):
            return RunRecord.model_validate_json(path.read_bytes())

    def begin(self, record: RunRecord) -> bool:
        """Write the record of a new run, or check that the one here is the same.

        Returns:
            Whether the run was begun before.

        Raises:
            InputError: if another run lies here, or the folder cannot be written.
        """
        if self.has_record:
            self._check_same(self.read_record(), record)
            return True
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            replace_text(self.record_path, record.model_dump_json(indent=2) + "\n")
        except OSError as error:
            raise cannot_write(self.path, error) from error
        return False

    def list_grids(self, phase: str) -> dict[int, Path]:
        """Sample grids of a phase by images seen, in their order."""
        pattern = re.compile(rf"{re.escape(phase)}-(\d+)\.png")
        found = {
            int(matched[1]): path
            for path in self.grids_folder.glob(f"{phase}-*.png")
            if (matched := pattern.fullmatch(path.name))
        }
        return dict(sorted(found.items()))

    def grid_path(self, phase: str, images_seen: int) -> Path:
        """Where the sample grid after so many images lies."""
        return self.grids_folder / f"{phase}-{images_seen:010d}.png"

    def _check_same(self, there: RunRecord, asked: RunRecord) -> None:
        differences = _differ("family", there.family, asked.family)
        if not differences:
            for name in {**there.options, **asked.options}:
                before, now = (one.options.get(name, _say_default(name)) for one in (there, asked))
                differences += _differ(name, before, now)
        if not differences and there.images_digest != asked.images_digest:
            differences = ["other training images"]
        if not differences:
            differences = _differ("processes", there.world_size, asked.world_size)
        if not differences:
            differences = _differ("version of the training loop", there.version, asked.version)
        if differences:
            shown = "; ".join(differences[:3]) + ("; and more" if len(differences) > 3 else "")
            raise InputError(
                f"{self.path} holds a run with other settings ({shown}); choose another --output, or repeat "
                "the settings that it was begun with to go on."
            )


def _say_default(name: str) -> Any:
    """What an option was in runs from before it was one, of those that every family has."""
    fields = GeneratorOptions.model_fields
    return fields[name].default if name in fields else None


def _differ(name: str, there: Any, asked: Any) -> list[str]:
    return [] if there == asked else [f"{name} is {_show(there)} there, {_show(asked)} here"]


def _show(value: Any) -> str:
    if isinstance(value, Mapping) or (isinstance(value, list) and not value):
        return "none" if not value else "other"
    return str(value)
