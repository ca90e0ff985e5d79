"""Small sound files of every kind that is read, each with a patient's name in it where the format has room."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import nibabel
import numpy as np
import tifffile
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.core.images.dicom.files import make_dataset, write

SECRET = "Zyxwvuq^Jqkfgh"
N_SERIES = 3

_GREY = (np.arange(40 * 34) * 37 % 4096).astype(np.uint16).reshape(40, 34)
_COLOUR = np.stack([_GREY, _GREY.T.reshape(_GREY.shape), _GREY[::-1]], axis=-1).astype(np.uint8)
_STACK = np.random.default_rng(0).integers(0, 4000, (3, 24, 20)).astype(np.int16)


# It says that its pixels lie in another file; any path may stand there.
_OME_OF_TWO_FILES = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" SizeX="136" SizeY="120" SizeZ="1" SizeC="3" '
    'SizeT="1" Type="uint8"><Channel ID="C:0" SamplesPerPixel="3"/><TiffData IFD="0" PlaneCount="1">'
    '<UUID FileName="/etc/hostname">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
)


def make_seeds() -> dict[str, bytes]:
    """A file of each kind, by a name that begins with its family."""
    return {**_make_rasters(), **_make_tiffs(), **_make_niftis(), **_make_arrays(), **_make_dicom()}


def make_series() -> dict[str, bytes]:
    """The files of one DICOM series."""
    return {
        f"slice{k}": _dicom(
            _GREY + k, ImagePositionPatient=[0, 0, 2 * k], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[1, 1], InstanceNumber=k,
        )
        for k in range(N_SERIES)
    }  # fmt: skip


def _make_rasters() -> dict[str, bytes]:
    seeds = {}
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = SECRET
    exif[0x0112] = 6
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET)
    text.add_text("Author", SECRET, zip=True)
    png: dict[str, Any] = {"pnginfo": text, "exif": exif}
    for name, pixels, kind, options in (
        ("png-grey", _GREY.astype(np.uint8), "PNG", png),
        ("png-16", _GREY, "PNG", png),
        ("png-colour", _COLOUR, "PNG", png),
        ("jpeg-grey", _GREY.astype(np.uint8), "JPEG", {"comment": SECRET, "exif": exif}),
        ("jpeg-progressive", _COLOUR, "JPEG", {"progressive": True, "exif": exif}),
        ("bmp", _COLOUR, "BMP", {}),
        ("webp", _COLOUR, "WEBP", {"exif": exif}),
        ("webp-lossless", _COLOUR, "WEBP", {"lossless": True}),
    ):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, kind, **options)
        seeds[name] = stream.getvalue()
    stream = io.BytesIO()
    Image.fromarray(_COLOUR).quantize(16).save(stream, "PNG", transparency=1)
    seeds["png-palette"] = stream.getvalue()
    return seeds


def _make_tiffs() -> dict[str, bytes]:
    ome = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'<Image Name="{SECRET}"><Pixels DimensionOrder="XYZCT" SizeX="20" SizeY="24" SizeZ="3" SizeC="1" '
        'SizeT="1" PhysicalSizeX="1" Type="uint16"><TiffData IFD="0" PlaneCount="3"/></Pixels></Image></OME>'
    )
    seeds = {}
    stack, noise = _STACK.astype(np.uint16), np.tile(_COLOUR, (3, 4, 1))
    secret: dict[str, Any] = {"description": SECRET, "metadata": None}
    for name, pixels, options in (
        ("tiff-plain", stack, secret),
        ("tiff-big-tiles", stack, {"bigtiff": True, "tile": (16, 16), **secret}),
        ("tiff-deflate", stack, {"compression": "zlib", "predictor": True, **secret}),
        ("tiff-lzw", stack, {"compression": "lzw", **secret}),
        ("tiff-packbits", stack, {"compression": "packbits", "byteorder": ">", **secret}),
        ("tiff-imagej", stack, {"imagej": True, "metadata": {"axes": "ZYX", "unit": "mm", "Info": SECRET}}),
        ("tiff-ome", stack, {"description": ome, "metadata": None}),
        ("tiff-float", stack.astype(np.float32), {"compression": "zlib", "predictor": 3, **secret}),
        ("tiff-jpeg", _COLOUR, {"compression": "jpeg", **secret}),
        ("tiff-strips", noise, {"rowsperstrip": 17, **secret}),
    ):
        stream = io.BytesIO()
        tifffile.imwrite(
            stream, pixels, photometric="rgb" if pixels.shape[-1] == 3 else "minisblack", **options
        )
        seeds[name] = stream.getvalue()
    for name, compression, words in (
        ("slide-deflate", "zlib", f"Aperio Image Library v1|Patient = {SECRET}|AppMag = 20|MPP = 0.5"),
        ("slide-raw", None, SECRET),
        ("slide-of-two-files", None, _OME_OF_TWO_FILES),
        ("slide-jpeg", "jpeg", SECRET),
    ):
        stream = io.BytesIO()
        with tifffile.TiffWriter(stream) as file:
            for factor in (1, 2):
                file.write(
                    noise[::factor, ::factor], tile=(64, 64), compression=compression, photometric="rgb",
                    metadata=None, description=words, subfiletype=int(factor > 1),
                )  # fmt: skip
        seeds[name] = stream.getvalue()
    return seeds


def _make_niftis() -> dict[str, bytes]:
    image = nibabel.Nifti1Image(_STACK, np.diag([-2.0, 2.0, 3.0, 1.0]))
    image.header["descrip"] = image.header["db_name"] = SECRET.encode()
    image.header.set_slope_inter(2.0, -7.0)
    plain = image.to_bytes()
    return {
        "nifti-1": plain,
        "nifti-2": nibabel.Nifti2Image(_STACK, np.eye(4)).to_bytes(),
        "nifti-float": nibabel.Nifti1Image(_STACK.astype(np.float32), np.eye(4)).to_bytes(),
        "nifti-gz": gzip.compress(plain),
    }


def _make_arrays() -> dict[str, bytes]:
    seeds = {}
    for name, array, save in (
        ("npy-picture", _COLOUR, np.save),
        ("npy-volume", _STACK, np.save),
        ("npz-picture", _GREY, np.savez),
        ("npz-volume", _STACK, np.savez_compressed),
    ):
        stream = io.BytesIO()
        save(stream, array)
        seeds[name] = stream.getvalue()
    return seeds


def _dicom(pixels: np.ndarray, *, syntax: str = "", **elements: Any) -> bytes:
    dataset = make_dataset(pixels, PatientName=SECRET, PatientID=SECRET, StudyDescription=SECRET, **elements)
    return write(dataset, **({"syntax": syntax} if syntax else {}))


def _make_dicom() -> dict[str, bytes]:
    table = Dataset()
    table.LUTDescriptor, table.LUTExplanation = [4, 0, 12], SECRET
    table.add_new(0x00283006, "OW", np.array([0, 9, 99, 4095], "<u2").tobytes())
    place, frame = Dataset(), Dataset()
    place.ImagePositionPatient = [0, 0, 1]
    frame.PlanePositionSequence = Sequence([place])
    seeds = {
        "dicom-plain": _dicom(_GREY, RescaleSlope=2, RescaleIntercept=-9, WindowCenter=4, WindowWidth=9),
        "dicom-table": _dicom(_GREY, VOILUTSequence=Sequence([table]), BitsStored=12),
        "dicom-frames": _dicom(
            np.stack([_GREY, _GREY]), PerFrameFunctionalGroupsSequence=Sequence([frame, frame])
        ),
        "dicom-colour": _dicom(_COLOUR, PhotometricInterpretation="YBR_FULL"),
        "dicom-implicit": _dicom(_GREY, syntax=ImplicitVRLittleEndian),
        "dicom-big-endian": _dicom(_GREY, syntax=ExplicitVRBigEndian),
        "dicom-deflated": _dicom(_GREY, syntax=DeflatedExplicitVRLittleEndian),
    }
    for name, syntax in (("rle", RLELossless), ("j2k", JPEG2000Lossless), ("jpegls", JPEGLSLossless)):
        dataset = make_dataset(np.stack([_GREY, _GREY[::-1]]), PatientName=SECRET)
        dataset.compress(syntax, generate_instance_uid=False)
        seeds[f"dicom-{name}"] = write(dataset, syntax=syntax)
    return seeds


def seal(name: str, unsealed: bytes) -> bytes:
    """Put a changed content back into its wrapper, so that its check sums do not give the change away."""
    return _WRAPPERS[name][1](unsealed)


def unseal(name: str, data: bytes) -> bytes | None:
    """What a seed's check sums stand for; None where it has none."""
    return _WRAPPERS[name][0](data) if name in _WRAPPERS else None


def _refit_png(data: bytes) -> bytes:
    """Correct the check sums of chunks as far as they can be found."""
    fixed, at = bytearray(data), 8
    while at + 12 <= len(fixed):
        (length,) = struct.unpack_from(">I", fixed, at)
        end = at + 8 + length
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)


def _same(data: bytes) -> bytes:
    return data


def _deflate_dicom(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return _DEFLATED_META + packer.compress(data) + packer.flush()


def _inflate_dicom(data: bytes) -> bytes:
    return zlib.decompress(data[len(_DEFLATED_META) :], wbits=-15)


def _find_meta(data: bytes) -> bytes:
    (length,) = struct.unpack_from("<I", data, 140)  # value of the group's length, at its fixed place
    return data[: 144 + length]


def _zip(data: bytes) -> bytes:
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arr_0.npy", data)
    return stream.getvalue()


def _unzip(data: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(archive.namelist()[0])


_DEFLATED_META = _find_meta(_dicom(_GREY, syntax=DeflatedExplicitVRLittleEndian))
_PNG: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]] = (_same, _refit_png)
_WRAPPERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "nifti-gz": (gzip.decompress, lambda data: gzip.compress(data, 1)),
    "npz-volume": (_unzip, _zip),
    "dicom-deflated": (_inflate_dicom, _deflate_dicom),
    "png-grey": _PNG,
    "png-16": _PNG,
    "png-colour": _PNG,
    "png-palette": _PNG,
}
