"""Slices of a volume as the dashboard's image route sends them: exact, on the whole volume's scale."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from core.audit.item_volume import turn_volume
from core.copies.transforms import Transform
from core.datasets.volume_cache import CachedVolume
from core.errors import InputError
from core.images.encoding import Samples, encode_samples
from core.images.intensity import Intensity
from core.images.slices import Plane, list_planes, take_slice

__all__ = ["AskedSlice", "describe_samples", "pack_slice", "parse_slice"]


@dataclass(frozen=True, slots=True)
class AskedSlice:
    """A slice of a volume that may be turned before it is cut.

    Attributes:
        plane: the plane it lies in, of the turned volume.
        index: its number, from 0.
        turn: flip or turn of every axial slice.
        is_over: whether the volume is then turned over, head to foot.
    """

    plane: Plane
    index: int
    turn: Transform = Transform.AS_IS
    is_over: bool = False


def parse_slice(asked: Mapping[str, str]) -> AskedSlice:
    """Read plane, index, turn and over from an address.

    Raises:
        InputError: in one sentence, if one of them is not what it may be.
    """
    planes, turns = [plane.value for plane in Plane], [turn.value for turn in Transform]
    plane, turn = asked.get("plane", ""), asked.get("turn", "") or Transform.AS_IS.value
    index, over = asked.get("index", ""), asked.get("over", "") or "0"
    if plane not in planes:
        raise InputError(f"A slice lies in one of the planes {', '.join(planes)}.")
    if turn not in turns:
        raise InputError(f"A volume is turned by one of: {', '.join(turns)}.")
    if over not in {"0", "1"}:
        raise InputError("Whether a volume is turned over is 0 or 1.")
    if not (index.isascii() and index.isdecimal() and len(index) < 10):
        raise InputError("A slice has a whole number, counted from 0.")
    return AskedSlice(Plane(plane), int(index), Transform(turn), over == "1")


def pack_slice(cached: CachedVolume, asked: AskedSlice, intensity: Intensity) -> tuple[bytes, dict[str, str]]:
    """Cut a slice and lay out its samples, deflated, with the headers that tell what they are.

    Samples are those of all the volume's slices: a value has one sample whatever slice it stands in.

    Args:
        cached: the volume.
        asked: which slice.
        intensity: what a viewer shows as black and white at first.

    Raises:
        InputError: if the volume has no such slice.
    """
    volume = turn_volume(cached.loaded.volume, asked.turn, is_over=asked.is_over)
    taken = take_slice(volume, asked.plane, asked.index)
    facts = next(facts for facts in list_planes(volume) if facts.plane is asked.plane)
    black, white = cached.find_shown_range(intensity)
    samples = encode_samples(taken.pixels, cached.scale)
    headers = describe_samples(samples) | {
        "X-Image-Aspect": repr(taken.aspect),
        "X-Image-Black": repr(black),
        "X-Image-White": repr(white),
        "X-Image-Inverted": str(int(cached.loaded.rendering.is_inverted)),
        "X-Image-Slices": str(facts.n_slices),
        "X-Image-Step-Mm": "" if facts.step_mm is None else repr(facts.step_mm),
        "X-Image-Oriented": str(int(volume.is_oriented)),
    }
    return zlib.compress(samples.data, 1), headers


def describe_samples(samples: Samples) -> dict[str, str]:
    """Headers that tell what the samples of an answer are."""
    return {
        "Content-Encoding": "deflate",
        "X-Image-Width": str(samples.width),
        "X-Image-Height": str(samples.height),
        "X-Image-Channels": str(samples.channels),
        "X-Image-Bits": str(samples.bits),
        "X-Image-Slope": repr(samples.slope),
        "X-Image-Intercept": repr(samples.intercept),
        "X-Image-Exact": str(int(samples.is_exact)),
        "X-Image-Low": str(samples.low),
        "X-Image-High": str(samples.high),
    }
