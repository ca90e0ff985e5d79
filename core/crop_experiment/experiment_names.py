"""What an experiment's folders and sets are called; nothing here loads torch."""

from __future__ import annotations

from typing import Final

__all__ = ["CROP_FILE", "SETS_FOLDER", "name_twin"]

CROP_FILE: Final = "crop.json"
"""What an experiment found, in its folder; the last file to be written."""

SETS_FOLDER: Final = "sets"
"""Folder of the cropped sets below an experiment's folder."""


def name_twin(set_name: str) -> str:
    """What lists of images call a set's cropped twin; no set can be called so."""
    return f"{set_name}, cropped"
