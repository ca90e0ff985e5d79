"""Mean images to look at: mean, spread and difference from the real mean, as embedded PNG files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.audit.result import MeanPicture
from core.plots.difference import choose_difference_limit, colour_difference
from core.report.embedded_png import embed_png

__all__ = ["GalleryPicture", "MeanGallery", "build_mean_gallery", "choose_side"]

# Samples of all pictures of a report together; with the plotting library it stays small enough to send.
_MOST_SAMPLES = 800_000
_LARGEST_SIDE, _SMALLEST_SIDE = 256, 32
# Below this side an image is shown larger than it is, with its pixels kept as squares.
_PIXELATED_BELOW = 128


@dataclass(frozen=True, slots=True)
class GalleryPicture:
    """One set's mean image.

    Attributes:
        name: the set.
        n: images averaged.
        width: columns of the mean image itself.
        height: its rows.
        pixelated: whether it is so small that its pixels are drawn as squares.
        mean: data URI of the mean image on the gallery's grey scale.
        difference: data URI of its signed difference from the real mean; empty for the real set.
        largest: largest magnitude of the difference, in grey levels.
        std: data URI of the standard-deviation image from black at 0; empty where it was not asked for.
    """

    name: str
    n: int
    width: int
    height: int
    pixelated: bool
    mean: str
    difference: str
    largest: float
    std: str = ""


@dataclass(frozen=True, slots=True)
class MeanGallery:
    """Mean images of all sets, or of one class of them, on shared scales.

    Attributes:
        class_name: the class, or None.
        black: grey level shown as black.
        white: grey level shown as white.
        limit: grey levels of difference at the ends of the colour scale.
        pictures: the real set first.
        std_white: standard deviation in grey levels that is shown as white.
        size: what each shows and how large that is, in words.
    """

    class_name: str | None
    black: int
    white: int
    limit: float
    pictures: tuple[GalleryPicture, ...]
    std_white: int = 0
    size: str = ""


def choose_side(pictures: Iterable[MeanPicture]) -> int:
    """Choose the largest side in pixels, up to 256, at which a report with all of these stays small."""
    # The mean image has all channels, its difference one.
    planes = sum(one.mean.shape[2] + 1 for one in pictures)
    return int(np.clip(math.isqrt(_MOST_SAMPLES // max(planes, 1)), _SMALLEST_SIDE, _LARGEST_SIDE))


def build_mean_gallery(
    pictures: Mapping[str, MeanPicture],
    *,
    class_name: str | None,
    side: int,
    with_std: bool = False,
    largest_shown: float = 1.0,
    size: str = "",
) -> MeanGallery | None:
    """Reduce mean images to PNG files with shared scales.

    The difference is taken at full size and over the mean of the channels, then reduced.

    Args:
        pictures: set name to mean image, `real` among them, in the order of show.
        class_name: the class they are of, or None.
        side: largest side of the embedded pictures in pixels.
        with_std: whether standard deviations are shown, too.
        largest_shown: share of the differences' pixels that the colour scale holds; the rest has its ends.
        size: what each shows and how large that is; by default the pictures' own size in pixels.

    Returns:
        The gallery, or None without a real mean image.
    """
    if "real" not in pictures:
        return None
    real = pictures["real"].mean
    comparable = {name: one for name, one in pictures.items() if one.mean.shape == real.shape}
    reduced = {name: _reduce(one.mean, side) for name, one in comparable.items()}
    differences = {
        name: _reduce((one.mean - real).mean(axis=2, keepdims=True), side)[..., 0]
        for name, one in comparable.items()
        if name != "real"
    }
    black = int(np.floor(min(float(one.min()) for one in reduced.values())))
    white = max(int(np.ceil(max(float(one.max()) for one in reduced.values()))), black + 1)
    limit = choose_difference_limit(np.quantile(np.abs(one), [largest_shown]) for one in differences.values())
    spreads = {name: _reduce(one.std, side) for name, one in comparable.items()} if with_std else {}
    std_white = max((int(np.ceil(float(one.max()))) for one in spreads.values()), default=0)
    height, width = real.shape[:2]
    return MeanGallery(
        class_name=class_name,
        black=black,
        white=white,
        limit=limit,
        pictures=tuple(
            GalleryPicture(
                name=name,
                n=comparable[name].n,
                width=width,
                height=height,
                pixelated=max(width, height) < _PIXELATED_BELOW,
                mean=embed_png((reduced[name] - black) * (255 / (white - black))),
                difference=""
                if name == "real"
                else embed_png(colour_difference(differences[name], limit=limit), palette=True),
                largest=0.0 if name == "real" else float(np.abs(differences[name]).max(initial=0.0)),
                std=embed_png(spreads[name] * (255 / max(std_white, 1))) if with_std else "",
            )
            for name in ("real", *(name for name in comparable if name != "real"))
        ),
        std_white=std_white,
        size=size or f"{width} × {height} px",
    )


def _reduce(pixels: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Average (h, w, channels) down to at most `side` pixels, keeping the shape of the picture."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BOX))
        for plane in np.moveaxis(pixels, 2, 0)
    ]
    return np.stack(planes, axis=2).astype(np.float64)
