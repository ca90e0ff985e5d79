"""A study by its folder roots: what the dashboard keeps, and how it becomes paths again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from core.config import Settings
from core.datasets.folder_roots import FolderRef, describe_folder, resolve_file, resolve_folder
from core.datasets.labels import list_group_columns
from core.datasets.study import Study, SyntheticSource, clean_name
from core.errors import InputError
from core.validation import explain_first

__all__ = [
    "EXPERIMENTS_FOLDER",
    "NO_SYNTHETIC",
    "StudyFolders",
    "SyntheticFolder",
    "add_synthetic",
    "confine_to_roots",
    "find_free_name",
    "list_study_columns",
    "remove_synthetic",
    "require_synthetic",
]

EXPERIMENTS_FOLDER = "experiments"
"""Folder of the workspace with experiments' files, the images that they wrote included."""


NO_SYNTHETIC = (
    "This study has no synthetic set yet; add one in Study setup, or train a generator and draw from it."
)
"""What a user is told who asks for what compares synthetic sets."""


class SyntheticFolder(BaseModel):
    """One generator's output: its name in tables, and its folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    folder: FolderRef

    @model_validator(mode="after")
    def _check_name(self) -> SyntheticFolder:
        SyntheticSource(name=self.name, folder=Path(self.folder.path))
        return self


class StudyFolders(BaseModel):
    """The sets of a study, each as a root's name and a path below it.

    Roots may move between machines; the study stays the same.

    Attributes:
        real: the real (train) set.
        synthetic: the synthetic sets, in the order of tables and plots; none before there are images.
        heldout: real images of other patients, or None.
        labels: CSV of file and label (and patient), or None for classes from sub-folders.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    real: FolderRef
    synthetic: tuple[SyntheticFolder, ...]
    heldout: FolderRef | None = None
    labels: FolderRef | None = None

    @model_validator(mode="after")
    def _check_sets(self) -> StudyFolders:
        # A study may begin without synthetic sets, which a generator is then trained to draw.
        if not self.synthetic:
            return self
        # The rules of names are those of a study by paths.
        named = [SyntheticSource(name=one.name, folder=Path(one.folder.path)) for one in self.synthetic]
        Study(real=Path(self.real.path), synthetic=tuple(named))
        return self

    @classmethod
    def describe(cls, study: Study, settings: Settings) -> StudyFolders:
        """Describe a study of paths by the roots that its folders lie below.

        Raises:
            InputError: if a folder lies below none of the roots.
        """
        return cls.describe_sets(
            real=study.real,
            heldout=study.heldout,
            labels=study.labels,
            synthetic=study.synthetic,
            settings=settings,
        )

    @classmethod
    def describe_sets(
        cls,
        *,
        real: Path,
        heldout: Path | None = None,
        labels: Path | None = None,
        synthetic: Sequence[SyntheticSource] = (),
        settings: Settings,
    ) -> StudyFolders:
        """Describe sets by the roots that their folders lie below; synthetic ones may come later.

        Raises:
            InputError: if a folder lies below none of the roots.
        """
        return cls(
            real=describe_folder(real, settings),
            heldout=None if heldout is None else describe_folder(heldout, settings),
            labels=None if labels is None else describe_folder(labels, settings),
            synthetic=tuple(
                SyntheticFolder(name=one.name, folder=describe_folder(one.folder, settings))
                for one in synthetic
            ),
        )

    def resolve(self, settings: Settings) -> Study:
        """Find the folders on this machine, each checked to lie below its root.

        Raises:
            InputError: if there is no synthetic set, a root is not among the settings', or a folder is gone
                or leads out of its root.
        """
        require_synthetic(self)
        return Study(
            real=resolve_folder(self.real, settings),
            heldout=None if self.heldout is None else resolve_folder(self.heldout, settings),
            labels=None if self.labels is None else resolve_file(self.labels, settings),
            synthetic=tuple(
                SyntheticSource(name=one.name, folder=resolve_folder(one.folder, settings))
                for one in self.synthetic
            ),
        )


def add_synthetic(folders: StudyFolders, name: str, folder: FolderRef) -> StudyFolders:
    """Return a study with one more synthetic set, the last.

    Raises:
        InputError: if the name is taken or does not fit, or the folder is a set of the study already.
    """
    for one in folders.synthetic:
        if one.folder == folder:
            raise InputError(f"The study has these images already, as {one.name!r}.")
    try:
        added = SyntheticFolder(name=name, folder=folder)
        return StudyFolders.model_validate(dict(folders) | {"synthetic": (*folders.synthetic, added)})
    except ValidationError as error:
        raise InputError(explain_first(error)) from error


def require_synthetic(folders: StudyFolders) -> None:
    """Refuse a study that has no synthetic set to compare.

    Raises:
        InputError: if there is none.
    """
    if not folders.synthetic:
        raise InputError(NO_SYNTHETIC)


def remove_synthetic(folders: StudyFolders, folder: FolderRef) -> StudyFolders:
    """Return a study without the synthetic set of a folder, or as it is where it has none."""
    kept = tuple(one for one in folders.synthetic if one.folder != folder)
    return folders.model_copy(update={"synthetic": kept})


def find_free_name(folders: StudyFolders, wanted: str) -> str:
    """Make a synthetic set's name of any text, with a number where the study has such a set already."""
    name, taken = clean_name(wanted), {one.name.casefold() for one in folders.synthetic}
    numbered = (f"{name[:76]} {number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one.casefold() not in taken)


def list_study_columns(folders: StudyFolders, settings: Settings) -> tuple[str, ...]:
    """List the columns of a study's labels CSV that images can be grouped by; none without a CSV.

    Raises:
        InputError: if the CSV is gone, cannot be read or leads out of its root.
    """
    if folders.labels is None:
        return ()
    path = resolve_file(folders.labels, settings)
    return list_group_columns(path, confine_to_roots(settings).confined_to)


def confine_to_roots(settings: Settings, *, with_experiments: bool = False) -> Settings:
    """Settings under which only files below the folder roots are opened, whatever links say.

    Args:
        settings: with the roots.
        with_experiments: whether images that experiments wrote into the workspace may be opened, too; no
            study can name their folders.
    """
    # Path.resolve raises where a root is a circular link; such a root holds nothing and is named when used.
    roots = tuple(Path(os.path.realpath(root.path)) for root in settings.data_roots)
    if with_experiments:
        roots = (*roots, Path(os.path.realpath(settings.home / EXPERIMENTS_FOLDER)))
    return replace(settings, confined_to=roots)
