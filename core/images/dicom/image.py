"""A decoded DICOM file: values in their own unit, and how the file says they are shown."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.decoded import DecodedImage, ImageFacts, collapse_equal_channels
from core.images.dicom import tags
from core.images.dicom.elements import Elements
from core.images.dicom.frames import Frame
from core.images.dicom.header import DicomHeader, Layout, build_header
from core.images.dicom.lookup import read_palette, read_table
from core.images.dicom.opening import open_data_set
from core.images.dicom.pixels import read_stored
from core.images.intensity import Intensity, LookupTable, Output, Rendering, apply_intensity
from core.images.volume import fit_values

__all__ = ["DicomImage", "decode_dicom"]

_WHOLE_TYPES: Final = tuple(np.dtype(name) for name in ("uint8", "int16", "uint16", "int32"))
_NOT_NUMBERS: Final = "it holds pixels that are not numbers (NaN or infinity)"


@dataclass(frozen=True, slots=True, eq=False)
class DicomImage:
    """All frames of one DICOM file.

    Attributes:
        header: what the file says of its picture.
        values: (frames, rows, columns) of uint8, int16, uint16, int32 or float32: stored values through the
            modality table or slope and intercept, in `header.unit`; for MONOCHROME1 too, whose values keep
            their meaning and only whose picture is turned around. Or (frames, rows, columns, 3) uint8 RGB.
        padding: (frames, rows, columns), True where the file marks a pixel as no measurement; None where it
            marks none.
        renderings: how each frame is shown as the file says; one entry stands for all frames.
        warnings: those of the header, and of the decoding.
    """

    header: DicomHeader
    values: NDArray[Any] = field(repr=False)
    padding: NDArray[np.bool_] | None = field(repr=False)
    renderings: tuple[Rendering, ...] = field(repr=False)
    warnings: tuple[str, ...]

    def render(self, policy: Intensity, *, frame: int = 0, output: Output = "uint8") -> NDArray[Any]:
        """Picture of one frame, bright where the file means bright; colour stays as it is.

        Args:
            policy: which values are black and white.
            frame: which frame.
            output: see `apply_intensity`.

        Raises:
            IndexError: if there is no such frame.
        """
        if not 0 <= frame < len(self.values):
            raise IndexError(f"there are {len(self.values)} frames, none with number {frame}")
        if self.values.ndim == 4:
            return np.asarray(self.values[frame])
        return apply_intensity(
            self.values[frame],
            policy,
            rendering=self.renderings[frame if len(self.renderings) > 1 else 0],
            padding=None if self.padding is None else self.padding[frame],
            output=output,
        )

    def to_decoded(self, policy: Intensity, *, frame: int = 0, output: Output = "uint8") -> DecodedImage:
        """One frame as an image of an image set: its picture with the facts of its file."""
        pixels = collapse_equal_channels(self.render(policy, frame=frame, output=output))
        height, width = pixels.shape[:2]
        layout = self.header.layout
        facts = ImageFacts(
            format="DICOM",
            mode=layout.photometric,
            width=width,
            height=height,
            channels=1 if pixels.ndim == 2 else 3,
            bit_depth=layout.bits,
            note="text may be burned in" if self.header.has_burned_in_text else "",
        )
        return DecodedImage(pixels, facts)


def decode_dicom(data: bytes, *, max_pixels: int, key: bytes) -> DicomImage:
    """Decode a DICOM file held in memory.

    Args:
        data: the file's bytes.
        max_pixels: larger images are refused before decoding, all frames and channels counted.
        key: secret that identifiers are hashed with (`core.workspace_key`).

    Raises:
        NoPictureError: if it is DICOM without a picture.
        ImageReadError: with the reason, if it is damaged, too large, or stored in a way that is not read;
            nothing of the header's text is in the message.
    """
    try:
        elements, syntax, sop_class, stream = open_data_set(
            io.BytesIO(data), max_pixels=max_pixels, wanted=tags.ALL, sequences=tags.SEQUENCES
        )
        header = build_header(elements, syntax, sop_class, max_pixels=max_pixels, key=key)
        assert elements.pixels is not None
        stored = read_stored(stream, elements.pixels, header.layout)
        return _interpret(stored, elements, header)
    except ImageReadError:
        raise
    except MemoryError:
        raise ImageReadError("it does not fit into memory") from None
    # What a damaged header leads to is nearly anything; its text must not come out in a message.
    except Exception:
        raise ImageReadError("it is damaged, or its header contradicts its pixels") from None


def _interpret(stored: NDArray[Any], elements: Elements, header: DicomHeader) -> DicomImage:
    layout, frames = header.layout, header.frames
    padding = _find_padding(stored, elements, layout)
    warnings = list(header.warnings)
    if layout.is_colour:
        values = _to_colour(stored, elements, layout, warnings)
        return DicomImage(header, values, padding, (Rendering(),), tuple(warnings))
    table = _read_first_table(elements, tags.MODALITY_TABLE, signed=layout.is_signed)
    if table is not None:
        values = table.apply(stored)
        value_range: tuple[float, float] | None = (0.0, float(2**table.bits - 1))
    else:
        values, value_range, notes = _rescale(stored, layout, frames)
        warnings += notes
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ImageReadError(_NOT_NUMBERS)
    # Looked up by rescaled values, whose sign the header's own says nothing about.
    lowest = value_range[0] if value_range is not None else -1.0
    voi = _read_first_table(elements, tags.WINDOW_TABLE, signed=lowest < 0)
    # Without a use for it (stored in float), the range of a file's type tells nothing.
    renderings = tuple(Rendering(frame.window, voi, layout.is_inverted, value_range) for frame in frames)
    return DicomImage(header, values, padding, renderings, tuple(warnings))


def _read_first_table(elements: Elements, tag: int, *, signed: bool) -> LookupTable | None:
    items = elements.get_items(tag)
    return read_table(items[0], signed=signed) if items else None


def _find_padding(stored: NDArray[Any], elements: Elements, layout: Layout) -> NDArray[np.bool_] | None:
    """Pixels of the padding value, or of the range that it begins (PS3.3, C.7.5.1.1.2)."""
    values = elements.get_integers(tags.PADDING, signed=layout.is_signed)
    limits = elements.get_integers(tags.PADDING_LIMIT, signed=layout.is_signed)
    if not values or layout.is_float or layout.is_colour or layout.bits_allocated > 16:
        return None
    ends = [_in_use(value, layout) for value in (values[0], limits[0] if limits else values[0])]
    marked = (stored >= min(ends)) & (stored <= max(ends))
    return marked if marked.any() else None


def _in_use(value: int, layout: Layout) -> int:
    """A value as it is stored in the bits in use, as pixels are read."""
    value &= (1 << layout.bits) - 1
    return value - (1 << layout.bits) if layout.is_signed and value >> (layout.bits - 1) else value


def _rescale(
    stored: NDArray[Any], layout: Layout, frames: tuple[Frame, ...]
) -> tuple[NDArray[Any], tuple[float, float] | None, tuple[str, ...]]:
    """Values of every frame by its slope and intercept, whole as long as these are; and their range."""
    if layout.is_float:
        low, high = float(stored.min()), float(stored.max())
    else:
        low, high = _stored_range(layout)
    scales = [(frame.slope, frame.intercept) for frame in frames]
    ends = [end * slope + intercept for (slope, intercept), end in product(scales, (low, high))]
    value_range = None if layout.is_float else (min(ends), max(ends))
    is_whole = not layout.is_float and all(number.is_integer() for scale in scales for number in scale)
    if set(scales) == {(1.0, 0.0)}:
        values, notes = fit_values(stored)
        return values, value_range, notes
    fitting = [kind for kind in _WHOLE_TYPES if _holds(kind, min(ends), max(ends))] if is_whole else []
    values = np.empty(stored.shape, fitting[0] if fitting else np.float32)
    wide = np.int64 if fitting else np.float64
    for index in range(len(stored)):
        slope, intercept = scales[index if len(scales) > 1 else 0]
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused afterwards
            values[index] = stored[index].astype(wide) * wide(slope) + wide(intercept)
    return values, value_range, ()


def _stored_range(layout: Layout) -> tuple[int, int]:
    if layout.is_signed:
        return -(1 << (layout.bits - 1)), (1 << (layout.bits - 1)) - 1
    return 0, (1 << layout.bits) - 1


def _holds(kind: np.dtype[Any], low: float, high: float) -> bool:
    bounds = np.iinfo(kind)
    return bool(bounds.min <= low and high <= bounds.max)


def _to_colour(
    stored: NDArray[Any], elements: Elements, layout: Layout, warnings: list[str]
) -> NDArray[np.uint8]:
    if stored.ndim == 3:
        first, palette = read_palette(elements, signed=layout.is_signed)
        places = np.clip(stored.astype(np.int32) - first, 0, len(palette) - 1)
        return np.asarray(palette[places], dtype=np.uint8)
    if layout.is_signed:
        raise ImageReadError("its colours have a sign, which is not read; save it as RGB of 8 bits")
    if layout.bits > 8:
        warnings.append(f"Its {layout.bits}-bit colour was read as 8-bit.")
        return (stored >> (layout.bits - 8)).astype(np.uint8)
    if layout.bits < 8:
        return np.rint(stored * (255 / ((1 << layout.bits) - 1))).astype(np.uint8)
    return stored.astype(np.uint8, copy=False)
