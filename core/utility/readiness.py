"""Whether a study can be the ground of a utility experiment, as far as folders and labels tell."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import Settings
from core.datasets.folder_roots import FolderRef, resolve_file
from core.datasets.labels import load_labels
from core.datasets.preview import preview_folder
from core.datasets.study_folders import StudyFolders, confine_to_roots

__all__ = ["Readiness", "check_readiness"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """A first look at a study's real and held-out set; no image is opened.

    Attributes:
        n_real: files of the real set.
        n_test: files of the held-out set, which is the test set; 0 without one.
        classes: names of the classes that folders or labels tell.
        problem: why no experiment can be run and what to change, as one sentence; empty where one can.
    """

    n_real: int
    n_test: int
    classes: tuple[str, ...]
    problem: str


def check_readiness(folders: StudyFolders, settings: Settings) -> Readiness:
    """Look whether a study has a held-out set to test on, and classes to tell apart.

    What only the images themselves tell, such as pixels shared by two sets, the experiment finds out.

    Raises:
        InputError: if a folder or the labels file cannot be opened.
    """
    n_real, classes = _look(folders.real, settings)
    if folders.labels is not None:
        confined = confine_to_roots(settings)
        labels = load_labels(resolve_file(folders.labels, settings), confined.confined_to)
        if labels.has_labels:
            classes = tuple(sorted({row.label for row in labels.rows.values() if row.label is not None}))
    n_test = 0 if folders.heldout is None else _look(folders.heldout, settings)[0]
    problem = ""
    if folders.heldout is None:
        problem = (
            "A utility experiment tests classifiers on real images of other patients, and this study has no "
            "held-out set; add one to the study."
        )
    elif len(classes) < 2:
        problem = (
            "A utility experiment needs at least two classes to tell apart; put the images of each class "
            "into a folder of its own, or add a labels CSV with a column 'label' to the study."
        )
    return Readiness(n_real, n_test, classes, problem)


def _look(ref: FolderRef, settings: Settings) -> tuple[int, tuple[str, ...]]:
    seen = preview_folder(ref, settings, n_samples=0)
    return seen.n_files, tuple(name for name in seen.classes if name is not None)
