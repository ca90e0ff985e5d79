"""A study: one real set, at most one held-out set, and named synthetic sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

__all__ = ["Study", "SyntheticSource", "clean_name", "name_after_folder"]

_NAME = re.compile(r"[^\W_][\w .+()-]{0,79}")
_RESERVED = {"real", "heldout"}


class SyntheticSource(BaseModel):
    """One generator's output: a name for tables and the folder it lies in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    folder: Path

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"The name {name!r} of a synthetic set must start with a letter or digit and hold only "
                "letters, digits, spaces and _.+()-, 80 at most."
            )
        if name.lower() in _RESERVED:
            raise ValueError(f"A synthetic set cannot be called {name!r}: that word names another set.")
        return name


class Study(BaseModel):
    """What a user sets up once.

    Attributes:
        real: folder of the real (train) set.
        synthetic: the synthetic sets, in the order of tables and plots.
        heldout: folder of real images of other patients that the generators never saw, or None.
        labels: CSV of file and label (and patient) for all sets, or None for classes from sub-folders.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    real: Path
    synthetic: tuple[SyntheticSource, ...]
    heldout: Path | None = None
    labels: Path | None = None

    @model_validator(mode="after")
    def _check_sets(self) -> Study:
        if not self.synthetic:
            raise ValueError("A study needs at least one synthetic set.")
        seen: set[str] = set()
        for source in self.synthetic:
            # Names become file names; disks that fold case must still keep the sets apart.
            folded = source.name.casefold()
            if folded in seen:
                raise ValueError(f"Two synthetic sets are called {source.name!r}; give each its own name.")
            seen.add(folded)
        return self

    @classmethod
    def from_folders(
        cls,
        *,
        real: Path | str,
        synthetic: Mapping[str, Path | str] | Sequence[Path | str],
        heldout: Path | str | None = None,
        labels: Path | str | None = None,
    ) -> Study:
        """Build a study from paths; synthetic folders without a name are named after themselves."""
        if isinstance(synthetic, Mapping):
            named = [SyntheticSource(name=name, folder=Path(folder)) for name, folder in synthetic.items()]
        else:
            named = [SyntheticSource(name=name_after_folder(Path(f)), folder=Path(f)) for f in synthetic]
        return cls(
            real=Path(real),
            synthetic=tuple(named),
            heldout=None if heldout is None else Path(heldout),
            labels=None if labels is None else Path(labels),
        )


def name_after_folder(folder: Path) -> str:
    """Name a synthetic set after its folder, with characters that names may not hold replaced."""
    return clean_name(folder.absolute().name)


def clean_name(text: str) -> str:
    """Make a synthetic set's name of any text: characters that names may not hold are replaced."""
    name = re.sub(r"[^\w .+()-]", "-", text).strip(" .-_") or "synthetic"
    return f"{name}-set" if name.lower() in _RESERVED else name[:80]
