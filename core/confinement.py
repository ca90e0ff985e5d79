"""Keeps paths below folder roots: resolves them strictly, and checks what was opened, not what it is called.

A root is a folder below which files may be opened. Links may lead anywhere within their own root and nowhere
else. A name can be swapped for a link at any moment, so a check of the name alone proves nothing: what counts
is where the opened file lies.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError, OutsideRootError

__all__ = ["is_confined", "open_confined", "resolve_below"]

# Linux tells where a handle lies and opens it once more; elsewhere names are followed, twice to be sure.
_HANDLES = "/proc/self/fd"
_HAS_HANDLES = sys.platform == "linux" and os.path.isdir(_HANDLES)  # noqa: PTH112  never raises
# A pipe does not wait for its other end; in a real path, a link can only be one that was put there just now.
_NO_WAIT, _NO_LINK = getattr(os, "O_NONBLOCK", 0), getattr(os, "O_NOFOLLOW", 0)
_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def resolve_below(root: Path, relative: str) -> Path:
    """Find what a relative path names below a root.

    Args:
        root: absolute path of the root; may itself be a link.
        relative: path with `/`; empty for the root itself. A backslash is a character like any other.

    Returns:
        The real path, below the root's real path.

    Raises:
        OutsideRootError: if the path is absolute, holds `..`, or leads out of the root through a link.
        InputError: if the root or the path is not there, may not be opened, or is no path at all.
    """
    if not root.is_absolute():
        raise InputError(f"A folder root must be an absolute path, not {str(root)!r}.")
    if relative.startswith("/"):
        raise OutsideRootError(f"{relative!r} is an absolute path; name it relative to its folder root.")
    if ".." in relative.split("/"):
        raise OutsideRootError(f"{relative!r} holds '..'; name it by a path that only leads downwards.")
    try:
        real_root = _locate(os.fspath(root))
    except OSError as error:
        raise InputError(f"The folder root {str(root)!r} cannot be opened ({error.strerror}).") from None
    path = os.path.join(real_root, relative)  # noqa: PTH118  keeps names as they are
    try:
        real, missing = _locate(path), False
    except OSError as error:
        if error.errno not in _NOWHERE:
            raise InputError(f"{relative!r} cannot be opened ({error.strerror}).") from None
        # Where a link leads out, nothing is said about what is or is not there.
        real, missing = os.path.realpath(path), True
    except ValueError:
        raise InputError(f"{relative!r} holds characters that no file name can hold.") from None
    if not _is_below(real, real_root):
        raise _leads_out(relative)
    if missing:
        raise InputError(f"{relative!r} is not there; it was moved or deleted.")
    return Path(real)


def open_confined(path: Path, roots: tuple[Path, ...]) -> BinaryIO:
    """Open a regular file for reading, only if it lies below its root.

    The innermost root that holds the path by name is its root, so both are to be written alike: resolved
    roots go with paths from `resolve_below`.

    Args:
        path: the file, or a link to it.
        roots: absolute paths of the roots; empty opens a regular file anywhere.

    Returns:
        The open file. Pipes and devices are neither waited for nor touched.

    Raises:
        OutsideRootError: if the file lies outside its root, or was swapped for one that does while opening.
        InputError: if it is not a regular file.
        OSError: if it is not there or its permissions do not allow reading it.
    """
    name = os.fspath(path)
    if not roots:
        return _open_regular(name, path)
    root = _find_root(path, roots)
    if root is None:
        raise OutsideRootError(
            f"{str(path)!r} lies below no folder root; add its folder to MEDSYN_DATA_ROOTS."
        )
    return _open_below(name, root, path) if _HAS_HANDLES else _open_below_by_name(name, root, path)


def is_confined(path: Path, roots: tuple[Path, ...]) -> bool:
    """Tell whether a path, with all links followed, stays below its root; a path to nowhere may.

    For walking folders: the answer holds for now only, so files are still to be opened by `open_confined`.

    Args:
        path: a file, a folder or a link.
        roots: absolute paths of the roots; empty confines nothing.
    """
    if not roots:
        return True
    root = _find_root(path, roots)
    if root is None:
        return False
    name = os.fspath(path)
    try:
        try:
            real = _locate(name)
        except OSError as error:
            if error.errno not in _NOWHERE:
                return False
            real = os.path.realpath(name)
        return _lies_below(real, root)
    except (OSError, ValueError):
        return False


def _find_root(path: Path, roots: tuple[Path, ...]) -> str | None:
    """Longest root that holds the path by name."""
    name = os.path.abspath(path)  # noqa: PTH100
    return max((root for root in map(os.fspath, roots) if _is_below(name, root)), key=len, default=None)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _lies_below(real: str, root: str) -> bool:
    """Whether a real path lies below a root that may itself be a link."""
    # Real paths hold no links: what lies below the root as it is named has asked for no second look.
    return _is_below(real, root) or _is_below(real, _locate(root))


def _locate(path: str) -> str:
    """Real path of what is there; raises where nothing is."""
    if not _HAS_HANDLES:
        return os.path.realpath(path, strict=True)
    handle = _pin(path)
    try:
        return _locate_handle(handle)
    finally:
        os.close(handle)


def _pin(path: str) -> int:
    """Handle of what is there, links followed as the kernel follows them, without opening it."""
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def _locate_handle(handle: int) -> str:
    return os.readlink(f"{_HANDLES}/{handle}")  # noqa: PTH115  its text, not a path to follow once more


def _open_below(name: str, root: str, asked: Path) -> BinaryIO:
    """Look at a handle that opens nothing, then open what it holds: no name is followed twice."""
    handle = _pin(name)
    try:
        if not _lies_below(_locate_handle(handle), root):
            raise _leads_out(asked)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _not_regular(asked)
        return open(f"{_HANDLES}/{handle}", "rb")  # noqa: PTH123
    finally:
        os.close(handle)


def _open_below_by_name(name: str, root: str, asked: Path) -> BinaryIO:
    """Follow names, open, and follow them again: what was swapped in between is not the same file."""
    real = _locate(name)
    if not _lies_below(real, root):
        raise _leads_out(asked)
    stream = _open_regular(real, asked, flags=_NO_LINK)
    try:
        again = _locate(name)
        if not _lies_below(again, root) or not os.path.samestat(os.lstat(again), os.fstat(stream.fileno())):
            raise _leads_out(asked)
    except BaseException:
        stream.close()
        raise
    return stream


def _open_regular(name: str, asked: Path, *, flags: int = 0) -> BinaryIO:
    """Open a regular file; `name` is where it is, `asked` what messages call it."""
    # Asked before opening too, since opening alone may already move a tape or wake a pipe's writer.
    if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116  Path costs more than the call
        raise _not_regular(asked)
    stream = open(  # noqa: SIM115  Path.open takes no opener
        name, "rb", opener=lambda name, given: os.open(name, given | flags | _NO_WAIT)
    )
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise _not_regular(asked)
    return stream


def _not_regular(path: Path) -> InputError:
    return InputError(f"{str(path)!r} is not a regular file; name a file, not a folder, pipe or device.")


def _leads_out(path: Path | str) -> OutsideRootError:
    return OutsideRootError(
        f"{str(path)!r} leads out of its folder root through a link; put what it leads to below the root."
    )
