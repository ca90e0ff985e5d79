"""Feature extraction with the FID Inception beside pytorch-fid, which both load the same random weights.

Two comparisons, ours in fp32 and bf16, pytorch-fid in fp32 (it has nothing else), all in one process with the
same number of threads, in turns, so that other load on the machine meets all; medians are printed:

- network: one batch of 299 x 299 pixels in memory to features;
- from files: a folder of grey 512 x 512 PNGs to features, each with its own reading, decoding and resizing.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import core.torch_setup  # noqa: F401  # makes the peer's torchvision importable

# isort: split
import numpy as np
import torch

from core.config import Settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.features.base import Device, ExtractorOptions, Precision, ResizeMode
from core.features.extraction import extract_features
from core.features.inception_fid import INFO, InceptionFid, load
from tests.images import write_images
from tests.weights import make_calibration_images, make_fid_weights

AIMS = {Precision.FP32: 1.8, Precision.BF16: 3.0}

Call = Callable[[], np.ndarray]


def load_peer(weights: Path) -> torch.nn.Module:
    """pytorch-fid's network up to its 2048 features."""
    from pytorch_fid import inception

    download = inception.load_state_dict_from_url
    inception.load_state_dict_from_url = lambda *_, **__: torch.load(weights, weights_only=True)
    try:
        return inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[2048]]).eval()
    finally:
        inception.load_state_dict_from_url = download


def network_calls(
    peer: torch.nn.Module, ours: dict[Precision, InceptionFid], batch_size: int
) -> dict[str, Call]:
    """Both from the same pixels in memory."""
    batch = make_calibration_images(batch_size, seed=1)
    scaled = torch.from_numpy(batch) / 255

    def run_peer() -> np.ndarray:
        with torch.no_grad():
            return peer(scaled)[0].flatten(1).numpy()

    calls: dict[str, Call] = {"peer": run_peer}
    for precision, extractor in ours.items():
        calls[precision.value] = lambda extractor=extractor: extractor.extract(batch).features
    return calls


def file_calls(
    peer: torch.nn.Module,
    ours: dict[Precision, InceptionFid],
    folder: Path,
    batch_size: int,
    settings: Settings,
) -> dict[str, Call]:
    """Both from the same files, each with as many loaders as there are threads."""
    from pytorch_fid.fid_score import get_activations

    image_set = scan_image_set(folder, role=Role.REAL, name="real", settings=settings)
    workers = torch.get_num_threads()
    paths = [item.path for item in image_set.items]

    def run_peer() -> np.ndarray:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            return get_activations(paths, peer, batch_size, num_workers=workers)

    calls: dict[str, Call] = {"peer": run_peer}
    for precision, extractor in ours.items():
        calls[precision.value] = lambda extractor=extractor: (
            extract_features(
                image_set.items, extractor=extractor, store=False, batch_size=batch_size, workers=workers
            ).features
        )
    return calls


def compare(title: str, calls: dict[str, Call], *, n: int, rounds: int) -> dict[str, float]:
    """Run all in turns, check that they agree, and print medians and ratios."""
    features = {name: call() for name, call in calls.items()}  # also warms up
    difference = np.abs(features["fp32"] - features["peer"]).max() / np.abs(features["peer"]).max()
    if difference > 1e-4:
        raise RuntimeError(f"{title}: our features are {difference:.1e} away from the peer's")
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    median = {name: statistics.median(runs) for name, runs in seconds.items()}
    ratios = {name: median["peer"] / median[name] for name in calls if name != "peer"}
    print(
        f"{title}; pytorch-fid {1000 * median['peer'] / n:.1f} ms an image, features within {difference:.0e}"
    )
    for precision, aim in AIMS.items():
        name = precision.value
        print(
            f"  {name}: {1000 * median[name] / n:.1f} ms an image, "
            f"{ratios[name]:.2f} times as fast (aim {aim:g})",
            flush=True,
        )
    return ratios


def run(
    quick: bool = False, *, batch_size: int = 50, n_files: int = 200, rounds: int = 7
) -> dict[str, float]:
    """Print both comparisons and return their ratios by name.

    Args:
        quick: fewer images and rounds.
        batch_size: images a batch of both; 50 is pytorch-fid's own.
        n_files: images in the folder.
        rounds: measurements of each, of which the median counts.
    """
    if quick:
        batch_size, n_files, rounds = min(batch_size, 16), min(n_files, 32), min(rounds, 3)
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's
        root = Path(place)
        settings = dataclasses.replace(Settings.from_environment(), home=root / "home", offline=True)
        weights = make_fid_weights(root / "weights.pth", seed=0)
        peer = load_peer(weights)
        ours = {
            precision: load(
                INFO.id,
                ExtractorOptions(
                    weights=weights, resize=ResizeMode.PYTORCH_FID, device=Device.CPU, precision=precision
                ),
            )
            for precision in Precision
        }
        folder = write_images(root / "images", n_files, seed=1, size=512)
        of = f"threads: {torch.get_num_threads()}, batches of {batch_size}"
        network = compare(
            f"network, 299 x 299, {of}",
            network_calls(peer, ours, batch_size),
            n=batch_size,
            rounds=rounds,
        )
        files = compare(
            f"from {n_files} PNG files of 512 x 512, {of}",
            file_calls(peer, ours, folder, batch_size, settings),
            n=n_files,
            rounds=max(1, rounds // 2),
        )
    return {f"network_{name}": value for name, value in network.items()} | {
        f"files_{name}": value for name, value in files.items()
    }


def main(arguments: Sequence[str] = ()) -> None:
    """Run with options from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks features", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer images and rounds")
    parser.add_argument("--batch-size", type=int, default=50, help="images a batch of both")
    parser.add_argument("--files", type=int, default=200, help="images in the folder")
    parser.add_argument("--repeats", type=int, default=7, help="measurements of each")
    parser.add_argument(
        "--threads", type=int, help="of torch; on a busy machine, one tells most about the work itself"
    )
    options = parser.parse_args(list(arguments))
    if options.threads:
        torch.set_num_threads(options.threads)
    run(options.quick, batch_size=options.batch_size, n_files=options.files, rounds=options.repeats)


if __name__ == "__main__":
    main(sys.argv[1:])
