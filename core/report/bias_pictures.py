"""What each place of an image tells of its class, over the mean image, as small embedded PNG files."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.bias.archive import SuspectRecord
from core.bias.document import BiasDocument
from core.errors import UnknownNameError
from core.plots.heatmap import MapScale, blend_heatmap, expand_grid

__all__ = ["MOST_BOXES", "BiasPicture", "draw_bias"]

MOST_BOXES: Final = 5
"""Regions that are outlined and have a column of their own; more would be small print."""

_LARGEST_SIDE: Final = 256
_SMALLEST_SIDE: Final = 96
_MOST_SAMPLES: Final = 1_500_000
_AREA: Final = MapScale(0.5, 0.5, "")


@dataclass(frozen=True, slots=True)
class BiasPicture:
    """What each place tells of the class in one set, over its mean image.

    Attributes:
        name: the set.
        n: images of it.
        uri: data URI of a PNG file.
        what: whose probe it is.
    """

    name: str
    n: int
    uri: str
    what: str


def draw_bias(document: BiasDocument) -> tuple[BiasPicture, ...]:
    """Draw the real set's map and, of every other set, how far the same signs tell its classes.

    All have one scale, and the real set's first suspect regions are outlined. Sets that were not probed are
    left out.

    Args:
        document: the analysis.

    Raises:
        InputError: if a map cannot be read.
    """
    summary = document.summary
    side = int(np.clip(math.isqrt(_MOST_SAMPLES // (3 * len(summary.sets))), _SMALLEST_SIDE, _LARGEST_SIDE))
    pictures = []
    for place, one in enumerate(summary.sets):
        kind, what = (
            ("transfer", "by the real set's probe") if place else ("probe", "by its own, cross-validated")
        )
        try:
            areas, mean = (document.read_map(one.name, name) for name in (kind, "mean"))
        except UnknownNameError:
            continue  # A set with too few images was not probed.
        grid = summary.settings
        values = expand_grid(areas, grid.starts, size=grid.patch_px, side=grid.side_px)
        blended = blend_heatmap(values, ground=mean, scale=_AREA)
        picture = Image.fromarray(blended).resize((side, side), Image.Resampling.BICUBIC)
        _outline(picture, summary.suspects[:MOST_BOXES])
        pictures.append(BiasPicture(one.name, one.n, _to_uri(picture), what))
    return tuple(pictures)


def _outline(picture: Image.Image, regions: Sequence[SuspectRecord]) -> None:
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=max(picture.width // 16, 9))
    last = picture.width - 1
    for one in regions:
        corners = [edge * last for edge in (one.left, one.top, one.right, one.bottom)]
        draw.rectangle(corners, outline=(0, 0, 0), width=3)
        draw.rectangle(corners, outline=(255, 255, 255), width=1)
        at = corners[0] + 4, corners[1] + 2
        draw.text(at, str(one.rank), font=font, fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0))


def _to_uri(picture: Image.Image) -> str:
    buffer = BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
