"""TIFF files as volumes: pages are slices, of any depth, with or without compression."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.tiff_directory import TiffPage, read_pages
from core.images.tiff_page import PageReader, check_scheme
from core.images.tiff_stack import StackFacts, read_stack_facts
from core.images.volume import Volume, check_voxel_count, fit_values

__all__ = ["decode_tiff"]

# TIFF 6.0, PhotometricInterpretation.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_JPEG: Final = 7
_SAME_SHAPE: Final = 0.02


def decode_tiff(data: bytes, *, max_pixels: int) -> Volume:
    """Decode one TIFF or BigTIFF file held in memory; its pages, in their order, are the slices.

    Grey of 1 to 16, 32 and 64 bits, whole or real, RGB of 8 and 16 bits and palettes, in strips or tiles,
    interleaved or planar; without compression or with Deflate, LZW or PackBits, and 8-bit or black-and-white
    JPEG and CCITT. Grey that begins at white is turned. Grey of less than 8 bits is spread over 0 to 255, as
    viewers do; deeper grey stays as stored. Colour of 16 bits keeps its upper 8. Colour whose channels are
    all equal is grey. Smaller copies of a page (pyramids) and masks are left out. Descriptions are never
    shown; of ImageJ's and OME's, the distances between voxels are taken.

    Args:
        data: the file's bytes.
        max_pixels: most voxels of all pages together, checked before anything is unpacked.

    Returns:
        The volume; axes are the file's own, not the body's.

    Raises:
        ImageReadError: with the reason, if it is not TIFF, is damaged, too large or of a kind that is not
            read, holds pages of different sizes or several stacks, or NaN or infinity.
    """
    try:
        return _decode(data, max_pixels)
    except ImageReadError:
        raise
    except MemoryError:
        raise ImageReadError("it does not fit into memory") from None
    # A damaged directory may still hold numbers that numpy refuses; what they are is not repeated.
    except Exception:
        raise ImageReadError("its TIFF directory is damaged") from None


def _decode(data: bytes, max_pixels: int) -> Volume:
    pages, warnings = _choose_pages(read_pages(data, max_pixels=max_pixels))
    first = pages[0]
    for page in pages:
        check_scheme(page)
        _check_colours(page)
    check_voxel_count(len(pages), first.height, first.width, max_pixels=max_pixels)
    facts = read_stack_facts(
        first.read_description(data), resolution=first.read_resolution(data), samples=first.samples
    )
    _check_stack(facts, len(pages))

    reader = PageReader(data)
    stack: NDArray[Any] | None = None
    for index, page in enumerate(pages):
        picture = _to_grey_or_rgb(reader.read(page), page, data)
        if stack is None:
            stack = np.empty((len(pages), *picture.shape), picture.dtype)
        if picture.shape != stack.shape[1:] or picture.dtype != stack.dtype:
            raise ImageReadError("its pages differ in size, colour or depth; save one picture a file")
        stack[index] = picture
    assert stack is not None
    if first.samples in (2, 4):
        warnings.append("Transparency is ignored.")
    values, notes = _to_values(stack)
    spacing = facts.spacing_mm
    if spacing and first.orientation > 4:
        spacing = (spacing[0], spacing[2], spacing[1])
    return Volume(values, spacing, unit="", bits=first.bits, warnings=(*warnings, *notes))


def _choose_pages(pages: tuple[TiffPage, ...]) -> tuple[list[TiffPage], list[str]]:
    """Leave smaller copies out; what is left has one size, or is refused."""
    whole = [page for page in pages if not page.is_reduced] or [pages[0]]
    first = whole[0]
    chosen = [page for page in whole if (page.width, page.height) == (first.width, first.height)]
    for page in whole:
        if page in chosen:
            continue
        # Slide scanners leave the levels of a pyramid unmarked: the same picture, ever smaller.
        ratio = (page.width / first.width) / (page.height / first.height)
        rounding = 1 / min(page.width, page.height)
        is_smaller = page.width < first.width and page.height < first.height
        if len(chosen) > 1 or not is_smaller or abs(ratio - 1) > _SAME_SHAPE + rounding:
            raise ImageReadError("its pages have different sizes; save one picture or one stack a file")
    n_left = len(pages) - len(chosen)
    if not n_left:
        return chosen, []
    return chosen, [
        f"{n_left} page{'' if n_left == 1 else 's'} that hold smaller copies or masks of others "
        f"{'is' if n_left == 1 else 'are'} left out."
    ]


def _check_colours(page: TiffPage) -> None:
    photometric, samples = page.photometric, page.samples
    if photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO) and samples in (1, 2):
        return
    if photometric == _PALETTE and samples == 1 and page.bits <= 8 and page.kind == "u":
        return
    is_rgb = photometric == _RGB or (photometric == _YCBCR and page.compression == _JPEG)
    if is_rgb and samples in (3, 4) and page.kind == "u" and page.bits in (8, 16):
        return
    raise ImageReadError(
        f"it stores {samples} samples a pixel that are neither grey nor RGB of 8 or 16 bits; save it as such"
    )


def _check_stack(facts: StackFacts, n_pages: int) -> None:
    if facts.n_images is not None and facts.n_images > n_pages:
        raise ImageReadError(
            f"it announces {facts.n_images} images and lists {n_pages}; save it as a TIFF file with one page "
            "an image"
        )
    if n_pages > 1 and facts.n_stacks > 1:
        raise ImageReadError(
            f"it holds {facts.n_stacks} channels, time points or series of slices; save one stack a file"
        )


def _to_grey_or_rgb(samples: NDArray[Any], page: TiffPage, data: bytes) -> NDArray[Any]:
    """Turn samples into (h, w) grey that begins at black or (h, w, 3) RGB; transparency is dropped."""
    if page.compression not in (1, 5, 8, 32773, 32946):  # a picture already
        return samples if samples.shape[2] == 3 else samples[..., 0]
    if page.photometric == _PALETTE:
        colours: NDArray[Any] = (page.read_colour_map(data) >> 8).astype(np.uint8)[samples[..., 0]]
        return colours
    if samples.shape[2] >= 3:
        return samples[..., :3]
    grey: NDArray[Any] = samples[..., 0]
    if page.photometric == _WHITE_IS_ZERO:
        # Of signed numbers, the smallest becomes the largest.
        grey = -grey if page.kind == "f" else ~grey
        if page.kind == "u" and page.bits < 16:
            grey = grey & grey.dtype.type((1 << page.bits) - 1)
    if page.kind == "u" and page.bits < 8:
        levels = (np.arange(1 << page.bits) * 255 / ((1 << page.bits) - 1)).round().astype(np.uint8)
        grey = levels[grey]
    return grey


def _to_values(stack: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Bring a stack to the types of a volume."""
    if stack.ndim == 4:
        red, green, blue = (stack[..., channel] for channel in range(3))
        if np.array_equal(red, green) and np.array_equal(red, blue):
            return np.ascontiguousarray(red), ()
        if stack.dtype == np.uint16:
            return (stack >> 8).astype(np.uint8), ("16-bit colour is read as 8-bit.",)
        return stack, ()
    if stack.dtype.kind == "f" and not np.isfinite(stack).all():
        raise ImageReadError("it holds pixels that are not numbers (NaN or infinity)")
    return fit_values(stack)
