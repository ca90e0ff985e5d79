"""What a TIFF description tells of its pages as a stack: ImageJ's lines and OME's attributes, numbers only.

Nothing of a description is executed, resolved or shown: single numbers are looked up by name.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["StackFacts", "read_stack_facts"]

_MM: Final = {
    "mm": 1.0, "cm": 10.0, "um": 1e-3, "µm": 1e-3, "micron": 1e-3, "microns": 1e-3, "\\u00b5m": 1e-3,
    "nm": 1e-6, "m": 1000.0, "inch": 25.4, "in": 25.4, "å": 1e-7,
}  # fmt: skip
_NUMBER: Final = r"([0-9.eE+-]{1,24})"


@dataclass(frozen=True, slots=True)
class StackFacts:
    """What a description tells.

    Attributes:
        n_images: pages that the file should hold, or None.
        n_stacks: channels times time points times series: stacks that the pages are shared by.
        spacing_mm: distance between slices, rows and columns, or None.
    """

    n_images: int | None = None
    n_stacks: int = 1
    spacing_mm: tuple[float, float, float] | None = None


def read_stack_facts(
    description: bytes, *, resolution: tuple[float, float] | None, samples: int
) -> StackFacts:
    """Look numbers up in a description.

    Args:
        description: the first page's, as stored.
        resolution: pixels a unit along a row and along a column, from the page's tags.
        samples: samples of a pixel, which OME counts as channels.
    """
    text = description.decode("utf-8", "replace")
    if text.startswith("ImageJ="):
        return _read_imagej(text, resolution)
    if "<OME" in text and "<Pixels" in text:
        return _read_ome(text, samples)
    return StackFacts()


def _read_imagej(text: str, resolution: tuple[float, float] | None) -> StackFacts:
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    scale = _MM.get(lines.get("unit", "").strip().lower())
    step = _to_float(lines.get("spacing", ""))
    spacing = None
    if scale and step and resolution:
        spacing = _check((abs(step) * scale, scale / resolution[1], scale / resolution[0]))
    n_stacks = _to_int(lines.get("channels"), 1) * _to_int(lines.get("frames"), 1)
    return StackFacts(_to_int(lines.get("images"), 1), n_stacks, spacing)


def _read_ome(text: str, samples: int) -> StackFacts:
    found = re.search(r"<Pixels\b[^>]{0,4000}", text)
    attributes = dict(re.findall(r'\b(\w{1,40})="([^"]{0,80})"', found.group(0) if found else ""))
    sides = []
    for axis in "ZYX":
        size = _to_float(attributes.get(f"PhysicalSize{axis}", ""))
        scale = _MM.get(attributes.get(f"PhysicalSize{axis}Unit", "µm").lower())
        sides.append(size * scale if size and scale else 0.0)
    n_channels = _to_int(attributes.get("SizeC"), 1) // max(1, samples)
    n_series = len(re.findall(r"<Pixels\b", text))
    n_stacks = max(1, n_channels) * _to_int(attributes.get("SizeT"), 1) * n_series
    return StackFacts(None, n_stacks, _check((sides[0], sides[1], sides[2])))


def _check(spacing: tuple[float, float, float]) -> tuple[float, float, float] | None:
    return spacing if all(math.isfinite(mm) and mm > 0 for mm in spacing) else None


def _to_float(text: str) -> float | None:
    found = re.fullmatch(_NUMBER, text.strip())
    try:
        value = float(found.group(1)) if found else 0.0
    except ValueError:
        return None
    return value if math.isfinite(value) and value else None


def _to_int(text: str | None, default: int) -> int:
    found = re.fullmatch(r"[0-9]{1,9}", (text or "").strip())
    return max(1, int(found.group(0))) if found else default
