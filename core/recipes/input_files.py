"""The files that a recipe starts from, each with a name that can begin the names of what is made of it."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.datasets.image_set import UnreadableFile
from core.datasets.listing import list_files
from core.errors import InputError
from core.recipes.image_names import locate

__all__ = ["InputFile", "list_input_files", "make_stem"]

# Longer endings first: of `a.nii.gz` the name is `a`.
_ENDING: Final = re.compile(r"(?:\.nii\.gz|\.[A-Za-z0-9]{1,8})$")
_UNFIT: Final = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file.

    Attributes:
        id: its path below the folder, with `/`; its bare name where one file was given.
        path: absolute path.
        name: its id without ending, `/` as `-`; unique among the files.
    """

    id: str
    path: Path
    name: str


def make_stem(item_id: str) -> str:
    """A file's id without its ending, as one file name can hold it."""
    stem = _ENDING.sub("", item_id) or item_id
    return _UNFIT.sub("_", stem).replace("/", "-").lstrip(".") or "_"


def list_input_files(
    source: Path, *, confined_to: tuple[Path, ...] = (), what: str
) -> tuple[list[InputFile], list[UnreadableFile]]:
    """List one file, or the files below a folder that are not hidden.

    Links that lead out of the folder are not followed. Files whose names differ by their ending alone keep
    it: `a.tif` beside `a.png` are `a_tif` and `a_png`.

    Args:
        source: a file or a folder.
        confined_to: folder roots; empty confines to the folder itself.
        what: what messages call it, such as `slides`.

    Returns:
        The files in the order of their ids, and what could not or may not be opened.

    Raises:
        InputError: if it is not there.
    """
    source = locate(source)
    if os.path.isdir(source):  # noqa: PTH112  Path.is_dir raises where this answers no
        files, closed, _ = list_files(source, confined_to=confined_to or (source,))
    elif os.path.exists(source):  # noqa: PTH110
        files, closed = [(source.name, source)], []
    else:
        raise InputError(f"The {what} are not there: {source}.")
    stems = [make_stem(item_id) for item_id, _ in files]
    counts = Counter(stem.casefold() for stem in stems)
    taken: set[str] = set()
    listed: list[InputFile] = []
    for (item_id, path), stem in zip(files, stems, strict=True):
        is_alone = counts[stem.casefold()] == 1
        name = stem if is_alone else make_stem(item_id.replace(".", "_"))
        number, unique = 2, name
        while unique.casefold() in taken:
            number, unique = number + 1, f"{name}_{number}"
        taken.add(unique.casefold())
        listed.append(InputFile(item_id, path, unique))
    return listed, closed
