"""A DICOM file as one image of an image set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from core.errors import IsVolumeError
from core.images.decoded import DecodedImage, GreyValues
from core.images.dicom.image import decode_dicom
from core.images.intensity import Intensity

__all__ = ["decode_dicom_picture"]

_AS_IS = Intensity()


def decode_dicom_picture(data: bytes, *, max_pixels: int, key: bytes = b"") -> DecodedImage:
    """Decode a DICOM file that holds one picture.

    Args:
        data: the file's bytes.
        max_pixels: larger images are refused.
        key: the workspace's, for the patient's hash; without one, none is made.

    Returns:
        Its picture as stored, high values bright, and what the values mean.

    Raises:
        ImageReadError: with the reason, if it cannot be decoded or holds several frames; nothing of the
            header's text is in the message.
    """
    image = decode_dicom(data, max_pixels=max_pixels, key=key)
    n_frames = len(image.values)
    if n_frames > 1:
        raise IsVolumeError(f"it holds {n_frames} frames, where single pictures are asked for")
    decoded = image.to_decoded(_AS_IS)
    patient = (image.header.identity.patient or "") if key else ""
    facts = replace(decoded.facts, patient=patient)
    if image.values.ndim == 4:
        return replace(decoded, facts=facts)
    padding = None if image.padding is None else image.padding[0]
    grey = GreyValues(image.values[0], image.renderings[0], padding)
    return replace(decoded, pixels=_keep_whole(decoded.pixels, grey), facts=facts, grey=grey)


def _keep_whole(pixels: NDArray[Any], grey: GreyValues) -> NDArray[Any]:
    """Whole values stay whole, so that a viewer tells Hounsfield units exactly."""
    if grey.rendering.is_inverted or grey.padding is not None or grey.values.dtype.kind == "f":
        return pixels
    return grey.values
