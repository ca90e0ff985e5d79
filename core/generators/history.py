"""A run's losses over the images seen, one line of JSON each; nothing here loads torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.output_folder import cannot_write, replace_text

__all__ = ["History", "HistoryRow", "read_history"]


class HistoryRow(BaseModel):
    """Losses, averaged over the images since the row before.

    Attributes:
        phase: what was trained.
        images: images seen by then.
        images_per_second: speed since the row before.
        losses: by name; lower is not always better, as networks may work against each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phase: str
    images: int
    images_per_second: float
    losses: dict[str, float]


def read_history(path: Path) -> list[HistoryRow]:
    """Read all rows; a last line that was cut off by a kill is left out, and so is a missing file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            rows.append(HistoryRow.model_validate_json(line))
        except ValidationError:
            continue
    return rows


@dataclass(slots=True)
class History:
    """Writes one phase's rows.

    Attributes:
        path: the file.
        phase: what is trained.
        every: images between two rows.
    """

    path: Path
    phase: str
    every: int
    _sums: dict[str, float] = field(default_factory=dict, init=False)
    _images: int = field(default=0, init=False)
    _seconds: float = field(default=0.0, init=False)

    def rewind(self, images: int) -> None:
        """Drop the phase's rows after so many images: training goes on from there.

        Raises:
            InputError: if the file cannot be written.
        """
        rows = read_history(self.path)
        kept = [row for row in rows if row.phase != self.phase or row.images <= images]
        if len(kept) == len(rows):
            return
        try:
            replace_text(self.path, "".join(row.model_dump_json() + "\n" for row in kept))
        except OSError as error:
            raise cannot_write(self.path.parent, error) from error

    def add(
        self, losses: Mapping[str, float], *, images: int, step_images: int, seconds: float
    ) -> HistoryRow | None:
        """Take in one update.

        Args:
            losses: by name.
            images: images seen after it.
            step_images: images of the update.
            seconds: time it took.

        Returns:
            The row, where one was written.

        Raises:
            InputError: if the file cannot be written.
        """
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * step_images
        self._images += step_images
        self._seconds += seconds
        if self._images < self.every:
            return None
        row = HistoryRow(
            phase=self.phase,
            images=images,
            images_per_second=self._images / max(self._seconds, 1e-9),
            losses={name: total / self._images for name, total in self._sums.items()},
        )
        self._sums, self._images, self._seconds = {}, 0, 0.0
        try:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(row.model_dump()) + "\n")
        except OSError as error:
            raise cannot_write(self.path.parent, error) from error
        return row
