"""Samples of one TIFF page: strips or tiles unpacked to the size they must have, never to more."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageReadError
from core.images.tiff_directory import TiffPage
from core.images.unpacking import inflate

__all__ = ["PageReader", "check_scheme"]

# Pillow warns about odd tags of pages whose pixels are fine, and of those that it then refuses.
warnings.filterwarnings("ignore", module=r"PIL\.")

_NONE: Final = 1
_DEFLATE: Final = (8, 32946)
_BY_LIBTIFF: Final = {5: "LZW", 32773: "PackBits"}
# Pictures rather than packed numbers: these are Pillow's from the strip to the pixel.
_AS_PICTURE: Final = {2: "CCITT", 3: "CCITT", 4: "CCITT", 7: "JPEG"}
_READ: Final = "save it uncompressed, or with Deflate, LZW or PackBits"
_BATCH_BYTES: Final = 1 << 26
_SLACK_BYTES: Final = 1 << 16
_REUSE: Final = 8  # how often a file's bytes may be unpacked: some writers store equal tiles once
_REVERSED_BITS: Final = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1])


def check_scheme(page: TiffPage) -> None:
    """Refuse a page of a compression or of samples that are not read.

    Raises:
        ImageReadError: with the reason and what to do.
    """
    if page.compression in _AS_PICTURE:
        if page.bits not in (1, 8) or page.kind != "u":
            raise ImageReadError(
                f"it stores {page.bits}-bit samples as {_AS_PICTURE[page.compression]}; {_READ}"
            )
        return
    if page.compression != _NONE and page.compression not in (*_DEFLATE, *_BY_LIBTIFF):
        raise ImageReadError(f"its TIFF compression {page.compression} is not read; {_READ}")
    whole = 1 <= page.bits <= 16 or page.bits in (32, 64)
    allowed = {"u": whole, "i": page.bits in (8, 16, 32, 64), "f": page.bits in (16, 32, 64)}
    if not allowed.get(page.kind, False):
        raise ImageReadError(
            f"it stores samples of {page.bits} bits that are not read; save integers or real numbers"
        )
    if page.predictor != 1 and page.compression in (5, *_DEFLATE):
        is_known = page.predictor == 2 and page.bits in (8, 16, 32, 64)
        if not is_known and not (page.predictor == 3 and page.kind == "f"):
            raise ImageReadError(f"its TIFF predictor {page.predictor} is not read; {_READ}")
    if page.is_reversed and page.compression != _NONE:
        raise ImageReadError(f"its bits are stored in reverse order; {_READ}")


@dataclass(slots=True)
class PageReader:
    """Decodes pages of one file held in memory.

    Attributes:
        data: the file's bytes.
        budget: packed bytes that may still be read: pages may share strips, but not endlessly.
    """

    data: bytes
    budget: int = -1
    _picture: Image.Image | None = None

    def __post_init__(self) -> None:
        """Set the budget by the file's size."""
        self.budget = _REUSE * len(self.data)

    def read(self, page: TiffPage) -> NDArray[Any]:
        """Decode a page that `check_scheme` passed.

        Returns:
            (height, width, samples), upright, in the machine's byte order: samples as stored; of CCITT and
            JPEG, as Pillow shows them.

        Raises:
            ImageReadError: if it is damaged or cut.
        """
        if page.compression in _AS_PICTURE:
            return self._read_picture(page)
        offsets, sizes = (numbers.tolist() for numbers in page.find_pieces(self.data))
        n_planes = page.samples if page.is_planar else 1
        per_plane = len(offsets) // n_planes
        planes = []
        for plane in range(n_planes):
            part = slice(plane * per_plane, (plane + 1) * per_plane)
            planes.append(self._read_plane(page, offsets[part], sizes[part]))
        samples = planes[0] if n_planes == 1 else np.concatenate(planes, axis=-1)
        return _turn(samples, page.orientation)

    def _read_plane(self, page: TiffPage, offsets: Sequence[int], sizes: Sequence[int]) -> NDArray[Any]:
        columns, rows = page.piece
        samples = 1 if page.is_planar else page.samples
        row_bytes = -(-columns * samples * page.bits // 8)
        down, across = page.grid
        heights = [rows] * len(offsets)
        if not page.is_tiled:
            heights[-1] = page.height - rows * (down - 1)
        pieces = []
        for offset, announced, height in zip(offsets, sizes, heights, strict=True):
            size = min(announced, height * row_bytes) if page.compression == _NONE else announced
            # No compression of real pixels makes them much larger: a count that says so is a lie.
            if size > 2 * height * row_bytes + _SLACK_BYTES or offset + size > len(self.data):
                raise ImageReadError("it is cut off, or its strips announce more bytes than they can hold")
            self.budget -= size
            if self.budget < 0:
                raise ImageReadError("its strips overlap too often to be real")
            pieces.append(memoryview(self.data)[offset : offset + size])
        packed = np.empty((sum(heights), row_bytes), np.uint8)
        self._unpack(page, pieces, heights, packed)
        values = _to_samples(page, packed, columns, samples)
        if page.is_tiled:
            values = values.reshape(down, across, rows, columns, samples).swapaxes(1, 2)
            values = values.reshape(down * rows, across * columns, samples)
        return values[: page.height, : page.width]

    def _unpack(
        self, page: TiffPage, pieces: list[memoryview], heights: list[int], packed: NDArray[np.uint8]
    ) -> None:
        """Fill rows of bytes, piece below piece."""
        row_bytes, top = packed.shape[1], 0
        if page.compression in _BY_LIBTIFF:
            _unpack_by_libtiff(page.compression, pieces, heights, packed)
            return
        for piece, height in zip(pieces, heights, strict=True):
            n_bytes = height * row_bytes
            raw = piece if page.compression == _NONE else inflate(piece, n_bytes)
            if len(raw) < n_bytes:
                raise ImageReadError("it is cut off: a strip or tile holds fewer pixels than it announces")
            packed[top : top + height] = np.frombuffer(raw, np.uint8, count=n_bytes).reshape(
                height, row_bytes
            )
            top += height

    def _read_picture(self, page: TiffPage) -> NDArray[Any]:
        try:
            if self._picture is None:
                self._picture = Image.open(io.BytesIO(self.data), formats=["TIFF"])
            self._picture.seek(page.index)
            mode = self._picture.mode
            if mode in ("P", "CMYK", "LAB", "I", "F") or mode.startswith("I;"):
                raise ImageReadError(f"it holds {mode} pixels in this compression; {_READ}")
            self._picture.load()
            target = "L" if mode in ("1", "L") else "RGB"
            pixels = np.asarray(self._picture.convert(target))
        except (ImageReadError, MemoryError):
            raise
        # libtiff and Pillow raise nearly anything for damaged pieces.
        except Exception:
            raise ImageReadError("one of its pages is damaged or truncated") from None
        size = (page.height, page.width)
        if pixels.shape[:2] != (size[::-1] if page.orientation > 4 else size):
            raise ImageReadError("one of its pages has another size than it announces")
        return pixels.reshape(*pixels.shape[:2], -1)


def _unpack_by_libtiff(
    compression: int, pieces: list[memoryview], heights: list[int], packed: NDArray[np.uint8]
) -> None:
    """Unpack pieces by handing them to libtiff, inside Pillow, as strips of one picture of bytes.

    Whatever the samples are, libtiff sees 8-bit grey, so that it gives the bytes back as they were packed.
    """
    row_bytes = packed.shape[1]
    first = top = 0
    while first < len(pieces):
        last, n_rows = first + 1, heights[first]
        while last < len(pieces) and (n_rows + heights[last]) * row_bytes <= _BATCH_BYTES:
            n_rows += heights[last]
            last += 1
        if n_rows * row_bytes > _BATCH_BYTES:
            raise ImageReadError("its strips are too large to be unpacked at once; save it with smaller ones")
        wrapped = _wrap(compression, pieces[first:last], heights[first], n_rows, row_bytes)
        try:
            with Image.open(io.BytesIO(wrapped), formats=["TIFF"]) as image:
                packed[top : top + n_rows] = np.asarray(image)
        except MemoryError:
            raise
        except Exception:
            raise ImageReadError("one of its strips or tiles is damaged or truncated") from None
        first, top = last, top + n_rows


def _wrap(compression: int, pieces: list[memoryview], rows: int, n_rows: int, width: int) -> bytes:
    """A TIFF file of 8-bit grey whose strips are the pieces."""
    n_tags = 9
    tables = 8 + 2 + 12 * n_tags + 4
    strips = tables + 8 * len(pieces)
    sizes = [len(piece) for piece in pieces]
    offsets = [strips + sum_before for sum_before in _running_sums(sizes)]
    n_pieces = len(pieces)
    where = (offsets[0], sizes[0]) if n_pieces == 1 else (tables, tables + 4 * n_pieces)
    entries = [
        (256, 4, 1, width), (257, 4, 1, n_rows), (258, 4, 1, 8), (259, 4, 1, compression), (262, 4, 1, 1),
        (273, 4, n_pieces, where[0]), (277, 4, 1, 1), (278, 4, 1, rows), (279, 4, n_pieces, where[1]),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, n_tags) + directory + b"\0\0\0\0"
    lists = struct.pack(f"<{2 * n_pieces}I", *offsets, *sizes)
    return b"".join((head, lists, *pieces))


def _running_sums(sizes: list[int]) -> list[int]:
    return [0, *np.cumsum(sizes).tolist()[:-1]]


def _to_samples(page: TiffPage, packed: NDArray[np.uint8], columns: int, samples: int) -> NDArray[Any]:
    """Turn rows of bytes into (rows, columns, samples)."""
    shape = (packed.shape[0], columns, samples)
    if page.is_reversed:
        packed = _REVERSED_BITS[packed]
    if page.bits not in (8, 16, 32, 64):
        bits = np.unpackbits(packed, axis=1)[:, : columns * samples * page.bits]
        kind = np.uint8 if page.bits < 8 else np.uint16
        values = np.zeros((packed.shape[0], columns * samples), kind)
        for bit in range(page.bits):  # the highest comes first
            values = (values << kind(1)) | bits[:, bit :: page.bits]
        return values.reshape(shape)
    width = page.bits // 8
    has_predictor = page.compression != _NONE and page.compression != 32773 and page.predictor != 1
    if has_predictor and page.predictor == 3:
        # Adobe Photoshop TIFF technical note 3: bytes of equal weight stand together, the highest first, and
        # each is stored as the difference from the one `samples` bytes before.
        summed = np.cumsum(packed.reshape(packed.shape[0], -1, samples), axis=1, dtype=np.uint8)
        planes = summed.reshape(packed.shape[0], width, columns * samples).swapaxes(1, 2)
        big = np.ascontiguousarray(planes).view(f">f{width}")
        return big.astype(big.dtype.newbyteorder("=")).reshape(shape)
    whole = np.ascontiguousarray(packed).view(f"{page.order}u{width}")
    native = whole.astype(whole.dtype.newbyteorder("=")).reshape(shape)
    if has_predictor:
        native = np.cumsum(native, axis=1, dtype=native.dtype)
    return native.view(f"{page.kind}{width}")


def _turn(samples: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Bring the first row to the top and the first column to the left (TIFF 6.0, Orientation)."""
    if orientation > 4:
        samples = samples.swapaxes(0, 1)
    down, right = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(
        orientation, (1, 1)
    )
    return samples[::down, ::right]
