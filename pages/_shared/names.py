"""Names and sentences as pages show them: what users and files are called is never markup."""

from __future__ import annotations

import re

__all__ = ["escape_markdown", "show_name"]

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#|~$:])")


def escape_markdown(text: str) -> str:
    """Keep Streamlit from reading markup in a text that may hold names of files, sets or classes."""
    return _MARKUP.sub(r"\\\1", text)


def show_name(name: str) -> str:
    """Make characters that cannot be seen visible: a line feed as ␊, a tab as ␉, others by their number."""
    return "".join(_show(character) for character in name)


def _show(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    # Unicode has a picture for each control character.
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}"
