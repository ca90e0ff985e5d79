"""The workspace's own secret, which signs addresses and links that the dashboard hands out."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from core.errors import StoreError

__all__ = ["load_workspace_key"]

_N_BYTES = 32


def load_workspace_key(home: Path) -> bytes:
    """Read the workspace's key, made on first use and readable by its owner alone.

    Args:
        home: the workspace folder.

    Returns:
        32 bytes.

    Raises:
        StoreError: if it cannot be read or written, or is damaged.
    """
    path = home / "image-key"
    try:
        if not path.exists():
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = home / f".image-key-{os.getpid()}-{secrets.token_hex(4)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_N_BYTES))
            try:
                os.link(draft, path)  # whoever comes first gives the key
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(f"The workspace folder {home} cannot be used: {error.strerror}.") from None
    if len(key) != _N_BYTES:
        raise StoreError(f"{path} is damaged; remove it, and a new one is made.")
    return key
