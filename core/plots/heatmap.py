"""Maps of signed values laid over a grey picture, with their scale, as pixels for a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core.plots.difference import colour_difference

__all__ = ["MapScale", "blend_heatmap", "draw_heatmap", "expand_grid"]

_SIDE_PX: Final = 560
_MARGIN_PX: Final = 24
_BAR_PX: Final = 20
_TICKS_PX: Final = 76
_TITLE_PX: Final = 64
_GROUND: Final = (26, 26, 26)
_TEXT: Final = (236, 236, 236)
_MUTED: Final = (180, 180, 180)


@dataclass(frozen=True, slots=True)
class MapScale:
    """How values become colours, shared by all maps that are to be compared.

    Attributes:
        centre: value without colour.
        limit: distance from the centre with the strongest colour.
        label: what is measured, with its unit.
        mark: a value to mark on the bar, such as a threshold, or None.
    """

    centre: float
    limit: float
    label: str
    mark: float | None = None


def expand_grid(
    values: NDArray[np.float64], starts: Sequence[int], *, size: int, side: int
) -> NDArray[np.float64]:
    """Give every pixel of a square frame the value of the patch whose middle is nearest.

    Args:
        values: (rows, columns) one value a patch.
        starts: first row (or column) of each patch.
        size: side of a patch in pixels.
        side: side of the frame.

    Returns:
        (side, side) values.
    """
    middles = np.asarray(starts) + size / 2
    nearest = np.abs(np.arange(side)[:, np.newaxis] + 0.5 - middles).argmin(axis=1)
    return values[np.ix_(nearest, nearest)]


def blend_heatmap(
    values: NDArray[np.float64], *, ground: NDArray[np.float64], scale: MapScale, opacity: float = 0.85
) -> NDArray[np.uint8]:
    """Lay a map's colours over a picture, without any text.

    Args:
        values: (side, side) map; not a number where there is none.
        ground: (side, side) grey levels, such as the mean image.
        scale: colours of the values.
        opacity: how much the strongest values cover, 0 to 1.

    Returns:
        (side, side, 3) uint8.
    """
    shown = np.nan_to_num(values - scale.centre)
    strength = opacity * np.clip(np.abs(shown) / scale.limit, 0, 1)[..., np.newaxis] ** 0.8
    colours = colour_difference(shown, limit=scale.limit)
    grey = np.repeat(np.clip(ground, 0, 255)[..., np.newaxis], 3, axis=2)
    return np.asarray(np.rint(grey * (1 - strength) + colours * strength), dtype=np.uint8)


def draw_heatmap(
    values: NDArray[np.float64],
    *,
    ground: NDArray[np.float64],
    scale: MapScale,
    title: str,
    subtitle: str = "",
    boxes: Sequence[tuple[float, float, float, float]] = (),
    opacity: float = 0.85,
) -> NDArray[np.uint8]:
    """Lay a map over a picture; the stronger a value, the more it covers.

    Args:
        values: (side, side) map; not a number where there is none.
        ground: (side, side) grey levels, such as the mean image.
        scale: colours of the values.
        title: first line above the picture.
        subtitle: second line.
        boxes: left, top, right, bottom as shares of the picture; outlined and numbered from 1.
        opacity: how much the strongest values cover, 0 to 1.

    Returns:
        (h, w, 3) uint8 picture with title, bar and ticks, on a dark ground.
    """
    blended = blend_heatmap(values, ground=ground, scale=scale, opacity=opacity)
    width = 3 * _MARGIN_PX + _SIDE_PX + _BAR_PX + _TICKS_PX
    canvas = Image.new("RGB", (width, _TITLE_PX + _SIDE_PX + 2 * _MARGIN_PX), _GROUND)
    picture = Image.fromarray(blended).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)
    canvas.paste(picture, (_MARGIN_PX, _TITLE_PX))
    draw = ImageDraw.Draw(canvas)
    large, small = ImageFont.load_default(size=17), ImageFont.load_default(size=14)
    draw.text((_MARGIN_PX, 12), _shorten(draw, title, large, width), font=large, fill=_TEXT)
    draw.text((_MARGIN_PX, 37), _shorten(draw, subtitle, small, width), font=small, fill=_MUTED)
    for number, box in enumerate(boxes, start=1):
        corners = [_MARGIN_PX + box[0] * _SIDE_PX, _TITLE_PX + box[1] * _SIDE_PX]
        corners += [_MARGIN_PX + box[2] * _SIDE_PX - 1, _TITLE_PX + box[3] * _SIDE_PX - 1]
        draw.rectangle(corners, outline=(0, 0, 0), width=3)
        draw.rectangle(corners, outline=(255, 255, 255), width=1)
        place = corners[0] + 6, corners[1] + 4
        draw.text(place, str(number), font=large, fill=_TEXT, stroke_width=2, stroke_fill=(0, 0, 0))
    _draw_bar(canvas, draw, scale, small)
    return np.asarray(canvas)


def _draw_bar(
    canvas: Image.Image,
    draw: ImageDraw.ImageDraw,
    scale: MapScale,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    left, top = 2 * _MARGIN_PX + _SIDE_PX, _TITLE_PX
    height = _SIDE_PX
    ramp = np.linspace(scale.limit, -scale.limit, height)[:, np.newaxis].repeat(_BAR_PX, axis=1)
    canvas.paste(Image.fromarray(colour_difference(ramp, limit=scale.limit)), (left, top))
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        row = round(top + (1 - share) / 2 * (height - 1))
        draw.line([left + _BAR_PX, row, left + _BAR_PX + 5, row], fill=_TEXT)
        label = f"{scale.centre + share * scale.limit:.3g}"
        draw.text((left + _BAR_PX + 9, row), label, font=font, fill=_TEXT, anchor="lm")
    if scale.mark is not None and abs(scale.mark - scale.centre) <= scale.limit:
        row = round(top + (1 - (scale.mark - scale.centre) / scale.limit) / 2 * (height - 1))
        draw.line([left - 6, row, left + _BAR_PX, row], fill=(255, 255, 255), width=2)
    draw.text((_MARGIN_PX, _TITLE_PX + height + 14), scale.label, font=font, fill=_MUTED)


def _shorten(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int
) -> str:
    room = width - 2 * _MARGIN_PX
    if draw.textlength(text, font=font) <= room:
        return text
    while text and draw.textlength(f"{text}…", font=font) > room:
        text = text[:-1]
    return f"{text}…"
