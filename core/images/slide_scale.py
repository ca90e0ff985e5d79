"""The physical scale of a slide: micrometres a pixel and the objective, from what scanners write."""

from __future__ import annotations

import math
import re
from typing import Final

from core.images.file_window import Bytes
from core.images.tiff_directory import TiffPage

__all__ = ["read_scale"]

_NUMBER: Final = r"([0-9]{1,4}(?:\.[0-9]{1,12})?)"
_UM_PER: Final = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3}
_UM_PER_RESOLUTION_UNIT: Final = {2: 25_400.0, 3: 10_000.0}  # TIFF 6.0: inch, centimetre
# Screens and printers have 72 to 300 dots an inch; no scanner of slides is as coarse as 10 µm a pixel.
_COARSEST_UM: Final = 10.0


def read_scale(page: TiffPage, data: Bytes) -> tuple[float | None, float | None]:
    """Find a slide's scale in Aperio's description, OME's, Hamamatsu's or TIFF's own resolution.

    Args:
        page: its page of full resolution.
        data: the slide's bytes.

    Returns:
        Micrometres a pixel and the objective's magnification, each None where the file does not tell. Only
        these two numbers are taken from the text; nothing of it is kept.
    """
    text = page.read_description(data).decode("utf-8", "replace")
    mpp, objective = None, None
    if text.startswith("Aperio "):
        mpp, objective = _find(rf"\bMPP\s*=\s*{_NUMBER}", text), _find(rf"\bAppMag\s*=\s*{_NUMBER}", text)
    elif "<OME" in text:
        mpp, objective = _read_ome(text), _find(rf'\bNominalMagnification="{_NUMBER}"', text)
    return mpp or _read_resolution(page, data), objective or _positive(page.read_lens(data))


def _read_ome(text: str) -> float | None:
    # By pattern and not as XML: entities of an untrusted file are not expanded.
    size = _find(rf'\bPhysicalSizeX="{_NUMBER}"', text)
    unit = re.search(r'\bPhysicalSizeXUnit="([^"]{1,4})"', text)
    per = _UM_PER.get(unit[1] if unit else "µm")
    return size * per if size and per else None


def _read_resolution(page: TiffPage, data: Bytes) -> float | None:
    per = _UM_PER_RESOLUTION_UNIT.get(page.read_resolution_unit(data))
    resolution = page.read_resolution(data)
    if per is None or resolution is None:
        return None
    mpp = per / resolution[0]
    return mpp if 0 < mpp <= _COARSEST_UM else None


def _find(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text)
    return _positive(float(found[1])) if found else None


def _positive(value: object) -> float | None:
    if isinstance(value, int | float) and math.isfinite(value) and value > 0:
        return float(value)
    return None
