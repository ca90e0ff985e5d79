"""A run's sample grids as files that can be shown; nothing here loads torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from core.errors import InputError
from core.generators.run_folder import RunFolder

__all__ = ["GridPicture", "find_real_grid", "load_grid"]


@dataclass(frozen=True, slots=True)
class GridPicture:
    """One grid.

    Attributes:
        png: the file's bytes.
        width: in pixels.
        height: in pixels.
    """

    png: bytes
    width: int
    height: int


def find_real_grid(run: RunFolder) -> Path | None:
    """Where the grid of real images lies, of the classes that samples are of; None before training began."""
    path = run.grids_folder / "real.png"
    return path if path.is_file() else None


def load_grid(path: Path) -> GridPicture:
    """Read a grid; its pixels are not decoded.

    Raises:
        InputError: if it is gone, or no PNG.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            width, height = image.size
        return GridPicture(path.read_bytes(), width, height)
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(
            f"The samples {path.name} cannot be read ({type(error).__name__}); choose another checkpoint."
        ) from error
