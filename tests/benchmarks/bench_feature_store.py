"""A second audit after adding 1 % of images: what the feature store leaves to do."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from core.config import Settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.features.base import Extractor, ExtractorOptions
from core.features.extraction import extract_features
from core.features.registry import load_extractor
from tests.images import write_images
from tests.weights import make_fid_weights


def _read_and_extract(folder: Path, extractor: Extractor, settings: Settings) -> float:
    began = time.perf_counter()
    image_set = scan_image_set(folder, role=Role.REAL, name="real", settings=settings)
    extract_features(image_set.items, extractor=extractor, settings=settings)
    return time.perf_counter() - began


def run(n: int) -> float:
    """Return the share of the first run's time that the second one takes, and print it.

    Args:
        n: images of the first run.
    """
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        settings = dataclasses.replace(Settings.from_environment(), home=root / "home", offline=True)
        weights = root / "weights.pth"
        make_fid_weights(weights, seed=0)
        extractor = load_extractor("inception-fid", ExtractorOptions(weights=weights))
        folder = write_images(root / "images", n, seed=1, size=256)
        # One image elsewhere first, so that neither run pays for the network's warm-up.
        _read_and_extract(write_images(root / "warm", 2, seed=2, size=256), extractor, settings)
        first = _read_and_extract(folder, extractor, settings)
        write_images(root / "new", max(1, n // 100), seed=3, size=256).rename(folder / "new")
        second = _read_and_extract(folder, extractor, settings)
    share = second / first
    print(
        f"feature store: {n} images in {first:.1f} s; after adding 1 %: {second:.2f} s, {100 * share:.2f} %"
    )
    return share


def main(arguments: Sequence[str]) -> None:
    """Run with the options given on the command line."""
    parser = argparse.ArgumentParser(prog="feature_store", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="60 images instead of 600")
    run(60 if parser.parse_args(list(arguments)).quick else 600)
