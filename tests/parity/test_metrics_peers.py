"""Our metrics against those of the tools that papers cite, on the same features."""

from __future__ import annotations

import numpy as np
import pytest

import core.torch_setup  # noqa: F401 - makes the peers' torchvision importable
from core.metrics._gaussians import fit_gaussian, frechet_distance, gaussian_distance
from core.metrics.copies import compute_copy_sets
from core.metrics.density_coverage import compute_coverage, compute_density
from core.metrics.frechet import compute_frechet_distance
from core.metrics.inception_score import compute_inception_score
from core.metrics.kid import compute_kid
from core.metrics.neighbourhood import compute_neighbourhood
from core.metrics.precision_recall import compute_precision, compute_recall

# The peers warn about their own use of numpy, scipy and torch.
pytestmark = pytest.mark.filterwarnings("ignore")


def feature_sets(n: int, m: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features shaped like those of a network: skewed, positive, with a decaying spectrum."""
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((d, d)) * np.geomspace(1, 0.02, d)
    real = np.maximum(rng.standard_normal((n, d)) @ mix + 0.5, 0)
    synthetic = np.maximum(1.1 * rng.standard_normal((m, d)) @ mix + 0.6, 0)
    return real.astype(np.float32), synthetic.astype(np.float32)


@pytest.mark.parametrize(("n", "m", "d"), [(400, 300, 64), (500, 700, 256)])
def test_frechet_distance_is_that_of_pytorch_fid(n: int, m: int, d: int) -> None:
    from pytorch_fid.fid_score import calculate_frechet_distance

    real, synthetic = feature_sets(n, m, d)
    statistics = [
        (points.astype(float).mean(axis=0), np.cov(points, rowvar=False)) for points in (real, synthetic)
    ]
    expected = calculate_frechet_distance(*statistics[0], *statistics[1])
    assert compute_frechet_distance(real=real, synthetic=synthetic, n_subsets=2).value == pytest.approx(
        expected, rel=1e-7
    )
    assert gaussian_distance(fit_gaussian(real), fit_gaussian(synthetic)) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("n", "m", "d"), [(50, 60, 200), (400, 300, 64)])
def test_frechet_distance_is_that_of_torch_fidelity(n: int, m: int, d: int) -> None:
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    real, synthetic = feature_sets(n, m, d)
    statistics = [
        fid_features_to_statistics(torch.from_numpy(points).double()) for points in (real, synthetic)
    ]
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    # With fewer images than dimensions its eigenvalues of a singular product carry the larger error.
    assert frechet_distance(real, synthetic) == pytest.approx(expected, rel=1e-7 if n > d else 1e-5)


@pytest.mark.parametrize(("size", "n_subsets"), [(50, 100), (120, 4), (150, 10)])
@pytest.mark.parametrize("seed", [0, 2020])
def test_kid_is_that_of_torch_fidelity(size: int, n_subsets: int, seed: int) -> None:
    import torch
    from torch_fidelity.metric_kid import kid_features_to_metric

    real, synthetic = feature_sets(150, 170, 32)
    options = {"kid_subset_size": size, "kid_subsets": n_subsets, "rng_seed": seed, "verbose": False}
    double = kid_features_to_metric(
        torch.from_numpy(real).double(), torch.from_numpy(synthetic).double(), **options
    )["kernel_inception_distance_mean"]
    found = compute_kid(
        real=real, synthetic=synthetic, subset_size=size, n_subsets=n_subsets, seed=seed, reduce=False
    )
    assert found.value == pytest.approx(double, rel=1e-9, abs=1e-12)
    # In float32, as the peer runs on network features, its kernel sums carry the larger error.
    single = kid_features_to_metric(torch.from_numpy(real), torch.from_numpy(synthetic), **options)
    assert found.value == pytest.approx(single["kernel_inception_distance_mean"], rel=1e-3)


@pytest.mark.parametrize("n_splits", [1, 10])
def test_inception_score_is_that_of_torch_fidelity(n_splits: int) -> None:
    import torch
    from torch_fidelity.metric_isc import isc_features_to_metric

    logits = (4 * np.random.default_rng(1).standard_normal((333, 20))).astype(np.float32)
    expected = isc_features_to_metric(torch.from_numpy(logits), splits=n_splits, rng_seed=7)
    found = compute_inception_score(logits=logits, n_splits=n_splits, seed=7)
    assert found.value == pytest.approx(expected["inception_score_mean"], rel=1e-10)


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("kind", ["drawn", "copied", "collapsed"])
def test_prdc_are_those_of_prdc(k: int, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    from prdc import compute_prdc

    real, synthetic = feature_sets(300, 280, 48)
    if kind == "copied":
        synthetic[:60] = real[:60]
    if kind == "collapsed":
        synthetic = real[3] + np.float32(0.01) * (synthetic - synthetic.mean(axis=0))
    expected = compute_prdc(real.astype(float), synthetic.astype(float), nearest_k=k)
    capsys.readouterr()
    near = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=k, block_rows=128)
    found = {
        "precision": compute_precision(near).value,
        "recall": compute_recall(near).value,
        "density": compute_density(near).value,
        "coverage": compute_coverage(near).value,
    }
    # Shares of counts: equal values mean that every decision is equal.
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("metric", ["euclidean", "hamming"])
@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_copy_sets_are_those_of_their_definition(metric: str, margin: float) -> None:
    """The definition word for word, one synthetic item after the other."""
    rng = np.random.default_rng(3)
    if metric == "euclidean":
        real, synthetic = feature_sets(120, 100, 16, seed=4)
        synthetic[:10] = real[20:30]
        synthetic[10:30] += 30
    else:
        real, synthetic = rng.integers(0, 4, (120, 24)), rng.integers(0, 4, (100, 24))
        synthetic[:10] = real[20:30]
        synthetic[10:30] += 7

    def distance(one: np.ndarray, other: np.ndarray) -> float:
        if metric == "hamming":
            return sum(int(a != b) for a, b in zip(one, other, strict=True)) / len(one)
        return float(np.sqrt(((one.astype(float) - other.astype(float)) ** 2).sum()))

    reach = [sorted(distance(a, b) for q, b in enumerate(real) if q != p) for p, a in enumerate(real)]
    labels = []
    for item in synthetic:
        distances = [distance(item, other) for other in real]
        if any(d < radii[0] + margin for d, radii in zip(distances, reach, strict=True)):
            labels.append("copy")
        elif any(d < radii[4] for d, radii in zip(distances, reach, strict=True)):
            labels.append("real")
        else:
            labels.append("non-real")
    near = compute_neighbourhood(
        real=real, synthetic=synthetic, nearest_k=5, metric=metric, collapse_margin=margin
    )
    sets = compute_copy_sets(near)
    assert [label.value for label in sets.labels] == labels
    # A margin of 0.05 is more than one of 24 codes: it takes in all that the real set would hold.
    assert len(set(labels)) == (2 if metric == "hamming" and margin else 3)
    assert sets.privacy.value == pytest.approx(1 - labels.count("copy") / 100, abs=1e-12)
    assert sets.fidelity.value == pytest.approx(1 - labels.count("non-real") / 100, abs=1e-12)
    assert sets.precision_privacy.value == pytest.approx(labels.count("real") / 100, abs=1e-12)
