"""The patches behind a place of a map: which images to show, and their patches cut at native resolution."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.bias.archive import BiasSettings, PatchScores
from core.bias.box import Box
from core.errors import ImageReadError, InputError, UnknownNameError
from core.images.display import to_display_scale

__all__ = [
    "MAX_PATCHES",
    "PatchPicture",
    "cut_patch",
    "cut_patches",
    "draw_images",
    "find_patch",
    "rank_images",
]

MAX_PATCHES: Final = 48
"""Images that are read at once, whole, to cut a patch from each."""

# Larger patches are averaged down: more pixels than this no screen shows beside others.
_LARGEST_PX: Final = 384
_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class PatchPicture:
    """One patch.

    Attributes:
        png: its pixels as a PNG file, empty where the image cannot be read.
        width: columns in the image, before any reduction.
        height: rows in the image.
        is_reduced: whether the file has fewer pixels than the image there.
        problem: why there is none; else empty.
    """

    png: bytes
    width: int = 0
    height: int = 0
    is_reduced: bool = False
    problem: str = ""


def find_patch(settings: BiasSettings, row: int, column: int) -> Box:
    """Find the patch of a position as shares of the image.

    Raises:
        UnknownNameError: if the grid has no such position.
    """
    starts = settings.starts
    if not (0 <= row < len(starts) and 0 <= column < len(starts)):
        raise UnknownNameError(
            f"The map has no position {row},{column}; rows and columns go from 0 to {len(starts) - 1}."
        )
    left, top = starts[column] / settings.side_px, starts[row] / settings.side_px
    share = settings.patch_px / settings.side_px
    return Box(left, top, min(left + share, 1.0), min(top + share, 1.0))


def rank_images(scores: PatchScores, position: int) -> dict[str, tuple[str, ...]]:
    """Order images by how much one of their patches speaks for their class.

    Scores are comparable within a fold only; images of a class are ranked there, and then by their place
    among the fold's.

    Args:
        scores: from `core.bias.archive.load_patch_scores`.
        position: row by row, from 0.

    Returns:
        Class to images, the most telling first.
    """
    told = scores.scores[position].astype(np.float64)
    labels, folds = np.array(scores.labels, dtype=object), np.array(scores.folds)
    ranked: dict[str, tuple[str, ...]] = {}
    for label in dict.fromkeys(scores.labels):
        places: list[tuple[float, float, int]] = []
        for fold in np.unique(folds[labels == label]):
            rows = np.flatnonzero((labels == label) & (folds == fold))
            ordered = rows[np.argsort(-told[rows], kind="stable")]
            # The middle of an image's place, so that folds of different sizes can be merged.
            places += [
                ((place + 0.5) / len(rows), -float(told[row]), int(row)) for place, row in enumerate(ordered)
            ]
        ranked[label] = tuple(scores.items[row] for _, _, row in sorted(places))
    return ranked


def draw_images(scores: PatchScores, seed: int) -> dict[str, tuple[str, ...]]:
    """Order the images of each class at random.

    Args:
        scores: whose images.
        seed: the same seed gives the same order, whatever place is looked at.
    """
    rng = np.random.default_rng(seed)
    drawn: dict[str, tuple[str, ...]] = {}
    for label in sorted(set(scores.labels)):
        items = [item for item, one in zip(scores.items, scores.labels, strict=True) if one == label]
        drawn[label] = tuple(items[place] for place in rng.permutation(len(items)))
    return drawn


def cut_patches(
    ids: Sequence[str], box: Box, *, read: Callable[[str], NDArray[Any]]
) -> dict[str, PatchPicture]:
    """Cut the same place from several images.

    Args:
        ids: images.
        box: the place.
        read: gives an image's pixels, (h, w) or (h, w, channels), by its id; called from several threads.

    Returns:
        Id to patch; an image that cannot be read has the reason in its place.

    Raises:
        InputError: if more than `MAX_PATCHES` are asked for.
    """
    if len(ids) > MAX_PATCHES:
        raise InputError(f"At most {MAX_PATCHES} patches are cut at once, not {len(ids)}; ask for fewer.")

    def cut(one: str) -> PatchPicture:
        try:
            return cut_patch(read(one), box)
        except (ImageReadError, UnknownNameError) as error:
            return PatchPicture(b"", problem=f"The image cannot be shown: {str(error).rstrip('.')}.")
        except MemoryError:
            return PatchPicture(b"", problem="The image does not fit into memory.")

    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        return dict(zip(ids, pool.map(cut, ids), strict=True))


def cut_patch(pixels: NDArray[Any], box: Box) -> PatchPicture:
    """Cut a patch and make a PNG of it, on the scale 0 to 255 of the whole image.

    Args:
        pixels: (h, w) or (h, w, channels) as decoded.
        box: the place, as shares of width and height; edges are rounded outwards to whole pixels.
    """
    rows, columns = (
        slice(int(np.floor(low * side + 1e-6)), int(np.ceil(high * side - 1e-6)))
        for low, high, side in (
            (box.top, box.bottom, pixels.shape[0]),
            (box.left, box.right, pixels.shape[1]),
        )
    )
    # The scale is the whole image's: a patch on a scale of its own would lose how bright it is.
    shown = pixels if pixels.dtype == np.uint8 else np.rint(to_display_scale(pixels)).astype(np.uint8)
    patch = shown[rows, columns]
    picture = Image.fromarray(
        np.ascontiguousarray(patch[..., 0] if patch.ndim == 3 and patch.shape[2] == 1 else patch)
    )
    width, height = picture.size
    picture.thumbnail((_LARGEST_PX, _LARGEST_PX))
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return PatchPicture(stream.getvalue(), width, height, is_reduced=picture.size != (width, height))
