"""Browser code of components, as it lies in `assets`."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read_assets"]

_ASSETS = Path(__file__).resolve().parents[2] / "assets"


def read_assets(*names: str) -> str:
    """Join files, in their order, to one: nothing is built, and the browser loads no file beside it.

    Args:
        names: paths below `assets`, such as `grid/grid.js`.
    """
    return "\n".join((_ASSETS / name).read_text(encoding="utf-8") for name in names)
