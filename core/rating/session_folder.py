"""Where the images of a rating session lie in the workspace."""

from __future__ import annotations

from pathlib import Path

from core.config import Settings
from core.errors import UnknownNameError

__all__ = ["GIVEAWAYS_FILE", "mask_path", "session_folder", "stimulus_path"]

GIVEAWAYS_FILE = "giveaways.json"
"""What may give answers away, a list of sentences; see `core.rating.giveaways`."""


def session_folder(settings: Settings, session_id: str) -> Path:
    """The folder with the images of a prepared session.

    Raises:
        UnknownNameError: if it is no id of a session, which must not become a path.
    """
    if not (session_id.isascii() and session_id.isalnum()):
        raise UnknownNameError(f"There is no rating session {session_id!r}; the sessions page lists them.")
    return settings.home / "ratings" / session_id


def stimulus_path(settings: Settings, session_id: str, number: int) -> Path:
    """The PNG of one image of a prepared session, by its number in the session's list.

    Raises:
        UnknownNameError: if it is no id of a session.
    """
    return session_folder(settings, session_id) / f"stimulus-{number:d}.png"


def mask_path(settings: Settings, session_id: str) -> Path:
    """The PNG shown after an image whose time is up; of the size, mode and bytes of the images.

    Raises:
        UnknownNameError: if it is no id of a session.
    """
    return session_folder(settings, session_id) / "mask.png"
