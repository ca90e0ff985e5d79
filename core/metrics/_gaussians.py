"""The Fréchet distance between Gaussians fitted to features, by whichever exact route is cheaper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from core.metrics._pair_bounds import split_rows
from core.metrics.estimate import Array

__all__ = [
    "Gaussian",
    "fit_gaussian",
    "frechet_distance",
    "gaussian_distance",
    "gaussian_root",
    "nuclear_norm",
]

Matrix = NDArray[np.float64]

# Rows turned to float64 at once while a covariance is summed.
_COVARIANCE_ROWS = 2048


@dataclass(frozen=True, slots=True)
class Gaussian:
    """A Gaussian fitted to features.

    Attributes:
        mean: (d,) float64.
        covariance: (d, d) float64 over n - 1, Fortran-ordered; only its lower triangle is read.
        n: images behind it; the covariance has at most rank n - 1.
    """

    mean: NDArray[np.float64]
    covariance: Matrix
    n: int


def fit_gaussian(points: Array) -> Gaussian:
    """Fit a Gaussian to (n, d) features, summing in float64 block by block; n is at least 2."""
    n, dimension = points.shape
    mean = points.mean(axis=0, dtype=np.float64)
    total = np.zeros((dimension, dimension), order="F")
    for rows in split_rows(n, _COVARIANCE_ROWS):
        centred = np.subtract(points[rows], mean, dtype=np.float64)
        # A symmetric product is half the work; the transpose is Fortran-ordered, as BLAS wants it.
        total = blas.dsyrk(1.0, centred.T, beta=1.0, c=total, overwrite_c=True, lower=True)
    total /= n - 1
    return Gaussian(mean, total, n)


def frechet_distance(real: Array, synthetic: Array) -> float:
    """Squared Fréchet (2-Wasserstein) distance of the Gaussians fitted to two feature arrays.

    |mu_r - mu_s|^2 + tr S_r + tr S_s - 2 tr (S_r S_s)^(1/2). With S_r = A^T A / (n - 1) and
    S_s = B^T B / (m - 1), A and B the centred features, the last trace is the nuclear norm of
    A B^T / sqrt((n - 1)(m - 1)): an n by m problem, cheap for few images. For few dimensions the
    covariances are cheaper (`gaussian_distance`).

    Args:
        real: (n, d) features, n at least 2.
        synthetic: (m, d) features, m at least 2.

    Returns:
        The distance, not below 0.
    """
    n, m, dimension = len(real), len(synthetic), real.shape[1]
    small, large = min(n, m), max(n, m)
    # Multiplications up to a common factor; singular values and eigenvalues run slower than products.
    pair_cost = 2 * n * m * dimension + 2 * large * small**2 + 8 * small**3
    dimension_cost = (n + m) * dimension**2 + 8 * dimension**3
    if pair_cost >= dimension_cost:
        return gaussian_distance(fit_gaussian(real), fit_gaussian(synthetic))
    mean_real, mean_synthetic = real.mean(axis=0, dtype=np.float64), synthetic.mean(axis=0, dtype=np.float64)
    rows = np.subtract(real, mean_real, dtype=np.float64) / np.sqrt(n - 1)
    columns = np.subtract(synthetic, mean_synthetic, dtype=np.float64) / np.sqrt(m - 1)
    gap = mean_real - mean_synthetic
    traces = np.vdot(rows, rows) + np.vdot(columns, columns)
    # Rounding may leave equal sets a little below 0.
    return max(float(gap @ gap + traces - 2 * nuclear_norm(rows @ columns.T)), 0.0)


def gaussian_distance(real: Gaussian, synthetic: Gaussian) -> float:
    """Squared Fréchet distance of two Gaussians, without a matrix square root.

    With S_r = L L^T, tr (S_r S_s)^(1/2) is the sum of the square roots of the eigenvalues of L^T S_s L.

    Args:
        real: the fit of the real features.
        synthetic: the fit of the synthetic features.

    Returns:
        The distance, not below 0.
    """
    gap = real.mean - synthetic.mean
    traces = np.trace(real.covariance) + np.trace(synthetic.covariance)
    # The covariance of more images is the likelier to be positive definite.
    factored, other = (real, synthetic) if real.n >= synthetic.n else (synthetic, real)
    root, info = lapack.dpotrf(factored.covariance, lower=1, clean=0)
    if info == 0:
        product, info = lapack.dsygst(other.covariance, root, itype=2, lower=1)
    if info != 0:
        root = _eigen_root(factored.covariance)
        product = root.T @ blas.dsymm(1.0, other.covariance, root, lower=1)
    values = scipy.linalg.eigvalsh(product, lower=True, overwrite_a=True, check_finite=False)
    # Beyond the rank there is only rounding, which the square root would magnify.
    rank = min(real.n - 1, synthetic.n - 1, len(gap))
    root_trace = np.sqrt(np.clip(values[::-1][:rank], 0.0, None)).sum()
    return max(float(gap @ gap + traces - 2 * root_trace), 0.0)


def gaussian_root(points: Array) -> Matrix:
    """Return (d, r) R with R R^T the covariance of (n, d) features, r the smaller of n and d or fewer."""
    n, dimension = points.shape
    if n <= dimension:
        centred = np.subtract(points, points.mean(axis=0, dtype=np.float64), dtype=np.float64)
        return np.asarray(centred.T / np.sqrt(n - 1))
    covariance = fit_gaussian(points).covariance
    root, info = lapack.dpotrf(covariance, lower=1, clean=1)
    return np.asarray(root) if info == 0 else _eigen_root(covariance)


def nuclear_norm(matrix: Matrix) -> float:
    """Return the sum of the singular values, from the eigenvalues of the smaller Gram matrix.

    Several times faster than singular values themselves. Those below 1e-8 of the largest are lost, which
    moves the sum by no more than that share each.
    """
    # The transpose is Fortran-ordered, as BLAS wants it.
    wide = matrix.shape[0] <= matrix.shape[1]
    gram = blas.dsyrk(1.0, matrix.T, trans=1 if wide else 0, lower=1)
    values = scipy.linalg.eigvalsh(gram, lower=True, overwrite_a=True, check_finite=False)
    return float(np.sqrt(np.clip(values, 0.0, None)).sum())


def _eigen_root(covariance: Matrix) -> Matrix:
    values, vectors = scipy.linalg.eigh(covariance, lower=True, check_finite=False)
    # Directions of no variance add nothing; rounding may take them below 0.
    kept = values > 0
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]), order="F")
