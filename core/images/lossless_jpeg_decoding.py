"""Reads lossless JPEG (ITU-T T.81, annex H), the form in which archives most often compress DICOM images.

A Huffman code can only be read bit by bit, but where each one would end if it began at any given bit is known
at once for all bits. Only the walk from code to code is a loop; samples are then summed up from their
differences in whole rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError

__all__ = ["decode_lossless_jpeg"]

_SOF3, _DHT, _SOS, _DRI = 0xC3, 0xC4, 0xDA, 0xDD
_DAMAGED: Final = "its lossless JPEG is damaged or truncated"
# Within coded samples, FF is followed by 00, or by D0 to D7 where coding starts anew (T.81, B.1.1.2).
_END: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_CHUNK_BYTES: Final = 1 << 16
_NO_CODE: Final = 255


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    rows: int
    columns: int
    bits: int
    tables: list[NDArray[np.uint8]]
    predictor: int
    shift: int
    rows_a_part: int
    coded: bytes


def decode_lossless_jpeg(data: bytes) -> NDArray[np.uint16]:
    """Decode one picture.

    Args:
        data: from its SOI marker on; one scan that holds all components, as DICOM PS3.5, 8.2.1 asks for.

    Returns:
        (rows, columns) samples, or (rows, columns, components).

    Raises:
        ImageReadError: if it is damaged, truncated, or no such picture.

    References:
        ITU-T T.81 (1992): annexes B (markers), C and F.2.2 (Huffman codes), H (prediction).
    """
    scan = _read_markers(data)
    n_components = len(scan.tables)
    shape = (scan.rows, scan.columns, n_components)
    # A code has at least one bit.
    if scan.rows * scan.columns * n_components > 8 * len(scan.coded):
        raise ImageReadError(_DAMAGED)
    samples = np.empty(shape, np.uint16)
    parts = _RESTART.split(scan.coded)
    if len(parts) != -(-scan.rows // scan.rows_a_part):
        raise ImageReadError(_DAMAGED)
    for index, part in enumerate(parts):
        start = index * scan.rows_a_part
        rows = min(scan.rows_a_part, scan.rows - start)
        differences = _read_differences(part.replace(b"\xff\x00", b"\xff"), scan, rows)
        for component in range(n_components):
            plane = _sum_up(differences[..., component], scan)
            samples[start : start + rows, :, component] = plane << scan.shift
    return samples[..., 0] if n_components == 1 else samples


def _read_markers(data: bytes) -> _Scan:
    tables: dict[int, NDArray[np.uint8]] = {}
    frame: bytes = b""
    interval, at = 0, 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            break
        at += 2 + length
        if marker == _SOF3:
            frame = body
        elif marker == _DHT:
            tables |= _read_tables(body)
        elif marker == _DRI and len(body) == 2:
            interval = int.from_bytes(body, "big")
        elif marker == _SOS:
            end = _END.search(data, at)
            return _read_scan(frame, body, tables, interval, data[at : end.start() if end else len(data)])
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC8, 0xCC):
            raise ImageReadError("its JPEG is not of the lossless kind that its header names")
    raise ImageReadError(_DAMAGED)


def _read_scan(
    frame: bytes, body: bytes, tables: dict[int, NDArray[np.uint8]], interval: int, coded: bytes
) -> _Scan:
    n = body[0] if body else 0
    if len(frame) < 6 or frame[5] != n or not 1 <= n <= 4 or len(frame) < 6 + 3 * n or len(body) < 4 + 2 * n:
        raise ImageReadError(_DAMAGED)
    bits, rows, columns = frame[0], int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    sampling = [frame[7 + 3 * i] for i in range(n)]
    wanted = [body[2 + 2 * i] >> 4 for i in range(n)]
    predictor, shift = body[1 + 2 * n], body[3 + 2 * n] & 15
    rows_a_part, odd = divmod(interval, columns) if columns else (0, 1)
    if (
        not (2 <= bits <= 16 and rows and columns and 1 <= predictor <= 7 and shift < bits)
        or any(one != 0x11 for one in sampling)
        or not all(one in tables for one in wanted)
        or odd  # T.81, H.1.1: coding starts anew at the beginning of a row
    ):
        raise ImageReadError(_DAMAGED)
    return _Scan(
        rows, columns, bits, [tables[one] for one in wanted], predictor, shift, rows_a_part or rows, coded
    )


def _read_tables(body: bytes) -> dict[int, NDArray[np.uint8]]:
    """Tables from any 16 bits to (length of the code that they begin with, category that it stands for)."""
    found = {}
    while len(body) >= 17:
        name, counts = body[0] & 15, body[1:17]
        symbols = body[17 : 17 + sum(counts)]
        body = body[17 + sum(counts) :]
        table = np.full((1 << 16, 2), _NO_CODE, np.uint8)
        at = used = 0
        for length, count in enumerate(counts, start=1):
            width = 1 << (16 - length)
            for symbol in symbols[used : used + count]:
                if at + width > 1 << 16 or symbol > 16:
                    raise ImageReadError(_DAMAGED)
                table[at : at + width] = length, symbol
                at += width
            used += count
        if used != len(symbols):
            raise ImageReadError(_DAMAGED)
        found[name] = table
    return found


def _read_differences(coded: bytes, scan: _Scan, rows: int) -> NDArray[np.int32]:
    """(rows, columns, components) of what each sample adds to its prediction."""
    n_components = len(scan.tables)
    n = rows * scan.columns * n_components
    differences = np.empty(n, np.int32)
    # What a code at the very end may look at beyond it.
    padded = np.frombuffer(coded + b"\xff" * 8, np.uint8).astype(np.uint32)
    same = all(table is scan.tables[0] for table in scan.tables)
    at = done = 0
    for first in range(0, len(coded), _CHUNK_BYTES):
        if done == n:
            break
        size = min(_CHUNK_BYTES, len(coded) - first)
        part = padded[first : first + size + 6]
        words = part[:-2] << 16 | part[1:-1] << 8 | part[2:]  # 24 bits from each byte on
        windows = (words[:size, None] >> np.arange(8, 0, -1, dtype=np.uint32) & 0xFFFF).reshape(-1)
        coding = [table[windows] for table in (scan.tables[:1] if same else scan.tables)]
        # Category 16 has no further bits (T.81, H.1.2.2); a wrong code is stepped over and found below.
        steps = [np.where(one[:, 1] < 16, one[:, 0] + one[:, 1], one[:, 0]).tobytes() for one in coding]
        places, at = _walk(steps, at - 8 * first, 8 * size, n - done, done)
        at += 8 * first
        if not len(places):
            continue
        order = (np.arange(done, done + len(places)) % n_components) if not same else None
        picked = coding[0][places] if order is None else np.stack(coding)[order, places]
        if (picked == _NO_CODE).any():
            raise ImageReadError(_DAMAGED)
        begins, category = places + picked[:, 0], picked[:, 1].astype(np.int64)
        more = np.where(category < 16, category, 0)
        value = (words[begins >> 3].astype(np.int64) >> (24 - (begins & 7) - more)) & ((1 << more) - 1)
        # T.81, F.2.2.1: the lower half of a category's values stands for negative differences.
        value = np.where((more > 0) & (value < (1 << more) >> 1), value - (1 << more) + 1, value)
        differences[done : done + len(places)] = np.where(category == 16, 1 << 15, value)
        done += len(places)
    if done < n or at > 8 * len(coded):
        raise ImageReadError(_DAMAGED)
    return differences.reshape(rows, scan.columns, n_components)


def _walk(steps: list[bytes], at: int, end: int, n_most: int, n_before: int) -> tuple[NDArray[np.int64], int]:
    """Bits at which codes begin, from `at` to `end`, and the bit after the last one."""
    places: list[int] = []
    append = places.append
    if len(steps) == 1:
        one = steps[0]
        while at < end and len(places) < n_most:
            append(at)
            at += one[at]
    else:
        turn = n_before % len(steps)
        while at < end and len(places) < n_most:
            append(at)
            at += steps[turn][at]
            turn = (turn + 1) % len(steps)
    return np.array(places, np.int64), at


def _sum_up(differences: NDArray[np.int32], scan: _Scan) -> NDArray[np.uint16]:
    """Samples of one component from (rows, columns) differences, modulo 2^16 (T.81, H.1.2.1)."""
    wide = differences.astype(np.int64)
    wide[0, 0] += 1 << (scan.bits - scan.shift - 1)
    wide[0] = np.cumsum(wide[0])  # the first row is predicted from the left, the first column from above
    if scan.predictor == 1:
        wide[:, 0] = np.cumsum(wide[:, 0])
        wide[1:] = np.cumsum(wide[1:], axis=1)
    elif scan.predictor == 2:
        wide = np.cumsum(wide, axis=0)
    else:
        wide[0] &= 0xFFFF
        for row in range(1, len(wide)):
            wide[row] = _sum_up_row(wide[row], wide[row - 1], scan.predictor)
    return (wide & 0xFFFF).astype(np.uint16)


def _sum_up_row(row: NDArray[Any], above: NDArray[Any], predictor: int) -> NDArray[Any]:
    """One row by the predictors that look at the row above (T.81, table H.1); `above` is complete."""
    row[0] += above[0]
    corner, over = above[:-1], above[1:]
    if predictor == 3:
        row[1:] += corner
    elif predictor in (4, 5):
        row[1:] += (over - corner) >> (predictor - 4)
        row = np.cumsum(row)
    else:
        # Halving depends on the left neighbour itself: no sum does that.
        left = int(row[0]) & 0xFFFF
        out = [left]
        for difference, up, diagonal in zip(row[1:].tolist(), over.tolist(), corner.tolist(), strict=True):
            guess = up + ((left - diagonal) >> 1) if predictor == 6 else (left + up) >> 1
            left = (guess + difference) & 0xFFFF
            out.append(left)
        row = np.array(out, np.int64)
    return row & 0xFFFF
