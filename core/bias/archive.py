"""Reads an analysis of bias back from its folder, for pages and reports: nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.bias.summary import (
    ALL_REGIONS,
    BiasSetRecord,
    BiasSettings,
    BiasSummary,
    DifferenceRecord,
    InheritanceRecord,
    MarkerRecord,
    ShortcutRecord,
    SuspectRecord,
)
from core.errors import InputError, UnknownNameError
from core.validation import explain_unreadable

__all__ = [
    "ALL_REGIONS",
    "BIAS_FILE",
    "BIAS_FOLDER",
    "BiasSetRecord",
    "BiasSettings",
    "BiasSummary",
    "DifferenceRecord",
    "InheritanceRecord",
    "MarkerRecord",
    "PatchScores",
    "ShortcutRecord",
    "SuspectRecord",
    "list_bias",
    "list_differences",
    "load_bias",
    "load_map",
    "load_patch_scores",
]

BIAS_FILE: Final = "bias.json"
BIAS_FOLDER: Final = "bias"
"""Folder of an audit that holds its analyses of bias, one folder each."""

_MAPS: Final = ("mean", "probe", "transfer", "inheritance")


@dataclass(frozen=True, slots=True)
class PatchScores:
    """What a set's own probe said of every patch.

    Attributes:
        items: (n) images by their path relative to the set's folder.
        labels: (n) class of each.
        folds: (n) fold of each; scores are to be compared within a fold.
        scores: (rows * columns, n) row by row: how much the patch at that position looks like the image's own
            class to a probe that never saw this image; the scale is arbitrary, larger is more telling.
    """

    items: tuple[str, ...]
    labels: tuple[str, ...]
    folds: tuple[int, ...]
    scores: NDArray[np.float32]


def list_bias(folder: Path) -> tuple[str, ...]:
    """List the finished analyses of an audit, newest first.

    Args:
        folder: the audit's folder.

    Returns:
        Names of folders below `folder / BIAS_FOLDER`.
    """
    found = []
    for path in (folder / BIAS_FOLDER).glob(f"*/{BIAS_FILE}"):
        try:
            found.append((path.stat().st_mtime_ns, path.parent.name))
        except OSError:
            continue
    return tuple(name for _, name in sorted(found, reverse=True))


def load_bias(folder: Path) -> BiasSummary:
    """Read the `bias.json` of a finished analysis.

    Args:
        folder: where `core.bias.writer.write_bias` wrote.

    Raises:
        InputError: if there is none, or it is damaged or of another version.
    """
    path = folder / BIAS_FILE
    with explain_unreadable(path, noun="an analysis", work="analysis"):
        return _load_summary(path, path.stat().st_mtime_ns)


def list_differences(folder: Path, set_name: str) -> tuple[str, ...]:
    """List the maps of class differences of a set, as `load_map` calls them.

    Raises:
        UnknownNameError: if the analysis has no such set.
        InputError: if the analysis cannot be read.
    """
    return tuple(one.name for one in _find_set(folder, set_name).differences)


def load_map(folder: Path, set_name: str, name: str) -> NDArray[np.float64]:
    """Read one map of a set.

    Args:
        folder: the analysis.
        set_name: one of its sets.
        name: `mean`, (side, side) mean image in grey levels; `probe`, (rows, columns) area under the ROC
            curve within the set; `transfer`, the same of the real set's probe tested on this set;
            `inheritance`, (rows, columns) share of the real signal, not a number where there is none; or one
            of `list_differences`, (side, side) Cohen's d.

    Raises:
        UnknownNameError: if the set has no such map.
        InputError: if the analysis cannot be read.
    """
    known = (*_MAPS, *list_differences(folder, set_name))
    place = folder / "maps" / set_name
    there = [one for one in known if (place / f"{one}.npy").exists()]
    if name not in there:
        raise UnknownNameError(
            f"The set {set_name} has no map {name!r}; it has: {', '.join(there) or 'none'}."
        )
    return np.asarray(_load_array(place / f"{name}.npy"), dtype=np.float64)


def load_patch_scores(folder: Path, set_name: str) -> PatchScores:
    """Read what a set's probe said of every patch of its images.

    Raises:
        UnknownNameError: if the analysis has no such set, or it was not probed.
        InputError: if the analysis cannot be read.
    """
    import pandas as pd

    _find_set(folder, set_name)
    place = folder / "maps" / set_name
    if not (place / "scores.npy").exists():
        raise UnknownNameError(f"The set {set_name} was not probed: it has no scores.")
    try:
        # As text: a class or file may be called "NA".
        table = pd.read_csv(place / "images.csv", dtype=str, keep_default_na=False, encoding="utf-8")
        items, labels = tuple(table["item"]), tuple(table["class"])
        folds = tuple(int(fold) for fold in table["fold"])
    except (OSError, ValueError, KeyError):
        raise _damaged(place / "images.csv") from None
    # (positions, n, k): k = 1 for two classes, else one a class.
    scores = _load_array(place / "scores.npy")
    if scores.ndim != 3 or scores.shape[1] != len(items):
        raise _damaged(place / "scores.npy")
    classes = load_bias(folder).classes
    if any(label not in classes for label in labels):
        raise _damaged(place / "images.csv")
    codes = np.array([classes.index(label) for label in labels], dtype=np.intp)
    if len(classes) == 2:
        own = scores[..., 0] * np.where(codes == 1, 1, -1).astype(scores.dtype)
    else:
        own = scores[:, np.arange(len(items)), codes]
    return PatchScores(items, labels, folds, own.astype(np.float32, copy=False))


def _find_set(folder: Path, set_name: str) -> BiasSetRecord:
    sets = {one.name: one for one in load_bias(folder).sets}
    if set_name not in sets:
        raise UnknownNameError(f"The analysis has no set {set_name!r}; it has: {', '.join(sets)}.")
    return sets[set_name]


def _load_array(path: Path) -> NDArray[np.floating[Any]]:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError):
        raise _damaged(path) from None


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} cannot be read; run the analysis again.")


@lru_cache(maxsize=16)
def _load_summary(path: Path, _changed: int) -> BiasSummary:
    return BiasSummary.model_validate_json(path.read_bytes())
