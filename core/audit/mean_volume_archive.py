"""Mean and standard-deviation volumes of an audit with all their digits: the folder `mean_volumes`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.audit.mean_volume import MeanVolume
from core.errors import InputError

__all__ = ["VOLUMES_FOLDER", "VolumeArchive", "load_mean_volumes", "write_mean_volumes"]

VOLUMES_FOLDER: Final = "mean_volumes"

# Says which set and class the files of each number are of: names are text of users and name no files.
_INDEX: Final = "index.json"
_AXES: Final = 4

_Key = tuple[str, str | None]


class VolumeArchive(Mapping[_Key, MeanVolume]):
    """Mean volumes by (set name, class or None), in the order in which they were written.

    Their arrays are those on disk, of which is read what is looked at.

    Args:
        folder: the folder with the files.
        index: what the index says of each.
    """

    def __init__(self, folder: Path, index: Mapping[_Key, dict[str, Any]]) -> None:
        self._folder = folder
        self._index = index
        self._places = {key: place for place, key in enumerate(index)}

    def __getitem__(self, key: _Key) -> MeanVolume:
        """Open one mean volume.

        Raises:
            KeyError: if there is none of that set and class.
            InputError: if its files are gone or damaged.
        """
        place, says = self._places[key], self._index[key]
        try:
            mean, std = (_open(self._folder / f"{what}_{place}.npy") for what in ("mean", "std"))
        except (OSError, ValueError, EOFError):
            raise _cannot_read(self._folder) from None
        if mean.shape != std.shape:
            raise _cannot_read(self._folder)
        return MeanVolume(mean, std, says["n"], says["spacing_mm"], says["is_oriented"])

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


def write_mean_volumes(folder: Path, volumes: Mapping[_Key, MeanVolume]) -> None:
    """Write mean volumes: `mean_0.npy` (float32) and `std_0.npy` (float16) and so on, and whose they are.

    Args:
        folder: what is there is replaced once all is written; `volumes` may be what it holds.
        volumes: (set name, class or None) to mean volume.

    Raises:
        OSError: if it cannot be written.
    """
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    index = []
    for place, ((name, label), one) in enumerate(volumes.items()):
        # A spread is good to a thousandth of itself, in half the room.
        for what, values in (("mean", one.mean.astype(np.float32)), ("std", one.std.astype(np.float16))):
            np.save(draft / f"{what}_{place}.npy", values, allow_pickle=False)
        index.append(
            {
                "set": name,
                "class": label,
                "n": one.n,
                "spacing_mm": one.spacing_mm,
                "is_oriented": one.is_oriented,
            }
        )
    (draft / _INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="ascii")
    shutil.rmtree(folder, ignore_errors=True)
    draft.replace(folder)


def load_mean_volumes(audit: Path) -> VolumeArchive:
    """Open the mean volumes of a finished audit.

    Args:
        audit: the audit's folder.

    Returns:
        (set name, class or None) to mean volume.

    Raises:
        InputError: if there are none: the audit is of pictures, or its files are gone.
    """
    path = audit / VOLUMES_FOLDER / _INDEX
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        raise _cannot_read(path.parent) from None


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> VolumeArchive:
    index: dict[_Key, dict[str, Any]] = {}
    for one in json.loads(path.read_text(encoding="utf-8")):
        spacing = one["spacing_mm"]
        index[one["set"], one["class"]] = {
            "n": int(one["n"]),
            "spacing_mm": None if spacing is None else tuple(map(float, spacing)),
            "is_oriented": bool(one["is_oriented"]),
        }
    return VolumeArchive(path.parent, index)


def _open(path: Path) -> NDArray[Any]:
    values: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if values.ndim != _AXES or values.dtype.kind != "f":
        raise ValueError("no mean volume")
    return values


def _cannot_read(folder: Path) -> InputError:
    return InputError(f"The mean volumes of the audit {folder.parent.name} cannot be read; run it again.")
