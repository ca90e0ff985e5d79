"""The parts that a collection is split into: their names and the shares asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import InputError

__all__ = ["Part", "parse_parts"]

_NAME: Final = re.compile(r"[^\W_][\w .-]{0,39}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split.

    Attributes:
        name: its folder.
        share: of all images, above 0; the shares of all parts sum to 1.
    """

    name: str
    share: float


def parse_parts(proportions: str, names: Sequence[str]) -> tuple[Part, ...]:
    """Read proportions such as `70/20/10`, in the order of the names; only their ratio counts.

    Args:
        proportions: numbers above 0, parted by `/`.
        names: folder names, as many as numbers.

    Raises:
        InputError: if they are not of that form or not as many.
    """
    try:
        numbers = [float(number) for number in proportions.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) < 2 or not all(number > 0 and math.isfinite(number) for number in numbers):
        raise InputError(
            f"--proportions takes two or more numbers above 0, as in 70/20/10, not {proportions!r}."
        )
    if len(numbers) != len(names):
        raise InputError(
            f"--proportions {proportions} has {len(numbers)} parts and --names has {len(names)} "
            f"({', '.join(names) or 'none'}); name each part once."
        )
    for name in names:
        if not _NAME.fullmatch(name) or name.endswith((".", " ")):
            raise InputError(
                f"--names holds {name!r}; a part's name is a folder's, of letters, digits, spaces and _.-, "
                "40 at most."
            )
    if len({name.casefold() for name in names}) < len(names):
        raise InputError("--names holds a name twice; give each part its own.")
    total = sum(numbers)
    return tuple(Part(name, number / total) for name, number in zip(names, numbers, strict=True))
