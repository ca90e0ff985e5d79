"""How values become grey: one policy for real and synthetic images alike, recorded in every result.

Stored values of medical images have no brightness of their own: a CT pixel is a number of Hounsfield units, a
12-bit film ends at 4095. An `Intensity` says which values are black, which are white, and what lies between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import UnknownNameError

__all__ = [
    "PRESETS",
    "Intensity",
    "IntensityMode",
    "LookupTable",
    "Output",
    "Rendering",
    "Window",
    "WindowFunction",
    "apply_intensity",
    "find_preset",
    "find_range",
]


class IntensityMode(StrEnum):
    """How a policy chooses black and white."""

    WINDOW = "window"
    PERCENTILE = "percentile"
    MINMAX = "minmax"
    AS_IS = "asis"
    FILE = "file"


class WindowFunction(StrEnum):
    """How a window maps what lies within it (DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3)."""

    LINEAR = "linear"
    LINEAR_EXACT = "linear_exact"
    SIGMOID = "sigmoid"


@dataclass(frozen=True, slots=True)
class Window:
    """Values around `center` are told apart; `width` is how many of them, at least 1 for LINEAR."""

    center: float
    width: float
    function: WindowFunction = WindowFunction.LINEAR


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """A table from whole values to others (DICOM PS3.3, C.11.1 and C.11.2).

    Attributes:
        first: value that the first entry stands for; smaller ones get it too, as larger ones get the last.
        entries: (n,) uint8 or uint16.
        bits: of an entry; white is 2^bits - 1.
    """

    first: int
    entries: NDArray[Any] = field(repr=False)
    bits: int

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """Look every value up; real numbers are rounded first."""
        whole = np.rint(values) if values.dtype.kind == "f" else values.astype(np.int64)
        places = np.clip(whole - self.first, 0, len(self.entries) - 1).astype(np.intp)
        return np.asarray(self.entries[places])


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What a file says of how it is to be shown; the default is a file that says nothing.

    Attributes:
        window: its first window, in the values' unit.
        table: its first VOI lookup table, which counts before a window.
        is_inverted: whether high values are dark (MONOCHROME1).
        value_range: smallest and largest value that its samples can hold; None if that tells nothing.
    """

    window: Window | None = None
    table: LookupTable | None = None
    is_inverted: bool = False
    value_range: tuple[float, float] | None = None


class Intensity(BaseModel):
    """A policy: which values are black and white. Frozen, so that it may be part of a protocol.

    Attributes:
        mode: `window`, a fixed window in the values' own unit, the same for every image; `percentile` and
            `minmax`, by the values of each image (of a volume: of the whole volume), which makes images of
            different scanners alike and loses their absolute values; `file`, as each file says (VOI lookup
            table, else window, else `minmax`); `asis`, values unchanged.
        center: middle of the window.
        width: width of the window.
        function: how the window maps what lies within it.
        low: percent of values that become black.
        high: percent of values above which all is white.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mode: IntensityMode = IntensityMode.AS_IS
    center: float | None = None
    width: float | None = None
    function: WindowFunction = WindowFunction.LINEAR
    low: float = Field(default=0.5, ge=0, le=100)
    high: float = Field(default=99.5, ge=0, le=100)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.mode is IntensityMode.WINDOW:
            if self.center is None or self.width is None:
                raise ValueError("A window needs a center and a width.")
            least = 1.0 if self.function is WindowFunction.LINEAR else 0.0
            if self.width < least or self.width <= 0:
                raise ValueError("The width of a window must be above 0, of a linear one at least 1.")
        elif self.center is not None or self.width is not None:
            raise ValueError("Center and width go with the mode 'window' only.")
        if self.low >= self.high:
            raise ValueError("The low percentile must be below the high one.")
        return self

    @property
    def is_left_to_files(self) -> bool:
        """Whether each file says what is black and white, rather than the policy."""
        return self.mode in (IntensityMode.FILE, IntensityMode.AS_IS)

    def describe(self) -> str:
        """Say the policy in a few words, as results and protocols show it."""
        match self.mode:
            case IntensityMode.WINDOW:
                shape = "" if self.function is WindowFunction.LINEAR else f", {self.function.value}"
                return f"window: center {self.center:g}, width {self.width:g}{shape}"
            case IntensityMode.PERCENTILE:
                return f"percentiles {self.low:g} to {self.high:g} of each image"
            case IntensityMode.MINMAX:
                return "minimum to maximum of each image"
            case IntensityMode.FILE:
                return "as each file says, else minimum to maximum"
            case _:
                return "as stored"


def _ct(center: float, width: float) -> Intensity:
    return Intensity(mode=IntensityMode.WINDOW, center=center, width=width)


PRESETS: Final[dict[str, Intensity]] = {
    # Customary settings for CT in Hounsfield units, as in: Radiopaedia, "Windowing (CT)".
    "lung": _ct(-600, 1500),
    "mediastinum": _ct(50, 350),
    "soft-tissue": _ct(40, 400),
    "liver": _ct(30, 150),
    "bone": _ct(400, 1800),
    "brain": _ct(40, 80),
    "stroke": _ct(40, 40),
    # MR has no unit: outliers of each image are cut off (Nyúl and Udupa 1999 use such landmarks).
    "mr": Intensity(mode=IntensityMode.PERCENTILE),
    "film": Intensity(mode=IntensityMode.FILE),
}
"""Policies by name; those for CT are windows in Hounsfield units."""

Output = Literal["uint8", "uint16", "float32"]
"""Types that a picture may have."""

_WHITE: Final[dict[Output, float]] = {"uint8": 255.0, "uint16": 65535.0, "float32": 255.0}
# Float64 copies of a whole volume would take eight times its memory.
_BLOCK: Final = 1 << 20


def find_preset(name: str) -> Intensity:
    """Policy of a name.

    Raises:
        UnknownNameError: if there is none; the message lists the names there are.
    """
    if name not in PRESETS:
        raise UnknownNameError(f"There is no intensity preset {name!r}; choose one of: {', '.join(PRESETS)}.")
    return PRESETS[name]


def apply_intensity(
    values: NDArray[Any],
    policy: Intensity,
    *,
    rendering: Rendering | None = None,
    padding: NDArray[np.bool_] | None = None,
    output: Output = "uint8",
) -> NDArray[Any]:
    """Turn values into a picture.

    Windows map by PS3.3, C.11.2.1.2: a LINEAR window of center c and width w is black up to
    c - 0.5 - (w - 1) / 2, white above c - 0.5 + (w - 1) / 2 and straight between; LINEAR_EXACT runs from
    c - w / 2 to c + w / 2; SIGMOID is 1 / (1 + exp(-4 (x - c) / w)). Percentiles interpolate linearly. Where
    an image has one value only, `minmax` and `percentile` make it black. Whole outputs are rounded, halves to
    the even neighbour.

    Args:
        values: finite grey values of any shape, in the unit that the policy means.
        policy: what becomes black and white.
        rendering: what the file says: its window for the mode `file`, and whether high values are dark, which
            every mode honours by turning the picture's scale around (the values themselves keep their
            meaning). As is, values are mirrored within `value_range`, else within their type's range (float:
            within their own).
        padding: of the values' shape, True where a pixel is no measurement: left out of minimum, maximum and
            percentiles, and black in the picture (as is: its lowest value).
        output: `uint8` (0 to 255), `uint16` (0 to 65535) or `float32` (0 to 255, not rounded); without
            meaning for `asis`.

    Returns:
        The picture, of the values' shape; for `asis` uint8 and uint16 keep their type, others become float32.
    """
    rendering = rendering or Rendering()
    if padding is not None and not padding.any():
        padding = None
    if policy.mode is IntensityMode.AS_IS:
        return _keep(values, rendering, padding)
    if policy.mode is IntensityMode.FILE and rendering.table is not None:
        table = rendering.table
        mapped = _Mapping(0.0, float(2**table.bits - 1), table=table)
    else:
        mapped = _choose(values, policy, rendering, padding)
    white = _WHITE[output]
    picture = np.empty(values.shape, dtype=output)
    flat_in, flat_out = values.reshape(-1), picture.reshape(-1)
    for start in range(0, flat_in.size, _BLOCK):
        block = mapped.apply(flat_in[start : start + _BLOCK])
        if rendering.is_inverted:
            np.subtract(1.0, block, out=block)
        block *= white
        flat_out[start : start + _BLOCK] = block if output == "float32" else np.rint(block)
    if padding is not None:
        picture[padding] = 0
    return picture


def find_range(
    values: NDArray[Any],
    policy: Intensity,
    *,
    rendering: Rendering | None = None,
    padding: NDArray[np.bool_] | None = None,
) -> tuple[float, float]:
    """Values that `apply_intensity` makes black and white, for a viewer that starts with them.

    As is stands for `minmax`; of a lookup table, the values that it tells apart; of a SIGMOID window, its
    bounds. Whether high values are dark is not in here.

    Args:
        values: as in `apply_intensity`.
        policy: as in `apply_intensity`.
        rendering: as in `apply_intensity`.
        padding: as in `apply_intensity`.

    Returns:
        Black and white; equal where there is one value only.
    """
    rendering = rendering or Rendering()
    table = rendering.table if policy.mode is IntensityMode.FILE else None
    if table is not None:
        return float(table.first), float(table.first + len(table.entries) - 1)
    mapped = _choose(values, policy, rendering, padding if padding is not None and padding.any() else None)
    return mapped.black, mapped.white


@dataclass(frozen=True, slots=True, eq=False)
class _Mapping:
    """From values to 0 (at `black`) and 1 (at `white`)."""

    black: float
    white: float
    window: Window | None = None
    table: LookupTable | None = field(default=None, repr=False)

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        wide = (values if self.table is None else self.table.apply(values)).astype(np.float64)
        if self.window is not None and self.window.function is WindowFunction.SIGMOID:
            # Beyond 700, exp overflows; black and white are reached long before.
            steps = np.clip(-4.0 * (wide - self.window.center) / self.window.width, -700, 700)
            return np.asarray(1.0 / (1.0 + np.exp(steps)))
        if self.white <= self.black:
            # A LINEAR window of width 1 is a threshold; a constant image is black.
            return (wide > self.black).astype(np.float64)
        # Halved, so that a span up to the largest number does not overflow.
        return np.clip((wide / 2 - self.black / 2) / (self.white / 2 - self.black / 2), 0.0, 1.0)


def _choose(
    values: NDArray[Any], policy: Intensity, rendering: Rendering, padding: NDArray[np.bool_] | None
) -> _Mapping:
    window = rendering.window if policy.mode is IntensityMode.FILE else None
    if policy.mode is IntensityMode.WINDOW:
        assert policy.center is not None
        assert policy.width is not None
        window = Window(policy.center, policy.width, policy.function)
    if window is not None:
        exact = window.function is not WindowFunction.LINEAR
        middle = window.center if exact else window.center - 0.5
        half = (window.width if exact else window.width - 1) / 2
        return _Mapping(middle - half, middle + half, window)
    measured = values if padding is None else values[~padding]
    if measured.size == 0:
        return _Mapping(0.0, 0.0)
    if policy.mode is IntensityMode.PERCENTILE:
        low, high = np.percentile(measured, (policy.low, policy.high))
        return _Mapping(float(low), float(high))
    return _Mapping(float(measured.min()), float(measured.max()))


def _keep(values: NDArray[Any], rendering: Rendering, padding: NDArray[np.bool_] | None) -> NDArray[Any]:
    whole = values.dtype in (np.uint8, np.uint16)
    picture = values.astype(values.dtype if whole else np.float32)
    if not rendering.is_inverted and padding is None:
        return picture
    if rendering.value_range is not None and all(map(math.isfinite, rendering.value_range)):
        low, high = rendering.value_range
    elif whole:
        low, high = 0.0, float(np.iinfo(values.dtype).max)
    else:
        low, high = float(picture.min()), float(picture.max())
    if rendering.is_inverted:
        if whole:
            # Whole numbers of 16 bits may leave their type on the way.
            picture = (int(low + high) - values.astype(np.int32)).clip(0, None).astype(values.dtype)
        else:
            picture = np.float32(low + high) - picture
    if padding is not None:
        picture[padding] = low if low >= 0 or not whole else 0
    return picture
