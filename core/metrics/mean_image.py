"""Mean image of a set, and its file size: the more varied the images, the flatter the mean."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageSetError, TooFewImagesError
from core.images.lossless_jpeg import encode_lossless_jpeg

__all__ = [
    "MeanImage",
    "compute_mean_image_ljpeg_bytes",
    "compute_mean_image_png_bytes",
    "quantise_mean_image",
]


class MeanImage:
    """Mean and standard deviation of a stream of images or volumes, pixel by pixel in float64.

    The running mean and squared deviations follow Welford (1962), so that nothing is lost to cancellation
    however many images there are; memory is three images.
    """

    def __init__(self) -> None:
        self._n = 0
        self._mean: NDArray[np.float64] = np.zeros((0, 0, 0))
        self._squares: NDArray[np.float64] = np.zeros((0, 0, 0))

    @property
    def n(self) -> int:
        """Images added so far."""
        return self._n

    @property
    def mean(self) -> NDArray[np.float64]:
        """(height, width, channels) mean of the images, on the scale 0 to 255.

        Raises:
            TooFewImagesError: if no image was added.
        """
        self._require_images()
        return self._mean.copy()

    @property
    def standard_deviation(self) -> NDArray[np.float64]:
        """(height, width, channels) population standard deviation, 0 for one image, on the scale 0 to 255.

        Raises:
            TooFewImagesError: if no image was added.
        """
        self._require_images()
        return np.sqrt(self._squares / self._n)

    def add(self, pixels: NDArray[np.float32]) -> None:
        """Take one more image in.

        Args:
            pixels: (height, width, channels) with 1 or 3 channels, or of volumes (slices, height, width,
                channels), on the scale 0 to 255.

        Raises:
            ImageSetError: if its size or channels differ from those of the first image.
        """
        if self._n == 0:
            self._mean = np.zeros(pixels.shape)
            self._squares = np.zeros(pixels.shape)
        elif pixels.shape != self._mean.shape:
            raise ImageSetError(
                f"A mean image needs images of one size: one has {_describe(self._mean.shape)}, another "
                f"{_describe(pixels.shape)}; choose a resolution and a number of channels for the audit."
            )
        self._n += 1
        deviation = pixels - self._mean
        self._mean += deviation / self._n
        self._squares += deviation * (pixels - self._mean)

    def quantise(self) -> NDArray[np.uint8]:
        """Return the mean as the 8-bit image whose file is measured; see `quantise_mean_image`."""
        return quantise_mean_image(self.mean)

    def _require_images(self) -> None:
        if self._n == 0:
            raise TooFewImagesError("A mean image needs at least one image.")


def quantise_mean_image(mean: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Round a mean image to 8 bits, halves to even, so that rounding favours neither side.

    Args:
        mean: (height, width, channels) on the scale 0 to 255; what lies outside is clipped.

    Returns:
        The same shape, uint8.
    """
    return np.rint(np.clip(mean, 0, 255)).astype(np.uint8)


def compute_mean_image_png_bytes(mean: NDArray[np.float64]) -> int:
    """Size of the 8-bit mean image as PNG, written as Pillow does by default.

    The size depends on the zlib that Pillow was built with: compare only within one audit.

    Args:
        mean: (height, width, channels) with 1 or 3 channels, on the scale 0 to 255.

    Returns:
        Bytes of the file; fewer bytes, more varied images.
    """
    pixels = quantise_mean_image(mean)
    buffer = BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, format="PNG")
    return buffer.tell()


def compute_mean_image_ljpeg_bytes(mean: NDArray[np.float64]) -> int:
    """Size of the 8-bit mean image as lossless JPEG.

    Args:
        mean: (height, width, channels) with 1 or 3 channels, on the scale 0 to 255.

    Returns:
        Bytes of the file; fewer bytes, more varied images.

    Raises:
        InputError: if the shape cannot be written as lossless JPEG.

    References:
        Deng et al., ImageNet: A Large-Scale Hierarchical Image Database, CVPR 2009, sec. 3.1: diversity as
        the lossless JPEG file size of the average image.
    """
    return len(encode_lossless_jpeg(quantise_mean_image(mean)))


def _describe(shape: tuple[int, ...]) -> str:
    *slices, height, width, channels = shape
    of = "".join(f"{side} slices of " for side in slices)
    return f"{of}{width} x {height} pixels in {channels} channel{'s' if channels > 1 else ''}"
