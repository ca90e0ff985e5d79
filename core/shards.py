"""Rows keyed by image digest in immutable files: the disk layer of the feature store and the scan cache.

A shard is one `.npz` file that is written beside its final name, flushed, and renamed into place, so a kill
leaves either the whole shard or nothing, and two processes never write the same name. Rows are never changed:
a key names everything that decides a row, so a second row of the same key is the same row. A shard whose
check sum, shape or key fails is set aside and its rows count as absent: they are computed again.
"""

from __future__ import annotations

import os
import time
import uuid
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError

__all__ = ["ShardFolder", "ShardRows"]

_KEYS = "digests"
_STALE_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class ShardRows:
    """Rows found for a list of digests.

    Attributes:
        positions: (n_found,) positions in the list asked for, ascending.
        columns: arrays whose first axis matches `positions`.
    """

    positions: NDArray[np.intp]
    columns: Mapping[str, NDArray[Any]]


@dataclass(slots=True)
class ShardFolder:
    """One folder of shards whose rows share a schema.

    Args:
        folder: made on the first write.
        columns: names that every shard holds; one that differs counts as damaged. None takes any.
    """

    folder: Path
    columns: tuple[str, ...] | None = None
    _index: dict[str, tuple[Path, int]] = field(default_factory=dict, init=False)
    _known: set[Path] = field(default_factory=set, init=False)

    def write(self, digests: Sequence[str], columns: Mapping[str, NDArray[Any]]) -> None:
        """Add rows in one atomic step.

        Raises:
            ValueError: if a column's length differs from the number of digests.
            StoreError: if the folder cannot be written.
        """
        if not digests:
            return
        if any(len(column) != len(digests) for column in columns.values()):
            raise ValueError("every column has one row a digest")
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        draft, final = self.folder / f"{name}.draft", self.folder / f"{name}.npz"
        keys = np.frombuffer(bytes.fromhex("".join(digests)), dtype=np.uint8).reshape(-1, 32)
        arrays: dict[str, Any] = {_KEYS: keys, **columns}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("xb") as stream:
                np.savez(stream, **arrays)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(final)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(
                f"The workspace folder {self.folder} cannot be written ({error.strerror}); free space on it, "
                "or point MEDSYN_HOME to another folder."
            ) from error
        self._known.add(final)
        for row, digest in enumerate(digests):
            self._index.setdefault(digest, (final, row))

    def read(self, digests: Sequence[str]) -> ShardRows:
        """Fetch the rows that are stored and intact; digests without one are not among the positions."""
        self._refresh()
        wanted: dict[Path, list[tuple[int, int]]] = {}
        for position, digest in enumerate(digests):
            if digest in self._index:
                path, row = self._index[digest]
                wanted.setdefault(path, []).append((position, row))
        positions: list[int] = []
        parts: dict[str, list[NDArray[Any]]] = {}
        for path, pairs in wanted.items():
            columns = self._load(path)
            if columns is None:
                continue
            rows = [row for _, row in pairs]
            positions.extend(position for position, _ in pairs)
            for name, column in columns.items():
                if name != _KEYS:
                    parts.setdefault(name, []).append(column[rows])
        order = np.argsort(np.array(positions, dtype=np.intp), kind="stable")
        merged = {name: np.concatenate(chunks)[order] for name, chunks in parts.items()}
        return ShardRows(np.array(positions, dtype=np.intp)[order], merged)

    def _refresh(self) -> None:
        """Index shards that appeared since the last look, and sweep drafts that a kill left long ago."""
        if not os.path.isdir(self.folder):  # noqa: PTH112  Path.is_dir raises where this answers no
            return
        for path in sorted(self.folder.iterdir()):
            if path.suffix == ".draft":
                self._sweep(path)
            elif path.suffix == ".npz" and path not in self._known:
                self._known.add(path)
                columns = self._load(path, only=_KEYS)
                if columns is not None:
                    for row, key in enumerate(columns[_KEYS]):
                        self._index.setdefault(key.tobytes().hex(), (path, row))

    def _load(self, path: Path, only: str | None = None) -> dict[str, NDArray[Any]] | None:
        """Read a shard's columns, or set the shard aside and return None when it is damaged."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as shard:
                columns = {name: shard[name] for name in ([only] if only else shard.files)}
            keys = columns[_KEYS]
            if keys.dtype != np.uint8 or keys.ndim != 2 or keys.shape[1] != 32:
                raise ValueError("keys are not digests")
            if not only and self.columns is not None and set(columns) != {_KEYS, *self.columns}:
                raise ValueError("columns are not those of this folder")
            if any(len(column) != len(keys) for column in columns.values()):
                raise ValueError("columns differ in length")
            return columns
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError):
            # Kept beside for inspection under a name that is never read; its rows are computed again.
            with suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
        self._index = {digest: place for digest, place in self._index.items() if place[0] != path}
        return None

    @staticmethod
    def _sweep(draft: Path) -> None:
        try:
            if time.time() - draft.stat().st_mtime > _STALE_S:
                draft.unlink()
        except OSError:
            # Another process finished or swept it first.
            return
