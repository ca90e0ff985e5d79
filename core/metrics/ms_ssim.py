"""MS-SSIM: how alike two images of one class look on average, over several scales of detail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from core.errors import InputError, TooFewImagesError
from core.metrics._intervals import Z_95
from core.metrics._parallel import map_draws
from core.metrics.estimate import Array, Estimate

__all__ = ["compute_ms_ssim", "compute_pair_ms_ssim", "decide_n_scales"]

# Wang et al. 2003, sec. 4: weights of the scales, finest first.
SCALE_WEIGHTS: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# Wang et al. 2004, sec. III-C: window of 11 pixels, standard deviation 1.5, and the two constants.
_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03
_OFFSETS = np.arange(_WINDOW) - _WINDOW // 2
_GAUSSIAN = np.exp(-(_OFFSETS**2) / (2 * _SIGMA**2))
_GAUSSIAN /= _GAUSSIAN.sum()

# Fewer images have no pairs without a common image, and so no telling apart of images and pairs.
_MIN_FOR_INTERVAL = 4

FloatArray = NDArray[np.float64]


def decide_n_scales(height: int, width: int) -> int:
    """Return how many of the five scales an image is large enough for; 5 from 176 pixels a side.

    Raises:
        InputError: if a side is below the window's 11 pixels.
    """
    side = min(height, width)
    if side < _WINDOW:
        raise InputError(f"MS-SSIM needs images of at least {_WINDOW} pixels a side, not {width} x {height}.")
    return min(len(SCALE_WEIGHTS), 1 + int(math.log2(side / _WINDOW)))


def compute_pair_ms_ssim(*, first: Array, second: Array, data_range: float) -> FloatArray:
    """MS-SSIM of pairs of images.

    Args:
        first: (p, h, w) one image of each pair, one channel.
        second: (p, h, w) the other.
        data_range: largest minus smallest possible value, for example 255; the constants scale with it.

    Returns:
        (p,) values from 0 to 1; 1 for equal images. Scales at which the structures oppose each other on
        average count as 0, since a negative base has no fractional power.

    Raises:
        InputError: if a side is below 11 pixels, or a pixel is not a finite number.
        ValueError: if shapes differ or are not (p, h, w), or the range is not positive.

    References:
        Wang et al., Multiscale structural similarity for image quality assessment, Asilomar 2003, eq. 7.
    """
    if first.ndim != 3 or first.shape != second.shape:
        raise ValueError(f"pairs are two arrays (p, h, w), not {first.shape} and {second.shape}")
    if data_range <= 0:
        raise ValueError(f"the range of values is positive, not {data_range}")
    n_scales = decide_n_scales(*first.shape[1:])
    left, right = first.astype(np.float64), second.astype(np.float64)
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise InputError("A pixel is not a finite number.")
    weights = np.array(SCALE_WEIGHTS[:n_scales]) / sum(SCALE_WEIGHTS[:n_scales])
    product = np.ones(len(left))
    for scale, weight in enumerate(weights):
        if scale:
            left, right = _halve(left), _halve(right)
        luminance, structure = _compare(left, right, data_range)
        # Luminance counts at the coarsest scale only.
        value = (luminance * structure if scale == n_scales - 1 else structure).mean(axis=(1, 2))
        product *= np.clip(value, 0.0, 1.0) ** weight
    return product


def compute_ms_ssim(
    *,
    synthetic: Array,
    labels: Sequence[str] | None = None,
    data_range: float,
    n_pairs: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Mean MS-SSIM over random pairs of synthetic images of one class.

    In each class the images are laid out on a ring in random order and each is paired with its next ones, so
    that no pair comes twice and every image counts equally often. Classes weigh by their images.

    Args:
        synthetic: (m, h, w) images of one channel.
        labels: (m,) class of each image; None when all are of one. Classes of one image have no pair.
        data_range: largest minus smallest possible value, for example 255.
        n_pairs: about how many pairs to compare, spread over the classes by their size, at least 4 in each;
            all pairs where there are fewer.
        seed: seeds the order.

    Returns:
        The mean, from 0 to 1; lower is more varied. `n_real` is 0, since no real image enters. The interval
        is for fresh images: how alike pairs that share an image are is estimated from the pairs themselves.
        The note says when images are too small for all five scales.

    Raises:
        TooFewImagesError: if no class has two images.
        InputError: if a side is below 11 pixels, or a pixel is not a finite number.
        ValueError: if shapes do not fit, or `n_pairs` is below 1.

    References:
        Odena et al., Conditional image synthesis with auxiliary classifier GANs, ICML 2017, sec. 4.2.
    """
    m = len(synthetic)
    if synthetic.ndim != 3 or n_pairs < 1 or (labels is not None and len(labels) != m):
        raise ValueError(
            f"images (m, h, w), a label each and at least 1 pair, not {synthetic.shape}, "
            f"{'none' if labels is None else len(labels)} and {n_pairs}"
        )
    n_scales = decide_n_scales(*synthetic.shape[1:])
    names = np.zeros(m, dtype=np.intp) if labels is None else np.unique(labels, return_inverse=True)[1]
    classes = [np.flatnonzero(names == name) for name in range(int(names.max(initial=-1)) + 1)]
    classes = [members for members in classes if len(members) > 1]
    if not classes:
        raise TooFewImagesError(f"MS-SSIM needs two images of one class, but none of {m} has another.")
    rng = np.random.default_rng(seed)
    n_paired = sum(map(len, classes))
    value, variance, has_interval = 0.0, 0.0, True
    for members in classes:
        share = len(members) / n_paired
        order = rng.permutation(members)
        pairs = _draw_ring(len(order), round(n_pairs * share))
        draws = [(synthetic[i : i + 1], synthetic[j : j + 1], data_range) for i, j in order[pairs]]
        values = np.array(map_draws(_compare_one, draws))
        value += share * float(values.mean())
        if len(order) < _MIN_FOR_INTERVAL:
            has_interval = False
        else:
            variance += share**2 * _mean_variance(values, pairs)
    notes = [] if n_scales == len(SCALE_WEIGHTS) else [_explain_scales(synthetic.shape, n_scales)]
    if not has_interval:
        notes.append("A class of fewer than 4 images has no spread to take an interval from.")
        return Estimate(value, None, None, 0, m, " ".join(notes))
    half = Z_95 * math.sqrt(variance)
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), 0, m, " ".join(notes))


def _explain_scales(shape: tuple[int, ...], n_scales: int) -> str:
    return (
        f"Images of {shape[2]} x {shape[1]} pixels are large enough for {n_scales} of the 5 scales, whose "
        "weights were divided by their sum."
    )


def _compare_one(first: Array, second: Array, data_range: float) -> float:
    return float(compute_pair_ms_ssim(first=first, second=second, data_range=data_range)[0])


def _draw_ring(n: int, n_pairs: int) -> NDArray[np.intp]:
    """Return (p, 2) different pairs of places on a ring, in which every place takes part equally often."""
    # Fewer pairs than images: a smaller ring.
    n = min(n, max(n_pairs, _MIN_FOR_INTERVAL))
    place = np.arange(n)
    n_steps = min(max(n_pairs // n, 1), (n - 1) // 2)
    pairs = [np.column_stack([place, (place + step) % n]) for step in range(1, n_steps + 1)]
    if n % 2 == 0 and n_steps == (n - 1) // 2 and n_pairs >= n * (n - 1) // 2:
        # Opposite positions are as many pairs as half a step.
        pairs.append(np.column_stack([place[: n // 2], place[n // 2 :]]))
    return np.concatenate(pairs)


def _mean_variance(values: FloatArray, pairs: NDArray[np.intp]) -> float:
    """Return the variance of the mean over fresh images: each value is a sum of two images' parts and a rest.

    With V the variance of an image's part and E that of the rest, the means over each image's pairs vary by
    V + (V + E) / pairs an image, and values vary around them by V + E (one-way analysis of variance); the
    mean over all varies by 4 V / images + E / pairs.
    """
    n = int(pairs.max()) + 1
    an_image = len(values) * 2 // n
    image, value = pairs.T.ravel(), np.tile(values, 2)
    means = np.bincount(image, value, minlength=n) / an_image
    within = float(np.square(value - means[image]).sum()) / (n * (an_image - 1))
    of_image = max(float(means.var(ddof=1)) - within / an_image, 0.0)
    return 4 * of_image / n + max(within - of_image, 0.0) / len(values)


def _compare(left: FloatArray, right: FloatArray, data_range: float) -> tuple[FloatArray, FloatArray]:
    """Return the luminance and the contrast-structure term wherever the window lies within the image."""
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    mean_left, mean_right = _blur(left), _blur(right)
    products = mean_left * mean_right
    squares = mean_left**2 + mean_right**2
    covariance = _blur(left * right) - products
    variances = _blur(left**2 + right**2) - squares
    return (2 * products + c1) / (squares + c1), (2 * covariance + c2) / (variances + c2)


def _blur(images: FloatArray) -> FloatArray:
    """Return (p, h - 10, w - 10) means under the Gaussian window."""
    edge = _WINDOW // 2
    blurred = correlate1d(images, _GAUSSIAN, axis=1)[:, edge:-edge]
    return np.asarray(correlate1d(blurred, _GAUSSIAN, axis=2)[:, :, edge:-edge])


def _halve(images: FloatArray) -> FloatArray:
    """Return (p, ceil(h / 2), ceil(w / 2)) means of two by two pixels; an odd edge is repeated."""
    _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    return (padded[:, ::2, ::2] + padded[:, 1::2, ::2] + padded[:, ::2, 1::2] + padded[:, 1::2, 1::2]) / 4
