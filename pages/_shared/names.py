"""Names of files and folders as pages show them."""

from __future__ import annotations

__all__ = ["show_name"]


def show_name(name: str) -> str:
    """Make characters that cannot be seen visible: a line feed as ␊, a tab as ␉, others by their number."""
    return "".join(_show(character) for character in name)


def _show(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    # Unicode has a picture for each control character.
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}"
