"""Metrics beside their peers: time and peak memory on the same inputs.

Each measurement is a process of its own, so that its peak memory is its own; ours and the peer's take turns,
so that other load on the machine meets both. Medians and their ratios are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Features = np.ndarray


@dataclass(frozen=True)
class Case:
    """One comparison: images a side, dimensions, and what is aimed at."""

    title: str
    n: int
    dimension: int
    least_speedup: float
    most_memory: float | None = None


CASES = {
    "frechet": Case("Fréchet distance from statistics; peer pytorch-fid", 10_000, 2048, 10),
    "frechet-features": Case("Fréchet distance from features; peer np.cov and pytorch-fid", 10_000, 2048, 1),
    "frechet-few": Case("Fréchet distance of few images, from features; peer pytorch-fid", 500, 2048, 100),
    "prdc": Case("precision, recall, density, coverage; peer prdc", 10_000, 2048, 3, most_memory=0.25),
}


def make_features(n: int, dimension: int) -> tuple[Features, Features]:
    """Real and synthetic features with a decaying spectrum, as networks give them."""
    rng = np.random.default_rng(0)
    spectrum = np.geomspace(1, 0.05, dimension, dtype=np.float32)
    real = rng.standard_normal((n, dimension), dtype=np.float32) * spectrum
    synthetic = rng.standard_normal((n, dimension), dtype=np.float32) * spectrum * np.float32(0.98)
    return real, synthetic


def prepare(case: str, side: str, real: Features, synthetic: Features) -> Callable[[], object]:
    """Import what a side needs and return the call to be measured."""
    if side == "peer" and case != "prdc":
        import core.torch_setup  # noqa: F401 - makes the peer's torchvision importable

        warnings.simplefilter("ignore")
        from pytorch_fid.fid_score import calculate_frechet_distance

        def fit(points: Features) -> tuple[Features, Features]:
            return points.mean(axis=0), np.cov(points, rowvar=False)

        if case == "frechet":
            fits = (*fit(real), *fit(synthetic))
            return lambda: calculate_frechet_distance(*fits)
        return lambda: calculate_frechet_distance(*fit(real), *fit(synthetic))
    if side == "peer":
        warnings.simplefilter("ignore")
        from prdc import compute_prdc

        return lambda: compute_prdc(real, synthetic, nearest_k=5)
    from core.metrics._gaussians import fit_gaussian, frechet_distance, gaussian_distance
    from core.metrics.density_coverage import compute_coverage, compute_density
    from core.metrics.neighbourhood import compute_neighbourhood
    from core.metrics.precision_recall import compute_precision, compute_recall

    if case == "frechet":
        gaussians = (fit_gaussian(real), fit_gaussian(synthetic))
        return lambda: gaussian_distance(*gaussians)
    if case == "prdc":

        def measure() -> list[float]:
            near = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=5)
            metrics = (compute_precision, compute_recall, compute_density, compute_coverage)
            return [metric(near).value for metric in metrics]

        return measure
    return lambda: frechet_distance(real, synthetic)


def run_child(case: str, side: str, n: int, dimension: int) -> None:
    """Measure one side of one case in this process and print it as JSON."""
    call = prepare(case, side, *make_features(n, dimension))
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    values = list(result.values()) if isinstance(result, dict) else np.ravel(result).tolist()
    # ru_maxrss counts kilobytes on Linux and bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes, "values": [float(v) for v in values]}))


def measure(case: str, side: str, n: int, dimension: int) -> dict[str, float | list[float]]:
    """Measure one side of one case in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_metrics", "--child", case, side]
    command += ["--images", str(n), "--dimension", str(dimension)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        raise RuntimeError(f"{case} ({side}) failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(case: str, n: int, dimension: int, repeats: int) -> str:
    """Measure ours and the peer in turn and return the line that says so."""
    ours, peers = [], []
    for _ in range(repeats):
        ours.append(measure(case, "ours", n, dimension))
        peers.append(measure(case, "peer", n, dimension))
    if not np.allclose(ours[0]["values"], peers[0]["values"], rtol=1e-3, atol=1e-6):
        raise RuntimeError(f"{case}: {ours[0]['values']} is not the peer's {peers[0]['values']}")

    def median(key: str, runs: list[dict[str, float | list[float]]]) -> float:
        return statistics.median(run[key] for run in runs)

    facts = CASES[case]
    seconds, peer_seconds = median("seconds", ours), median("seconds", peers)
    memory, peer_memory = median("peak_bytes", ours), median("peak_bytes", peers)
    line = (
        f"{facts.title}, {n} x {dimension}: {seconds:.3f} s against {peer_seconds:.3f} s, "
        f"{peer_seconds / seconds:.1f} times as fast (aim {facts.least_speedup:g}); "
        f"peak memory {memory / 2**20:.0f} against {peer_memory / 2**20:.0f} MiB, ratio {memory / peer_memory:.2f}"
    )
    return line if facts.most_memory is None else f"{line} (aim {facts.most_memory:g})"


def main(arguments: Sequence[str] = ()) -> None:
    """Run the cases chosen, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks metrics", description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the images and an eighth of the dimensions"
    )
    parser.add_argument("--images", type=int, help="images a side instead of the case's own")
    parser.add_argument("--dimension", type=int, help="dimensions instead of the case's own")
    parser.add_argument(
        "--repeats", type=int, default=3, help="runs of each side, of which the median counts"
    )
    parser.add_argument("--child", nargs=2, metavar=("CASE", "SIDE"), help=argparse.SUPPRESS)
    options = parser.parse_args(list(arguments))
    if options.child:
        run_child(*options.child, options.images, options.dimension)
        return
    for case in options.cases or CASES:
        if case not in CASES:
            parser.error(f"there is no case {case!r}; known are {', '.join(CASES)}")
        n = options.images or CASES[case].n // (10 if options.quick else 1)
        dimension = options.dimension or CASES[case].dimension // (8 if options.quick else 1)
        print(compare(case, n, dimension, options.repeats), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
