"""Takes a region or margins out of every image of a set, into a new folder, for a crop experiment."""

from __future__ import annotations

import io
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.bias.crop import Crop, CropMode
from core.config import Settings
from core.datasets.image_set import ImageSet, Item
from core.datasets.item_source import decode_source
from core.errors import ImageReadError, ImageSetError, InputError
from core.images.display import DEFAULT_INTENSITY, to_levels
from core.progress import Progress, SilentProgress

__all__ = ["apply_crop", "explain_volumes", "refuse_volumes", "write_cropped_set"]


def apply_crop(pixels: NDArray[Any], crop: Crop) -> NDArray[Any]:
    """Take the region or margins out of one image.

    Args:
        pixels: (h, w) or (h, w, 3) of any type, as decoded.
        crop: what to take out.

    Returns:
        A new array of the same type. A blank region holds black: 0 in 8-bit images, the image's least value
        in deeper ones, which is what they show as black; it is the same for every class.

    Raises:
        ImageReadError: if the image is so small that nothing would be left of it.
    """
    height, width = pixels.shape[:2]
    if crop.region is not None and crop.mode is CropMode.BLANK:
        box = crop.region
        rows = slice(int(np.floor(box.top * height)), int(np.ceil(box.bottom * height)))
        columns = slice(int(np.floor(box.left * width)), int(np.ceil(box.right * width)))
        black = 0 if pixels.dtype == np.uint8 else pixels.min()
        pixels = pixels.copy()
        pixels[rows, columns] = black
    left, top, right, bottom = crop.kept
    # Rounded inwards: not one row or column of what is to go may stay.
    kept = pixels[
        int(np.ceil(round(top * height, 6))) : int(np.floor(round(bottom * height, 6))),
        int(np.ceil(round(left * width, 6))) : int(np.floor(round(right * width, 6))),
    ]
    if not kept.size:
        raise ImageReadError("it is so small that the crop leaves nothing of it")
    return kept.copy()


def refuse_volumes(image_set: ImageSet) -> None:
    """Refuse to crop volumes, each of which is looked at as a montage, whose margins are those of no slice.

    Raises:
        ImageSetError: if the set holds volumes.
    """
    if image_set.has_volumes:
        raise ImageSetError(explain_volumes(image_set.name))


def explain_volumes(name: str) -> str:
    """Say why a set of volumes is not cropped, and what to do instead."""
    return (
        f"The set {name!r} holds volumes, and a crop takes the same place out of pictures: make pictures of "
        "its slices first, by `python -m core dataset montage`."
    )


def write_cropped_set(
    image_set: ImageSet,
    crop: Crop,
    folder: Path,
    *,
    settings: Settings,
    progress: Progress | None = None,
) -> int:
    """Write every readable image of a set, cropped, into a new folder under its old name.

    Pixels are written without loss whatever the file was: as PNG where that holds them, else as a NumPy
    array; DICOM images, and all images of sets with an intensity policy of their own, as 8-bit pictures by
    that policy. Names stay as they are, so that a labels CSV still fits, also where their ending then names
    another format; this library, like most, goes by content.

    Args:
        image_set: the set.
        crop: what to take out.
        folder: the new folder; may be there if it is empty.
        settings: limits of reading, and the folders that reading is confined to.
        progress: told of each image.

    Returns:
        Images written.

    Raises:
        InputError: if something is there already, the folder lies within the set, or it cannot be written.
        ImageSetError: if the set holds volumes, an image changed since it was scanned, or the crop leaves
            nothing of one.
        CancelledError: if progress says so; nothing is left.
    """
    refuse_volumes(image_set)
    progress = progress or SilentProgress()
    folder = folder.absolute()
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(image_set.root)):
        raise InputError("A cropped set cannot lie within the set it is made from; choose another folder.")
    draft = folder.with_name(f".{folder.name}.draft-{secrets.token_hex(4)}")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} is there already and is not overwritten; choose another folder.")
        draft.mkdir(parents=True)
        try:
            progress.start("Cropping images", len(image_set))
            for item in image_set.items:
                target = draft / item.path.relative_to(image_set.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(_encode(_crop_item(item, crop, settings)))
                progress.advance()
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The folder {folder} cannot be written ({reason}); choose another one.") from error
    return len(image_set)


def _crop_item(item: Item, crop: Crop, settings: Settings) -> NDArray[Any]:
    try:
        image = decode_source(item.source, settings, intensity=item.intensity)
        # What a file says of its display is lost with the file, and a crop changes an image's percentiles:
        # such values are written as they are shown.
        as_shown = image.grey is not None or item.intensity != DEFAULT_INTENSITY
        pixels = to_levels(image, item.intensity) if as_shown else image.pixels
        return apply_crop(pixels, crop)
    except ImageReadError as error:
        raise ImageSetError(f"{item.path} cannot be cropped: {error}. Nothing was written.") from None


def _encode(pixels: NDArray[Any]) -> bytes:
    """PNG for 8-bit images and 16-bit grey ones, else a NumPy array."""
    stream = io.BytesIO()
    is_deep_grey = pixels.dtype == np.uint16 and pixels.ndim == 2
    if pixels.dtype in (np.uint8, np.bool_) or is_deep_grey:
        # One-bit pictures become 0 and 255, as they are shown.
        shown = pixels.astype(np.uint8) * 255 if pixels.dtype == np.bool_ else pixels
        Image.fromarray(np.ascontiguousarray(shown)).save(stream, format="PNG")
    else:
        np.save(stream, pixels, allow_pickle=False)
    return stream.getvalue()
