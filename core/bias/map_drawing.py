"""Maps as a browser takes them: values in whole steps of their scale, its colours, and the picture below."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.bias.map_layers import MapLayer
from core.plots.difference import colour_difference

__all__ = ["LEVELS", "PackedMap", "pack_colours", "pack_map", "picture_mean", "write_ticks"]

LEVELS: Final = 32_000
"""Steps of a packed map between the centre and an end of its scale; finer than any number that is shown."""

_MISSING: Final = -32_768
# Larger maps of pixels are averaged down to this side; screens show them side by side.
_SIDE_PX: Final = 256
_PICTURE_PX: Final = 512

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PackedMap:
    """One map.

    Attributes:
        values: 16-bit numbers row by row, low byte first, in base64: `LEVELS` are one `limit` of the scale,
            and the smallest number stands for what is not a number.
        rows: rows of the map.
        columns: columns of it.
    """

    values: str
    rows: int
    columns: int


def pack_map(values: Floats, layer: MapLayer) -> PackedMap:
    """Bring a map to whole steps of its scale.

    Args:
        values: a map of the layer; one of pixels is averaged down to 256 a side.
        layer: its scale; values more than 2 % beyond it are cut there.
    """
    if not layer.is_grid and max(values.shape) > _SIDE_PX:
        picture = Image.fromarray(values.astype(np.float32))
        values = np.asarray(picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX), dtype=np.float64)
    steps = np.rint((values - layer.centre) / layer.limit * LEVELS)
    whole = np.where(np.isnan(steps), _MISSING, np.clip(steps, _MISSING + 1, 32_767)).astype("<i2")
    return PackedMap(base64.b64encode(whole.tobytes()).decode("ascii"), *values.shape)


def pack_colours() -> str:
    """Colours from the negative to the positive end: 255 times red, green, blue in base64."""
    ramp = np.linspace(-1, 1, 255)[np.newaxis]
    return base64.b64encode(colour_difference(ramp, limit=1.0).tobytes()).decode("ascii")


def picture_mean(mean: Floats) -> str:
    """Draw a mean image of grey levels 0 to 255 as the data URI of a PNG file, 512 pixels a side at most."""
    picture = Image.fromarray(np.rint(np.clip(mean, 0, 255)).astype(np.uint8))
    picture.thumbnail((_PICTURE_PX, _PICTURE_PX))
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def write_ticks(layer: MapLayer) -> tuple[str, ...]:
    """Write five values of a scale, from its low to its high end."""
    low = layer.centre - layer.limit if layer.is_signed else layer.centre
    high = layer.centre + layer.limit
    ticks = (low + share * (high - low) for share in (0, 0.25, 0.5, 0.75, 1))
    return tuple(f"{tick:.3g}".replace("-", "\N{MINUS SIGN}") for tick in ticks)
