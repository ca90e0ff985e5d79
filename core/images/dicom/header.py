"""What a DICOM header says of its picture, checked before a pixel is decoded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from core.errors import ImageReadError
from core.images.dicom import tags
from core.images.dicom.elements import Elements
from core.images.dicom.frames import Frame, read_frames
from core.images.dicom.identity import Identity, hash_identifier
from core.images.dicom.opening import NoPictureError, open_data_set

__all__ = ["DicomHeader", "Layout", "build_header", "read_header"]

_GREY: Final = frozenset(("MONOCHROME1", "MONOCHROME2"))
_COLOUR: Final = frozenset(("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"))
_PALETTE: Final = "PALETTE COLOR"
# Defined terms of Rescale Type (PS3.3, C.11.1.1.2) that name a unit; any other text of a file is not kept.
_UNITS: Final = {
    "HU": "HU",
    "HU_MOD": "HU",
    "OD": "OD",
    "MGML": "mg/ml",
    "PCT": "%",
    "Z_EFF": "Z",
    "ED": "ED",
}
# Defined terms of Modality (PS3.3, C.7.3.1.1.1) whose pixels are images.
_MODALITIES: Final = frozenset(
    (
        "BMD", "CR", "CT", "DX", "ECG", "EPS", "ES", "GM", "IO", "IVOCT", "IVUS", "LEN",
        "MG", "MR", "NM", "OAM", "OCT", "OP", "OPT", "OPTBSV", "OPTENF", "OT", "PT", "PX",
        "RF", "RG", "RTDOSE", "RTIMAGE", "SC", "SEG", "SM", "SMR", "TG", "US", "XA", "XC",
    )
)  # fmt: skip
# Made from screens, cameras or with text in the picture, as far as a header tells.
_OFTEN_WRITTEN_ON: Final = frozenset(("US", "IVUS", "SC", "OT", "ES", "XC", "GM", "RF", "XA"))
_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
_BURNED_IN = "Its header says that text is burned into the picture; check that it names nobody."
_PERHAPS_BURNED_IN = (
    "Its header does not say whether text is burned into the picture, as is common in such images; check "
    "that it names nobody."
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How samples are stored, with names and meanings of DICOM PS3.3, C.7.6.3.

    Attributes:
        syntax: transfer syntax.
        photometric: `MONOCHROME1`, `MONOCHROME2`, `PALETTE COLOR`, `RGB` or a kind of `YBR`.
        rows: height in pixels.
        columns: width in pixels.
        n_frames: pictures in the file.
        samples: 1, or 3 for colour.
        bits_allocated: bits that a sample takes.
        bits: of these, bits that are used.
        is_signed: whether samples are two's complement.
        is_planar: whether colours are stored plane by plane.
        is_float: whether samples are real numbers.
    """

    syntax: str
    photometric: str
    rows: int
    columns: int
    n_frames: int
    samples: int
    bits_allocated: int
    bits: int
    is_signed: bool
    is_planar: bool
    is_float: bool

    @property
    def is_inverted(self) -> bool:
        """Whether high values are shown dark."""
        return self.photometric == "MONOCHROME1"

    @property
    def is_colour(self) -> bool:
        """Whether a picture comes out in colour."""
        return self.photometric not in _GREY


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """All that is kept of a header; nothing in it names or dates anybody.

    Attributes:
        layout: how samples are stored.
        modality: DICOM's code, such as `CT`; empty if it is none of the standard's for images.
        unit: unit of the rescaled values, such as `HU`; empty where the file does not tell.
        identity: keyed hashes of patient, study and series.
        frames: where each frame lies and how its values are scaled; one entry stands for all frames where
            the header tells nothing of each.
        spacing_mm: distance of rows and of columns.
        slice_step_mm: distance of slices as announced, else their thickness.
        instance: number of the image in its series.
        has_burned_in_text: as the header says; None where it does not.
        warnings: one sentence each.
    """

    layout: Layout
    modality: str
    unit: str
    identity: Identity
    frames: tuple[Frame, ...] = field(repr=False)
    spacing_mm: tuple[float, float] | None
    slice_step_mm: float | None
    instance: int | None
    has_burned_in_text: bool | None
    warnings: tuple[str, ...]


def read_header(stream: BinaryIO, *, max_pixels: int, key: bytes) -> DicomHeader:
    """Read what a DICOM file says of its picture, without its pixels.

    Args:
        stream: the file from its beginning, seekable; it is read up to its pixels only.
        max_pixels: larger images are refused, all frames and channels counted.
        key: secret that identifiers are hashed with.

    Raises:
        NoPictureError: if it is DICOM without a picture.
        ImageReadError: if it is damaged, too large, or of a kind that is not read; nothing of the header's
            text is in the message.
    """
    try:
        elements, syntax, sop_class, _ = open_data_set(
            stream, max_pixels=max_pixels, wanted=tags.HEADER, sequences=tags.SEQUENCES
        )
        return build_header(elements, syntax, sop_class, max_pixels=max_pixels, key=key)
    except ImageReadError:
        raise
    except OSError as error:
        raise ImageReadError(f"it cannot be read ({error.strerror or type(error).__name__})") from None
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError):
        raise ImageReadError("its DICOM header is damaged") from None


def build_header(
    elements: Elements, syntax: str, sop_class: str, *, max_pixels: int, key: bytes
) -> DicomHeader:
    """Check and interpret what was read; see `read_header`."""
    layout, warnings = _read_layout(elements, syntax, max_pixels)
    modality = elements.get_text(tags.MODALITY).upper()
    modality = modality if modality in _MODALITIES else ""
    frames = read_frames(elements, layout.n_frames)
    burned_in = {"YES": True, "NO": False}.get(elements.get_text(tags.BURNED_IN).upper())
    captured = sop_class.startswith(_SECONDARY_CAPTURE) or bool(elements.get_text(tags.CONVERSION))
    if burned_in:
        warnings.append(_BURNED_IN)
    elif burned_in is None and (modality in _OFTEN_WRITTEN_ON or captured or layout.is_colour):
        warnings.append(_PERHAPS_BURNED_IN)
    if elements.has_overlays:
        warnings.append("Graphics that lie over the picture (overlays) are left out.")
    spacing = _read_spacing(elements, frames, warnings)
    instance = elements.get_number(tags.INSTANCE)
    return DicomHeader(
        layout=layout,
        modality=modality,
        unit=_read_unit(elements, modality, frames),
        identity=_read_identity(elements, key),
        frames=frames,
        spacing_mm=spacing,
        slice_step_mm=_positive(frames[0].step_mm),
        instance=int(instance) if instance is not None else None,
        has_burned_in_text=burned_in,
        warnings=tuple(warnings),
    )


def _read_layout(elements: Elements, syntax: str, max_pixels: int) -> tuple[Layout, list[str]]:
    if elements.pixels is None:
        raise NoPictureError("it is a DICOM file without a picture, such as a report or a plan")
    is_float = elements.pixels.tag != tags.PIXEL_DATA
    rows, columns = _whole(elements, tags.ROWS, "Rows"), _whole(elements, tags.COLUMNS, "Columns")
    samples = _whole(elements, tags.SAMPLES, "SamplesPerPixel")
    n_frames = _count_frames(elements)
    if min(rows, columns, n_frames) < 1:
        raise ImageReadError("it announces an empty image")
    if rows * columns * n_frames * samples > max_pixels:
        raise ImageReadError(
            f"it announces {n_frames:,} x {columns} x {rows} pixels with {samples} samples each, over the "
            f"limit of {max_pixels:,} (MEDSYN_MAX_PIXELS)"
        )
    photometric = elements.get_text(tags.PHOTOMETRIC).upper()
    if not photometric:
        raise ImageReadError("its header does not say what its values mean (PhotometricInterpretation)")
    if photometric not in _GREY | _COLOUR | {_PALETTE}:
        raise ImageReadError(
            "its colours are stored in a way that is not read (PhotometricInterpretation); save it as RGB or "
            "MONOCHROME2"
        )
    if samples != (3 if photometric in _COLOUR else 1):
        raise ImageReadError(
            "its header contradicts itself on how many samples a pixel has (SamplesPerPixel)"
        )
    allocated = _whole(elements, tags.BITS_ALLOCATED, "BitsAllocated")
    bits = allocated if is_float else _whole(elements, tags.BITS_STORED, "BitsStored")
    signed = 0 if is_float else _whole(elements, tags.IS_SIGNED, "PixelRepresentation")
    if (
        allocated not in ((32, 64) if is_float else (1, 8, 16, 32))
        or not 1 <= bits <= allocated
        or signed > 1
    ):
        raise ImageReadError("its samples have a size that is not read (BitsAllocated, BitsStored)")
    warnings = []
    high = elements.get_integers(tags.HIGH_BIT)
    if not is_float and high and high[0] != bits - 1:
        warnings.append(
            "Its header contradicts itself on which bits hold the values; the low ones were read."
        )
    planar = elements.get_integers(tags.IS_PLANAR)
    return Layout(
        syntax=syntax,
        photometric=photometric,
        rows=rows,
        columns=columns,
        n_frames=n_frames,
        samples=samples,
        bits_allocated=allocated,
        bits=bits,
        is_signed=bool(signed),
        is_planar=bool(planar and planar[0]),
        is_float=is_float,
    ), warnings


def _whole(elements: Elements, tag: int, name: str) -> int:
    values = elements.get_integers(tag)
    if not values:
        raise ImageReadError(f"its header does not say how pixels are stored ({name})")
    return values[0]


def _count_frames(elements: Elements) -> int:
    text = elements.get_text(tags.N_FRAMES)
    if not text:
        return 1
    if not text.isdecimal() or len(text) > 9:
        raise ImageReadError("its number of frames is not a whole number (NumberOfFrames)")
    return int(text)


def _read_unit(elements: Elements, modality: str, frames: tuple[Frame, ...]) -> str:
    kind = elements.get_text(tags.RESCALE_TYPE).upper() or frames[0].rescale_type
    table = elements.get_items(tags.MODALITY_TABLE)
    if table:
        kind = table[0].get_text(tags.TABLE_TYPE).upper()
    elif not kind and modality == "CT" and frames[0].is_rescaled:
        kind = "HU"  # PS3.3, C.8.2.1: the type may be left out where it is HU
    return _UNITS.get(kind, "")


def _read_identity(elements: Elements, key: bytes) -> Identity:
    patient = elements.get_bytes(tags.PATIENT_ID).strip(b" \x00")
    issuer = elements.get_bytes(tags.PATIENT_ID_ISSUER).strip(b" \x00")
    # Two hospitals may both have a patient 1.
    patient = issuer + b"\x00\x00" + patient if patient and issuer else patient
    return Identity(
        patient=hash_identifier("patient", patient, key=key),
        study=hash_identifier("study", elements.get_bytes(tags.STUDY), key=key),
        series=hash_identifier("series", elements.get_bytes(tags.SERIES), key=key),
    )


def _read_spacing(
    elements: Elements, frames: tuple[Frame, ...], warnings: list[str]
) -> tuple[float, float] | None:
    if frames[0].spacing_mm is not None:
        return frames[0].spacing_mm
    at_detector = elements.get_numbers(tags.DETECTOR_SPACING)
    if len(at_detector) != 2 or not all(map(_positive, at_detector)):
        return None
    warnings.append("Its pixel spacing is that at the detector; the patient's own is a little smaller.")
    return at_detector[0], at_detector[1]


def _positive(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and 0 < value < 1e6 else None
