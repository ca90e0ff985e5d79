"""What of a folder's files is one item: a file, or the slices of a DICOM series together."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from core.config import Settings
from core.confinement import open_confined
from core.errors import ImageReadError, InputError
from core.images.dicom.frames import Frame
from core.images.dicom.header import DicomHeader, read_header
from core.images.dicom.opening import DICOM_SNIFF_BYTES, is_dicom
from core.images.dicom.series import DicomStack, group_stacks
from core.progress import Progress
from core.workspace_key import load_workspace_key

__all__ = ["Entry", "join_series", "list_single"]

_Part = TypeVar("_Part")
_DOUBLE: Final = "it lies at the same place of its series as another slice"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item to be read.

    Attributes:
        id: path relative to the set's folder, with `/`: a file, or the folder of a series.
        paths: its files; more than one only of a series.
    """

    id: str
    paths: tuple[Path, ...]


def list_single(files: Sequence[tuple[str, Path]]) -> list[Entry]:
    """Every file is an item."""
    return [Entry(item_id, (path,)) for item_id, path in files]


def join_series(
    files: Sequence[tuple[str, Path]], *, settings: Settings, progress: Progress
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Join the DICOM files that are slices of one volume; every other file is an item of its own.

    A series that alone fills a folder is called by it, any other by its first file. Single images of a
    series, such as scouts, stay single.

    Args:
        files: id and path of each file.
        settings: limits, and the workspace whose key identifiers are hashed with.
        progress: told about every file; may cancel.

    Returns:
        Items ordered by id, and slices that were left out since another one lies at their place, with the
        reason.
    """
    paths = dict(files)
    progress.start("Reading DICOM headers", len(files), "files")
    headers = _read_headers(files, settings, progress)
    stacks = [stack for stack in group_stacks(headers) if _n_files(stack) > 1]
    joined = {one.name for stack in stacks for one in (*stack.slices, *stack.left_out)}
    folders = Counter(posixpath.dirname(item_id) for item_id, _ in files if item_id not in joined)
    for stack in stacks:
        folders.update({posixpath.dirname(one.name) for one in stack.slices})
    entries = [Entry(item_id, (path,)) for item_id, path in files if item_id not in joined]
    left_out = []
    for stack in stacks:
        names = list(dict.fromkeys(one.name for one in stack.slices))
        homes = {posixpath.dirname(name) for name in names}
        home = homes.pop() if len(homes) == 1 else ""
        is_alone = bool(home) and folders[home] == 1
        entries.append(Entry(home if is_alone else names[0], tuple(paths[name] for name in names)))
        left_out += [(one.name, _DOUBLE) for one in stack.left_out]
    return sorted(entries, key=lambda entry: entry.id), left_out


class _Sharing:
    """Lets headers share what they have in common: those of all files are in memory at once."""

    def __init__(self) -> None:
        self._seen: dict[Any, Any] = {}

    def shrink(self, header: DicomHeader) -> DicomHeader:
        """The same header, of which little is its own but the places of its frames."""
        return replace(
            header,
            layout=self._share(header.layout),
            identity=self._share(header.identity),
            frames=tuple(self._shrink_frame(frame) for frame in header.frames),
            spacing_mm=self._share(header.spacing_mm),
            warnings=self._share(header.warnings),
        )

    def _shrink_frame(self, frame: Frame) -> Frame:
        return replace(
            frame,
            row=self._share(frame.row),
            column=self._share(frame.column),
            spacing_mm=self._share(frame.spacing_mm),
            window=self._share(frame.window),
        )

    def _share(self, part: _Part) -> _Part:
        shared: _Part = self._seen.setdefault(part, part)
        return shared


def _n_files(stack: DicomStack) -> int:
    return len({one.name for one in stack.slices})


def _read_headers(
    files: Sequence[tuple[str, Path]], settings: Settings, progress: Progress
) -> Iterator[tuple[str, DicomHeader]]:
    key = load_workspace_key(settings.home)
    share = _Sharing()
    for item_id, path in files:
        progress.advance()
        try:
            with open_confined(path, settings.confined_to) as stream:
                if not is_dicom(stream.read(DICOM_SNIFF_BYTES)):
                    continue
                stream.seek(0)
                header = read_header(stream, max_pixels=settings.max_pixels, key=key)
            yield item_id, share.shrink(header)
        # What is wrong with a file is said where it is read whole.
        except (ImageReadError, OSError, InputError, ValueError):
            continue
