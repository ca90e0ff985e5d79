"""Mean and standard-deviation images of an audit with all their digits: `mean_images.npz`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import BadZipFile

import numpy as np

from core.audit.result import MeanPicture
from core.errors import InputError

__all__ = ["MEANS_FILE", "MeanArchive", "load_mean_images", "save_arrays", "write_mean_images"]

MEANS_FILE: Final = "mean_images.npz"

# The entry that says which set and class each pair of arrays is of: names are text of users and no names of
# files within the archive.
_INDEX: Final = "index"

_Key = tuple[str, str | None]


class MeanArchive(Mapping[_Key, MeanPicture]):
    """Pictures by (set name, class or None), in the order in which they were written; read when asked for.

    Args:
        path: the file.
        counts: images behind each picture.
    """

    def __init__(self, path: Path, counts: Mapping[_Key, int]) -> None:
        self._path = path
        self._counts = counts
        self._places = {key: place for place, key in enumerate(counts)}

    def __getitem__(self, key: _Key) -> MeanPicture:
        """Read one picture.

        Raises:
            KeyError: if there is none of that set and class.
            InputError: if the file is gone or damaged.
        """
        place = self._places[key]
        try:
            with np.load(self._path, allow_pickle=False) as archive:
                mean, std = (archive[f"{what}_{place}"].astype(np.float64) for what in ("mean", "std"))
        except (OSError, ValueError, KeyError, BadZipFile):
            raise _cannot_read(self._path.parent) from None
        return MeanPicture(mean, std, self._counts[key])

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)


def write_mean_images(path: Path, pictures: Mapping[_Key, MeanPicture]) -> None:
    """Write pictures in one step.

    Args:
        path: the file; what is there is replaced.
        pictures: (set name, class or None) to mean image.

    Raises:
        OSError: if it cannot be written.
    """
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        save_arrays(file, pictures)
    draft.replace(path)


def save_arrays(file: BinaryIO, pictures: Mapping[_Key, MeanPicture]) -> None:
    """Save pictures as `mean_0`, `std_0`, `mean_1` and so on, and as `index` whose they are, in that order.

    Args:
        file: where the npz goes.
        pictures: (set name, class or None) to mean image.
    """
    index = [{"set": name, "class": label, "n": one.n} for (name, label), one in pictures.items()]
    arrays = {_INDEX: np.frombuffer(json.dumps(index).encode("ascii"), dtype=np.uint8)}
    for place, one in enumerate(pictures.values()):
        # Good to a hundred-thousandth of a grey level, in half the room.
        arrays |= {f"mean_{place}": one.mean.astype(np.float32), f"std_{place}": one.std.astype(np.float32)}
    np.savez(file, allow_pickle=False, **arrays)


def load_mean_images(folder: Path) -> MeanArchive:
    """Open the mean images of a finished audit.

    Args:
        folder: the audit's folder.

    Returns:
        (set name, class or None) to (h, w, channels) mean and standard deviation on the scale 0 to 255.

    Raises:
        InputError: if there are none: the audit is of an earlier version, or its files are gone.
    """
    path = folder / MEANS_FILE
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile):
        raise _cannot_read(folder) from None


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> MeanArchive:
    with np.load(path, allow_pickle=False) as archive:
        index = json.loads(archive[_INDEX].tobytes())
    return MeanArchive(path, {(one["set"], one["class"]): int(one["n"]) for one in index})


def _cannot_read(folder: Path) -> InputError:
    return InputError(f"The mean images of the audit {folder.name} cannot be read; run the audit again.")
