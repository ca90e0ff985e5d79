"""Pictures of the strongest pairs, small and lossless, for a report that needs no other file."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.audit.item_volume import turn_volume
from core.audit.items import AuditItems
from core.audit.policy import read_policy
from core.audit.result import AuditResult
from core.config import Settings
from core.copies.transforms import Transform, apply_transform
from core.copies.volume_turns import VolumeTurn
from core.copies.volume_turns import turn_volume as turn_values
from core.datasets.item_source import ItemSource, decode_source, load_volume
from core.errors import ImageReadError, InputError
from core.images.display import display_image
from core.images.intensity import Intensity
from core.images.overview import picture_volume
from core.images.resizing import resize_pixels
from core.progress import Progress, SilentProgress
from core.report.strongest_pairs import Pair, collect_controls, collect_pairs

__all__ = ["PairPictures", "Picture", "picture_pairs"]

_LARGEST_SIDE: Final = 256
_SMALLEST_SIDE: Final = 64
# Samples of all pictures together, about a byte and a half of the page each; it stays small enough to send.
_MOST_SAMPLES: Final = 3_000_000
_PIXELATED_BELOW: Final = 128

PairPictures = Mapping[tuple[str, str], "Picture"]
"""By item id and the flip or turn applied."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image as a report shows it.

    Attributes:
        uri: data URI of a PNG file; empty where the image cannot be shown.
        width: columns of the image itself, after its flip or turn.
        height: its rows.
        pixelated: whether it is so small that its pixels are drawn as squares.
        problem: why it cannot be shown, as the end of a sentence.
    """

    uri: str
    width: int = 0
    height: int = 0
    pixelated: bool = False
    problem: str = ""


@dataclass(slots=True)
class _Wanted:
    """Pictures to read: (item id, transform), in the order of the report."""

    keys: dict[tuple[str, VolumeTurn], None] = field(default_factory=dict)

    def add(self, pair: Pair) -> None:
        if pair.query_id and pair.real_id:
            self.keys[pair.query_id, pair.turn] = None
            self.keys[pair.real_id, VolumeTurn(Transform.AS_IS)] = None


def picture_pairs(
    result: AuditResult, *, settings: Settings, progress: Progress | None = None
) -> PairPictures:
    """Read the images of the strongest pairs, each query flipped or turned the way its real image lies.

    Deep images are shown by their own range, as extractors see them. An image that is gone or has changed is
    not shown, and the report says so in its place.

    Args:
        result: an audit with its list of items; without one there are no pictures.
        settings: limits on files, and the folders that they are confined to.
        progress: told of every image; may cancel.

    Returns:
        (item id, words of the turn) to picture.

    Raises:
        CancelledError: if progress says so.
    """
    progress = progress or SilentProgress()
    if result.items is None:
        return {}
    items = AuditItems.from_table(result.items)
    policy = read_policy(result.summary.protocol.choices)
    wanted = _Wanted()
    for group in collect_pairs(result):
        if group.is_main:
            for pair in group.pairs:
                wanted.add(pair)
    for pair in collect_controls(result):
        wanted.add(pair)
    keys = list(wanted.keys)[: _MOST_SAMPLES // _SMALLEST_SIDE**2]
    channels = dict(zip(*(result.items.column(name).to_pylist() for name in ("id", "channels")), strict=True))
    side = _choose_side(sum(channels.get(item_id, 1) for item_id, _ in keys))
    progress.start("Reading the images of the strongest pairs", len(keys))
    pictures: dict[tuple[str, str], Picture] = {}
    for item_id, turn in keys:
        try:
            pixels = _read_turned(items[item_id].source, turn, policy, settings)
            pictures[item_id, turn.words] = _make_picture(pixels, side)
        except ImageReadError as error:
            # Its reason names no file.
            pictures[item_id, turn.words] = Picture("", problem=str(error))
        except InputError:
            pictures[item_id, turn.words] = Picture("", problem="it is not in the audit's list of images")
        progress.advance()
    return pictures


def _read_turned(
    source: ItemSource, turn: VolumeTurn, policy: Intensity, settings: Settings
) -> NDArray[np.float32]:
    """Show an item turned: a picture itself, of a volume a montage of the volume so turned."""
    if not source.is_volume:
        image = decode_source(source, settings, intensity=policy, since="the audit")
        return apply_transform(display_image(image, policy), turn.transform)
    loaded = load_volume(source, settings, since="the audit")
    turned = replace(
        loaded,
        volume=turn_volume(loaded.volume, turn.transform, is_over=turn.turned_over),
        padding=None if loaded.padding is None else turn_values(loaded.padding, turn),
    )
    return display_image(picture_volume(turned, policy), policy)


def _choose_side(n_planes: int) -> int:
    """The largest side in pixels, up to 256, at which this many planes of pictures stay small."""
    return int(np.clip(math.isqrt(_MOST_SAMPLES // max(n_planes, 1)), _SMALLEST_SIDE, _LARGEST_SIDE))


def _make_picture(pixels: NDArray[np.float32], side: int) -> Picture:
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    small = resize_pixels(
        np.ascontiguousarray(pixels),
        width=max(round(width * scale), 1),
        height=max(round(height * scale), 1),
    )
    levels = np.rint(np.clip(small, 0, 255)).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).save(
        buffer, format="PNG", optimize=True
    )
    uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    return Picture(uri, width, height, max(width, height) < _PIXELATED_BELOW)
