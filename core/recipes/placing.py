"""Puts files into a new folder: as copies, as links, or not at all; file by file, and never over others."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from core.confinement import open_confined
from core.errors import InputError, OutsideRootError
from core.output_folder import cannot_write
from core.progress import Progress, SilentProgress

__all__ = ["Placed", "Placement", "PlacingMode", "place_files"]

_SILENT: Final = SilentProgress()
# What disks say that hold no hard links, or none to another disk.
_NO_HARD_LINKS: Final = (
    errno.EXDEV,
    errno.EPERM,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EMLINK,
    errno.ENOSYS,
)


class PlacingMode(StrEnum):
    """How files come into the folder.

    Attributes:
        COPY: bytes for bytes, with the source's time.
        LINK: a hard link, which takes no space and stays when the source is removed; where disks differ, a
            symbolic link to the source's absolute path.
        SYMLINK: a symbolic link to the source's absolute path.
        MANIFEST: not at all; lists name the files where they are.
    """

    COPY = "copy"
    LINK = "link"
    SYMLINK = "symlink"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Placement:
    """One file and where it goes.

    Attributes:
        source: absolute path of the file.
        target: path below the folder, with `/`.
    """

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of the files.

    Attributes:
        n_made: files placed now.
        n_there: files that an earlier run had placed.
        n_symbolic: symbolic links among both.
        failed: target and reason of each file that could not be read.
    """

    n_made: int = 0
    n_there: int = 0
    n_symbolic: int = 0
    failed: tuple[tuple[str, str], ...] = ()


def place_files(
    placements: Sequence[Placement],
    folder: Path,
    *,
    mode: PlacingMode,
    roots: tuple[Path, ...] = (),
    progress: Progress = _SILENT,
) -> Placed:
    """Place files below a claimed folder; what an earlier run placed is not placed again.

    Each file appears under its name whole or not at all. A file that cannot be read is left out, with the
    reason.

    Args:
        placements: files with different targets, none of which leads out of the folder.
        folder: claimed by `core.recipes.claim`.
        mode: copies, links or nothing.
        roots: sources outside of these folders, whatever links say, are not read; empty allows all.
        progress: told of each file; may cancel, and what was placed stays.

    Raises:
        InputError: if another file stands where one is to be placed, or the folder cannot be written.
        CancelledError: if progress says so.
    """
    n_made = n_there = n_symbolic = 0
    failed: list[tuple[str, str]] = []
    stage = {PlacingMode.COPY: "Copying images", PlacingMode.MANIFEST: "Listing images"}
    progress.start(stage.get(mode, "Linking images"), len(placements))
    made: set[Path] = set()
    for one in placements:
        target = folder / _check(one.target)
        try:
            stream = open_confined(one.source, roots)
        except (OSError, InputError) as error:
            failed.append((one.target, _explain(error)))
        else:
            with stream:
                if mode is not PlacingMode.MANIFEST:
                    try:
                        if target.parent not in made:
                            target.parent.mkdir(parents=True, exist_ok=True)
                            made.add(target.parent)
                        is_new = _place(one.source, stream, target, mode)
                        n_made, n_there = n_made + is_new, n_there + (not is_new)
                        n_symbolic += target.is_symlink()
                    except OSError as error:
                        raise cannot_write(folder, error) from error
        progress.advance()
    return Placed(n_made, n_there, n_symbolic, tuple(failed))


def _check(target: str) -> PurePosixPath:
    path = PurePosixPath(target)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InputError(f"{target!r} leads out of the output folder; rename that file or class.")
    return path


def _explain(error: Exception) -> str:
    if isinstance(error, OutsideRootError):
        return "a link leads out of the folder of the images"
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no regular file"


def _place(source: Path, stream: BinaryIO, target: Path, mode: PlacingMode) -> bool:
    """Place one opened file; returns whether it was not there yet."""
    if os.path.lexists(target):
        if not _is_placed(source, stream, target, mode):
            raise InputError(f"{target} is there already and is not this recipe's; choose another --output.")
        return False
    draft = target.with_name(f".{target.name[:200]}.draft")
    draft.unlink(missing_ok=True)
    if mode is PlacingMode.COPY:
        with draft.open("xb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
        time_ns = os.fstat(stream.fileno()).st_mtime_ns
        os.utime(draft, ns=(time_ns, time_ns))
    elif mode is PlacingMode.SYMLINK or not _link_hard(source, stream, draft):
        draft.symlink_to(os.path.realpath(source))
    _rename(draft, target)
    return True


def _is_placed(source: Path, stream: BinaryIO, target: Path, mode: PlacingMode) -> bool:
    """Whether what stands there is what would be placed."""
    if target.is_symlink():
        return mode is not PlacingMode.COPY and os.path.realpath(target) == os.path.realpath(source)
    there, wanted = target.stat(), os.fstat(stream.fileno())
    if mode is PlacingMode.LINK:
        return os.path.samestat(there, wanted)
    return mode is PlacingMode.COPY and (there.st_size, there.st_mtime_ns) == (
        wanted.st_size,
        wanted.st_mtime_ns,
    )


def _link_hard(source: Path, stream: BinaryIO, draft: Path) -> bool:
    try:
        os.link(os.path.realpath(source), draft)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return False
    # The name may have been swapped for another file since it was opened.
    if os.path.samestat(draft.stat(), os.fstat(stream.fileno())):
        return True
    draft.unlink()
    raise OSError(errno.ESTALE, "a source file was exchanged while it was linked", str(source))


def _rename(draft: Path, target: Path) -> None:
    """Give a draft its name, unless somebody took the name meanwhile."""
    try:
        os.link(draft, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "a file was put there meanwhile", str(target)) from None
        draft.rename(target)
        return
    draft.unlink()
