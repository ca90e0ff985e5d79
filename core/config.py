"""One frozen settings object, read once from the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import platformdirs

from core.errors import InputError

__all__ = [
    "BUILT_IN_ROOTS",
    "DEMO_ROOT",
    "GENERATED_ROOT",
    "GENERATORS_FOLDER",
    "DataRoot",
    "Settings",
    "get_settings",
]

DEMO_ROOT = "demo"
"""Name of the folder root that holds the demo's images; always there."""

GENERATED_ROOT = "generated"
"""Name of the folder root that holds images drawn from the workspace's generators; always there."""

GENERATORS_FOLDER = "generators"
"""Folder of the workspace with trained generators, each under its id."""

BUILT_IN_ROOTS = (DEMO_ROOT, GENERATED_ROOT)
"""Folder roots that lie in the workspace, whatever a user names."""


@dataclass(frozen=True, slots=True)
class DataRoot:
    """A folder below which the dashboard may open images.

    Attributes:
        name: how pages and studies call it; studies keep the name, so that the folder may move.
        path: where it is.
    """

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides.

    Attributes:
        home: workspace folder: feature store, demo, database, audits and jobs' logs (`MEDSYN_HOME`).
        weights_dir: where weight files are looked for before torch's own cache (`MEDSYN_WEIGHTS_DIR`).
        torch_home: torch's cache folder (`TORCH_HOME`, else below `XDG_CACHE_HOME` or `~/.cache`).
        offline: never try to download anything (`MEDSYN_OFFLINE=1`).
        max_pixels: an image with more pixels is refused before decoding (`MEDSYN_MAX_PIXELS`).
        max_file_bytes: a larger file is refused before reading (`MEDSYN_MAX_FILE_BYTES`).
        data_roots: folders below which the dashboard may open images (`MEDSYN_DATA_ROOTS`), then the demo's
            and that of generated images.
        database_url: PostgreSQL or SQLite that keeps studies, audits and jobs (`MEDSYN_DATABASE_URL`); None
            for SQLite in the workspace.
        max_jobs: jobs that run at once on this machine (`MEDSYN_MAX_JOBS`).
        allow_remote: whether the dashboard may answer other machines without authentication
            (`MEDSYN_ALLOW_REMOTE=1`).
        chromium: the browser that prints reports as PDF (`MEDSYN_CHROMIUM`); None looks for one on the
            `PATH`.
        confined_to: where not empty, only files below one of these folders are opened, and links that lead
            out of it are refused; jobs of the dashboard are confined to their study's roots.
    """

    home: Path
    weights_dir: Path | None
    torch_home: Path
    offline: bool
    max_pixels: int
    max_file_bytes: int
    data_roots: tuple[DataRoot, ...] = ()
    database_url: str | None = None
    max_jobs: int = 1
    allow_remote: bool = False
    chromium: Path | None = None
    confined_to: tuple[Path, ...] = ()

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment once; unset variables take the documented defaults.

        Raises:
            InputError: if a variable cannot be understood.
        """
        weights = os.environ.get("MEDSYN_WEIGHTS_DIR")
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        torch_home = os.environ.get("TORCH_HOME") or f"{cache}/torch"
        chosen = os.environ.get("MEDSYN_HOME")
        home = Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("medsynaudit", False))
        home = home.absolute()
        chromium = os.environ.get("MEDSYN_CHROMIUM", "").strip()
        return cls(
            home=home,
            weights_dir=Path(weights).expanduser() if weights else None,
            torch_home=Path(torch_home).expanduser(),
            offline=_flag("MEDSYN_OFFLINE"),
            max_pixels=_integer("MEDSYN_MAX_PIXELS", 80_000_000),
            max_file_bytes=_integer("MEDSYN_MAX_FILE_BYTES", 1_000_000_000),
            data_roots=(
                *_data_roots("MEDSYN_DATA_ROOTS", home),
                DataRoot(DEMO_ROOT, home / "demo" / "study"),
                DataRoot(GENERATED_ROOT, home / "generated"),
            ),
            database_url=os.environ.get("MEDSYN_DATABASE_URL", "").strip() or None,
            max_jobs=_integer("MEDSYN_MAX_JOBS", 1),
            allow_remote=_flag("MEDSYN_ALLOW_REMOTE"),
            chromium=Path(chromium).expanduser() if chromium else None,
        )


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _integer(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise InputError(f"{name} must be a whole number above 0, not {text!r}.")
    return int(text)


def _data_roots(variable: str, home: Path) -> tuple[DataRoot, ...]:
    """Read `NAME=FOLDER` or `FOLDER`, parted as in `PATH`; by default `data` in the workspace."""
    roots: list[DataRoot] = []
    for entry in filter(None, map(str.strip, os.environ.get(variable, "").split(os.pathsep))):
        given, parted, rest = entry.partition("=")
        # A folder may hold an equals sign, a name may not hold a slash.
        named = bool(parted) and "/" not in given and os.sep not in given
        path = Path(rest if named else entry).expanduser()
        name = given.strip() if named else re.sub(r"[^\w .+()-]", "-", path.name) or "root"
        if not path.is_absolute():
            raise InputError(f"{variable} must name absolute folders, not {entry!r}.")
        if not re.fullmatch(r"[^\W_][\w .+()-]{0,39}", name) or name in BUILT_IN_ROOTS:
            raise InputError(
                f"{variable} calls a folder {name!r}; give it another name, as in NAME={path}, of letters, "
                f"digits, spaces and _.+()-, 40 at most, and none of {', '.join(BUILT_IN_ROOTS)}."
            )
        if any(name == root.name for root in roots):
            raise InputError(f"{variable} calls two folders {name!r}; name one of them, as in NAME={path}.")
        roots.append(DataRoot(name, path))
    return tuple(roots) or (DataRoot("data", home / "data"),)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings; `get_settings.cache_clear()` makes it read the environment anew."""
    return Settings.from_environment()
