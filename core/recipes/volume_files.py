"""The volumes of a folder: NIfTI, TIFF and NumPy files, and DICOM series, each loaded when it is its turn."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.config import Settings
from core.confinement import open_confined
from core.errors import ImageReadError, InputError
from core.images.dicom.header import DicomHeader, read_header
from core.images.dicom.opening import is_dicom
from core.images.dicom.series import DicomStack, group_stacks
from core.images.dicom.stacking import load_stack
from core.images.loaded_volume import LoadedVolume
from core.images.nifti import decode_nifti
from core.images.reading import read_bytes
from core.images.volume_reading import decode_volume, find_volume_format
from core.progress import Progress
from core.recipes.input_files import InputFile, list_input_files, make_stem
from core.recipes.made_images import size_of
from core.workspace_key import load_workspace_key

__all__ = ["VolumeFile", "VolumeListing", "list_volumes"]

_SNIFF_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """One volume of a folder, not loaded yet.

    Attributes:
        id: its file, or the folder of its DICOM files, below the folder searched.
        name: its id as one file name can hold it; unique among the volumes.
        bytes: size of its files together.
        patient: keyed hash of the patient, of DICOM only; None where the files do not tell.
        load: decodes it; raises ImageReadError.
    """

    id: str
    name: str
    bytes: int
    patient: str | None
    load: Callable[[], LoadedVolume] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class VolumeListing:
    """The volumes of a folder.

    Attributes:
        volumes: ordered by id.
        left_out: files that are none, with reasons.
    """

    volumes: tuple[VolumeFile, ...]
    left_out: tuple[tuple[str, str], ...]


def list_volumes(source: Path, *, settings: Settings, progress: Progress) -> VolumeListing:
    """Find the volumes of a folder by their content, whatever names end with.

    DICOM files are grouped into series by their headers, wherever they lie; of the rest, each file is a
    volume (a NIfTI pair is named by its `.hdr`).

    Args:
        source: a folder, or one file.
        settings: limits, folder roots, and the workspace whose key patients are hashed with.
        progress: told of every file.

    Raises:
        InputError: if it is not there.
        StoreError: if the workspace's key cannot be read.
    """
    files, closed = list_input_files(source, confined_to=settings.confined_to, what="volumes")
    left_out = [(bad.id, bad.reason) for bad in closed]
    finder = _Finder(files, settings)
    progress.start("Looking for volumes", len(files), "files")
    stacks = group_stacks(finder.sort(left_out, progress))
    volumes = [finder.describe_stack(stack, source) for stack in stacks] + finder.single
    return VolumeListing(tuple(_name_apart(volumes)), tuple(sorted(left_out)))


class _Finder:
    """Tells DICOM files from other volumes, and says how each is loaded."""

    def __init__(self, files: list[InputFile], settings: Settings) -> None:
        self._files = files
        self._paths = {file.id: file.path for file in files}
        self._settings = settings
        self._key = load_workspace_key(settings.home)
        self.single: list[VolumeFile] = []

    def sort(self, left_out: list[tuple[str, str]], progress: Progress) -> Iterator[tuple[str, DicomHeader]]:
        """Give the header of each DICOM file; other volumes go to `single`."""
        for file in self._files:
            try:
                with open_confined(file.path, self._settings.confined_to) as stream:
                    start = stream.read(_SNIFF_BYTES)
                    if is_dicom(start):
                        stream.seek(0)
                        header = read_header(stream, max_pixels=self._settings.max_pixels, key=self._key)
                        yield file.id, header
                    elif not self._is_image_of_pair(file):
                        self.single.append(self._describe_file(file, start))
            except ImageReadError as error:
                left_out.append((file.id, str(error)))
            except (OSError, InputError):
                left_out.append((file.id, "it cannot be opened, or is not a regular file"))
            progress.advance()

    def describe_stack(self, stack: DicomStack, source: Path) -> VolumeFile:
        names = {one.name for one in stack.slices}
        first = stack.slices[0].name
        folder = posixpath.dirname(first) or source.absolute().name
        is_one_file = len(names) == 1
        return VolumeFile(
            id=first if is_one_file else folder,
            name=make_stem(first if is_one_file else f"{folder}/").rstrip("-"),
            bytes=sum(size_of(self._paths[name]) for name in names),
            patient=stack.identity.patient,
            load=lambda: self._load_stack(stack),
        )

    def _describe_file(self, file: InputFile, start: bytes) -> VolumeFile:
        if find_volume_format(start) is None:
            raise ImageReadError("it is no DICOM, NIfTI, TIFF, .npy or .npz volume")
        return VolumeFile(
            id=file.id,
            name=make_stem(file.id),
            bytes=size_of(file.path),
            patient=None,
            load=lambda: self._load_file(file),
        )

    def _load_file(self, file: InputFile) -> LoadedVolume:
        image = self._read_image_of(file)
        if image is not None:
            return LoadedVolume(
                decode_nifti(self._read(file.id), max_pixels=self._settings.max_pixels, image=image)
            )
        return decode_volume(self._read(file.id), max_pixels=self._settings.max_pixels)

    def _is_image_of_pair(self, file: InputFile) -> bool:
        stem, ending = os.path.splitext(file.id)  # noqa: PTH122  ids have `/` on every system
        return ending.lower() == ".img" and any(f"{stem}{other}" in self._paths for other in (".hdr", ".HDR"))

    def _read_image_of(self, file: InputFile) -> bytes | None:
        stem, ending = os.path.splitext(file.id)  # noqa: PTH122
        image = f"{stem}{'.IMG' if ending.isupper() else '.img'}"
        return self._read(image) if ending.lower() == ".hdr" and image in self._paths else None

    def _load_stack(self, stack: DicomStack) -> LoadedVolume:
        return load_stack(stack, self._read, max_pixels=self._settings.max_pixels, key=self._key)

    def _read(self, item_id: str) -> bytes:
        return read_bytes(
            self._paths[item_id],
            max_file_bytes=self._settings.max_file_bytes,
            confined_to=self._settings.confined_to,
        )


def _name_apart(volumes: list[VolumeFile]) -> Iterator[VolumeFile]:
    """Number the names that several volumes have, in the order of their ids."""
    taken: set[str] = set()
    for one in sorted(volumes, key=lambda volume: volume.id):
        number, name = 2, one.name
        while name.casefold() in taken:
            number, name = number + 1, f"{one.name}_{number}"
        taken.add(name.casefold())
        yield VolumeFile(one.id, name, one.bytes, one.patient, one.load)
