"""Weight files that stand in an extractor's name: `r3d-18?weights=PATH`."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError

__all__ = ["split_weights"]


def split_weights(name: str) -> tuple[str, Path | None]:
    """Split an extractor's name from the weight file behind it; the path is taken as it stands.

    Raises:
        InputError: if something else than `weights=` follows the question mark.
    """
    short, _, query = name.partition("?")
    if not query:
        return short, None
    if not query.startswith("weights=") or query == "weights=":
        raise InputError(f"After {short}? only weights=<path> may follow, not {query!r}.")
    return short, Path(query.removeprefix("weights="))
