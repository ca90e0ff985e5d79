"""`pixels`: a small normalised picture of each image, made to recognise near-duplicates.

The luma is reduced to a thumbnail of d pixels, its mean removed and its standard deviation set to one. For
two such vectors the squared Euclidean distance is 2 d (1 - r) with r their Pearson correlation, so that the
nearest image is the best correlated one; scaling or shifting intensities changes nothing, a change of size or
compression little. Unit variance rather than unit length keeps every feature on the scale of 1 whatever d is:
the rule for mode collapse looks at a feature's own spread and takes that scale for granted.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import InputError
from core.features._planes import resize_plane, split_luma_chroma
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureBatch, Pixels

__all__ = ["INFO", "PixelsExtractor", "load"]

VERSION: Final = 1

INFO = ExtractorInfo(
    id="pixels",
    title="Pixels",
    sentence="Compares small copies of the images point by point, whatever their size and brightness.",
    paper="Normalised cross-correlation; Lewis, Fast Normalized Cross-Correlation, Vision Interface 1995",
    resolution=32,
)

_MIN_RESOLUTION = 4
# A thumbnail that varies less than this (Euclidean, in grey levels) is constant up to the rounding of its
# resampling; to normalise it would blow rounding up to a picture.
_CONSTANT: Final = 1e-2


class PixelsExtractor:
    """Thumbnails of zero mean and unit variance.

    Args:
        resolution: side of the thumbnail in pixels. At most `INFO.resolution` is used: with more, a
            resampled copy moves away from its original and other images come no nearer.

    Raises:
        InputError: if the resolution is below 4.
    """

    info = INFO
    name = INFO.id
    weights_sha256: str | None = None

    def __init__(self, resolution: int) -> None:
        if resolution < _MIN_RESOLUTION:
            raise InputError(
                f"{INFO.id} needs a resolution of at least {_MIN_RESOLUTION} pixels, not {resolution}."
            )
        self.side = min(resolution, INFO.resolution)
        self.dimension = self.side**2

    @property
    def identity(self) -> str:
        """Everything that decides a feature beyond the image's bytes."""
        return f"{INFO.id} version={VERSION} resolution={self.side} resize=hamming constant={_CONSTANT}"

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """Turn (height, width, 1 or 3) pixels of any size into the (dimension,) float32 vector.

        An image that is constant at this size gives the zero vector: it has no correlation with anything.
        """
        luma, _ = split_luma_chroma(pixels)
        # Pillow's box filter gives a pixel to one cell or the other and so depends on the size when that is
        # no multiple of the side; Hamming's window is as local and does not.
        thumbnail = resize_plane(luma, self.side, Image.Resampling.HAMMING).astype(np.float64).ravel()
        thumbnail -= thumbnail.mean()
        length = np.sqrt(thumbnail @ thumbnail)
        if length < _CONSTANT:
            return np.zeros(self.dimension, dtype=np.float32)
        return (thumbnail * (self.side / length)).astype(np.float32)

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """Pass (batch, dimension) prepared vectors through: all work is done in the loader threads."""
        return FeatureBatch(features=batch)


def load(name: str, options: ExtractorOptions) -> PixelsExtractor:
    """Build the extractor; only `options.resolution` matters to it.

    Args:
        name: `pixels`.
        options: what the user chose.

    Raises:
        InputError: if the name says more, or the resolution is below 4.
    """
    if name != INFO.id:
        raise InputError(f"{INFO.id} takes nothing after its name, not {name!r}.")
    return PixelsExtractor(INFO.resolution if options.resolution is None else options.resolution)
