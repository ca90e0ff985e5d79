"""One frozen settings object, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import platformdirs

__all__ = ["Settings", "get_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides.

    Attributes:
        home: workspace folder: feature store, demo, and later the database and jobs (`MEDSYN_HOME`).
        weights_dir: where weight files are looked for before torch's own cache (`MEDSYN_WEIGHTS_DIR`).
        torch_home: torch's cache folder (`TORCH_HOME`, else below `XDG_CACHE_HOME` or `~/.cache`).
        offline: never try to download anything (`MEDSYN_OFFLINE=1`).
        max_pixels: an image with more pixels is refused before decoding (`MEDSYN_MAX_PIXELS`).
        max_file_bytes: a larger file is refused before reading (`MEDSYN_MAX_FILE_BYTES`).
    """

    home: Path
    weights_dir: Path | None
    torch_home: Path
    offline: bool
    max_pixels: int
    max_file_bytes: int

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment once; unset variables take the documented defaults."""
        from core.errors import InputError

        def integer(name: str, default: int) -> int:
            text = os.environ.get(name, "").strip()
            if not text:
                return default
            if not (text.isascii() and text.isdecimal()) or int(text) < 1:
                raise InputError(f"{name} must be a whole number above 0, not {text!r}.")
            return int(text)

        home = os.environ.get("MEDSYN_HOME")
        weights = os.environ.get("MEDSYN_WEIGHTS_DIR")
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        torch_home = os.environ.get("TORCH_HOME") or f"{cache}/torch"
        return cls(
            home=Path(home).expanduser() if home else Path(platformdirs.user_data_dir("medsynaudit", False)),
            weights_dir=Path(weights).expanduser() if weights else None,
            torch_home=Path(torch_home).expanduser(),
            offline=os.environ.get("MEDSYN_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"},
            max_pixels=integer("MEDSYN_MAX_PIXELS", 80_000_000),
            max_file_bytes=integer("MEDSYN_MAX_FILE_BYTES", 1_000_000_000),
        )


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings; `get_settings.cache_clear()` makes it read the environment anew."""
    return Settings.from_environment()
