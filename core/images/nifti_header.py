"""Headers of NIfTI-1 and NIfTI-2 files: which they are, and where and how voxels are stored."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.errors import ImageReadError
from core.images.unpacking import ByteSource

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

__all__ = ["NiftiLayout", "is_nifti", "read_header", "read_layout"]

# nifti1.h and nifti2.h: size of the header, which is its first number, and the words that end or follow it.
_NIFTI1_BYTES: Final = 348
_NIFTI2_BYTES: Final = 540
_SINGLE: Final = (b"n+1\0", b"n+2\0")
_PAIRED: Final = (b"ni1\0", b"ni2\0")
# nifti1.h, "datatype": what numpy calls them. RGB and RGBA are three and four bytes a voxel.
_GREY_TYPES: Final = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_COLOUR_SAMPLES: Final = {128: 3, 2304: 4}
_REFUSED_TYPES: Final = {
    1: "bits", 32: "complex numbers", 1536: "128-bit numbers", 1792: "complex numbers",
    2048: "complex numbers",
}  # fmt: skip
_MAX_OFFSET: Final = 1 << 26  # header extensions before the voxels; real ones are some kilobytes


@dataclass(frozen=True, slots=True)
class NiftiLayout:
    """Where a header says that voxels are, and how they are stored.

    Attributes:
        shape: voxels along the file's three axes, the first of which runs fastest.
        n_volumes: volumes, one after the other.
        dtype: type of a sample, in the file's byte order.
        samples: samples of a voxel: 1, or 3 and 4 of colour.
        offset: bytes before the first voxel, from the beginning of the file that holds them.
    """

    shape: tuple[int, int, int]
    n_volumes: int
    dtype: np.dtype[Any]
    samples: int
    offset: int

    @property
    def volume_bytes(self) -> int:
        """Bytes of one volume."""
        return math.prod(self.shape) * self.samples * self.dtype.itemsize


def is_nifti(data: bytes) -> bool:
    """Tell whether a file held in memory begins as NIfTI does, gzip or not; of a pair, its header file."""
    try:
        return _find_magic(bytes(ByteSource(data).read(_NIFTI1_BYTES)))[1] in _SINGLE + _PAIRED
    except ImageReadError:
        return False


def _find_magic(start: bytes) -> tuple[str, bytes]:
    """Byte order (`<` or `>`) by the header's first number, and the format's word."""
    if len(start) < _NIFTI1_BYTES:
        raise ImageReadError("it is not a NIfTI file, or is cut off in its header")
    for order in "<>":
        (size,) = struct.unpack(f"{order}i", start[:4])
        if size == _NIFTI1_BYTES:
            return order, start[344:348]
        if size == _NIFTI2_BYTES:
            return order, start[4:8]
    raise ImageReadError("it is not a NIfTI file")


def read_header(source: ByteSource) -> tuple[Nifti1Header, bool]:
    """Read the header at the beginning of a file.

    Returns:
        The header, and whether the voxels are in the same file.

    Raises:
        ImageReadError: if it is no NIfTI file, or ends within its header.
    """
    # Loaded here, since it takes as long as all of numpy and most studies hold no NIfTI file.
    from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
    from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader

    start = bytes(source.read(_NIFTI1_BYTES))
    order, magic = _find_magic(start)
    if magic not in _SINGLE + _PAIRED:
        raise ImageReadError("it is an Analyze file, which does not tell left from right; save it as NIfTI")
    is_single, is_first = magic in _SINGLE, magic[2:3] == b"1"
    if not is_first:
        start += source.read(_NIFTI2_BYTES - _NIFTI1_BYTES)
        if len(start) < _NIFTI2_BYTES:
            raise ImageReadError("it is cut off in its header")
    kind = {
        (True, True): Nifti1Header, (True, False): Nifti1PairHeader,
        (False, True): Nifti2Header, (False, False): Nifti2PairHeader,
    }[is_first, is_single]  # fmt: skip
    return kind(start, endianness=order, check=False), is_single  # type: ignore[no-untyped-call]


def read_layout(header: Nifti1Header, *, is_single: bool) -> NiftiLayout:
    """Check what a header says of its voxels.

    Raises:
        ImageReadError: if it makes no sense, or voxels are no numbers that make a picture.
    """
    dim = [int(size) for size in header["dim"]]
    if not 1 <= dim[0] <= 7:
        raise ImageReadError("its NIfTI header is damaged (number of dimensions)")
    sizes = [*dim[1 : dim[0] + 1], 1, 1, 1][: max(3, dim[0])]
    if min(sizes) < 1:
        raise ImageReadError("it announces an empty volume")
    if math.prod(sizes[4:]) > 1:
        raise ImageReadError(
            f"it has {dim[0]} dimensions, as vector fields do; save one volume of numbers a file"
        )
    code = int(header["datatype"])
    if code in _COLOUR_SAMPLES:
        dtype, samples = np.dtype("u1"), _COLOUR_SAMPLES[code]
    elif code in _GREY_TYPES:
        dtype, samples = np.dtype(_GREY_TYPES[code]).newbyteorder(header.endianness), 1
    else:
        what = _REFUSED_TYPES.get(code, "voxels of an unknown type")
        raise ImageReadError(f"it holds {what}; save integers, real numbers or RGB")
    offset = float(header["vox_offset"])
    smallest = (int(header.sizeof_hdr) + 4) if is_single else 0
    if not smallest <= offset <= _MAX_OFFSET or offset != int(offset):
        raise ImageReadError("its NIfTI header is damaged (where voxels begin)")
    return NiftiLayout(
        (sizes[0], sizes[1], sizes[2]), sizes[3] if len(sizes) > 3 else 1, dtype, samples, int(offset)
    )
