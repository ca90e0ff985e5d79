"""MS-SSIM: how alike two images of one class look on average, over several scales of detail."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError
from core.metrics._intervals import Z_95
from core.metrics._ssim import SCALE_WEIGHTS, ImageScales, compare_scales, decide_n_scales, describe_scales
from core.metrics.estimate import Array, Estimate

__all__ = [
    "Ring",
    "compute_ms_ssim",
    "compute_ms_ssim_by_class",
    "compute_pair_ms_ssim",
    "decide_n_scales",
    "draw_rings",
]

# Fewer images have no pairs without a common image, and so no telling apart of images and pairs.
_MIN_FOR_INTERVAL = 4

# Images prepared at a time; beside them, those are kept whose pairs are not yet complete, at most about 45.
_CHUNK = 16

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ring:
    """The pairs of one class.

    Attributes:
        label: the class, or None for images without one.
        n: images of the class.
        images: (i,) indices of those that take part, in their order on the ring.
        pairs: (p, 2) places on the ring.
    """

    label: str | None
    n: int
    images: NDArray[np.intp]
    pairs: NDArray[np.intp]


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
    return compare_scales(describe_scales(first), describe_scales(second), data_range)


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
    found = compute_ms_ssim_by_class(
        draw_rings([None] * m if labels is None else labels, n_pairs=n_pairs, seed=seed),
        n=m,
        load=synthetic.__getitem__,
        data_range=data_range,
        workers=multiprocessing.cpu_count(),
    )
    if None not in found:
        raise TooFewImagesError(f"MS-SSIM needs two images of one class, but none of {m} has another.")
    return found[None]


def draw_rings(labels: Sequence[str | None], *, n_pairs: int, seed: int) -> tuple[Ring, ...]:
    """Draw the pairs to compare, as `compute_ms_ssim` says.

    Args:
        labels: (m,) class of each image; those without one are a class together.
        n_pairs: about how many pairs.
        seed: seeds the order.

    Returns:
        One ring a class of two or more images.
    """
    # Sorted, so that the order of the labels decides no draw.
    classes = sorted(set(labels), key=lambda label: (label is None, label or ""))
    members = {label: np.flatnonzero([own == label for own in labels]) for label in classes}
    members = {label: images for label, images in members.items() if len(images) > 1}
    n_paired = sum(map(len, members.values()))
    rng = np.random.default_rng(seed)
    rings = []
    for label, images in members.items():
        pairs = _draw_ring(len(images), round(n_pairs * len(images) / n_paired))
        rings.append(Ring(label, len(images), rng.permutation(images)[: int(pairs.max()) + 1], pairs))
    return tuple(rings)


def compute_ms_ssim_by_class(
    rings: Sequence[Ring],
    *,
    n: int,
    load: Callable[[int], Array],
    data_range: float,
    workers: int = 1,
    advance: Callable[[int], object] | None = None,
) -> Mapping[str | None, Estimate]:
    """Mean MS-SSIM over drawn pairs, for each class and for all images.

    Images are asked for as their pairs come up, each once, so that few of them are in memory at a time.

    Args:
        rings: from `draw_rings`.
        n: images of the whole set.
        load: returns the (h, w) image of an index, one channel, or the (s, h, w) slices of a volume, whose
            pairs count with the mean over their slices; called from threads.
        data_range: largest minus smallest possible value, for example 255.
        workers: threads.
        advance: told how many more images were loaded and compared; may raise to stop.

    Returns:
        Class to its mean, and None to that of the whole set, classes weighed by their images; empty without
        rings.

    Raises:
        InputError: if a side is below 11 pixels, or a pixel is not a finite number.
    """
    n_paired = sum(ring.n for ring in rings)
    found: dict[str | None, Estimate] = {}
    value, variance, note, has_interval = 0.0, 0.0, "", True
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        for ring in rings:
            values, note = _compare_ring(ring, load, data_range, pool, advance)
            own = None if len(ring.images) < _MIN_FOR_INTERVAL else _mean_variance(values, ring.pairs)
            if ring.label is not None:
                found[ring.label] = _finish(float(values.mean()), own, ring.n, note)
            share = ring.n / n_paired
            value += share * float(values.mean())
            has_interval &= own is not None
            variance += share**2 * (own or 0.0)
    if rings:
        found[None] = _finish(value, variance if has_interval else None, n, note)
    return found


def _finish(value: float, variance: float | None, n: int, note: str) -> Estimate:
    if variance is None:
        reason = "A class of fewer than 4 images has no spread to take an interval from."
        return Estimate(value, None, None, 0, n, f"{note} {reason}".strip())
    half = Z_95 * math.sqrt(variance)
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), 0, n, note)


def _compare_ring(
    ring: Ring,
    load: Callable[[int], Array],
    data_range: float,
    pool: ThreadPoolExecutor,
    advance: Callable[[int], object] | None,
) -> tuple[FloatArray, str]:
    """Compare the pairs of a ring, a few places at a time; returns values, and a note on missing scales."""
    values = np.empty(len(ring.pairs))
    later = ring.pairs.max(axis=1)
    last_use = np.zeros(len(ring.images), dtype=np.intp)
    for end in (0, 1):
        np.maximum.at(last_use, ring.pairs[:, end], later)
    ready: dict[int, ImageScales] = {}

    def describe(place: int) -> ImageScales:
        return describe_scales(load(int(ring.images[place])))

    def compare(row: int) -> float:
        first, second = ring.pairs[row]
        # One value an image, or one a slice of a volume.
        return float(np.mean(compare_scales(ready[int(first)], ready[int(second)], data_range)))

    note = ""
    for start in range(0, len(last_use), _CHUNK):
        places = range(start, min(start + _CHUNK, len(last_use)))
        ready |= zip(places, pool.map(describe, places), strict=True)
        note = note or _explain_scales(ready[start])
        rows = np.flatnonzero((later >= places.start) & (later < places.stop))
        values[rows] = list(pool.map(compare, rows))
        ready = {place: scales for place, scales in ready.items() if last_use[place] >= places.stop}
        if advance is not None:
            advance(len(places))
    return values, note


def _explain_scales(scales: ImageScales) -> str:
    n_scales, (height, width) = len(scales.images), scales.images[0].shape[-2:]
    if n_scales == len(SCALE_WEIGHTS):
        return ""
    return (
        f"Images of {width} x {height} pixels are large enough for {n_scales} of the 5 scales, whose weights "
        "were divided by their sum."
    )


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
