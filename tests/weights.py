"""Test weights of the FID Inception's layout: random, but with features that differ between images."""

from __future__ import annotations

import io
from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from torch import nn

from core.features._inception_blocks import InceptionNetwork

__all__ = ["make_calibration_images", "make_fid_weights"]


def make_calibration_images(n: int, *, seed: int, side: int = 299) -> np.ndarray:
    """(n, 3, side, side) float32 on 0 to 255: blobs, gradients and grain, every third one grey."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    images = np.empty((n, 3, side, side), dtype=np.float32)
    for index, image in enumerate(images):
        for plane in image:
            plane[:] = rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y
            for _ in range(6):
                (cy, cx), width = rng.uniform(0, 1, 2), rng.uniform(0.02, 0.3)
                plane += rng.normal() * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width**2))
            plane += rng.uniform(0, 0.3) * rng.normal(size=plane.shape)
        if index % 3 == 0:
            image[:] = image[0]
        low, high = image.min(), image.max()
        image[:] = (image - low) / (high - low) * 255
    return images


def make_fid_weights(path: Path, seed: int) -> Path:
    """Save a state dict that pytorch-fid, torch-fidelity and we load alike.

    He-initialised convolutions alone let activations vanish or all look alike after 94 layers, so each batch
    norm gets random gains and offsets and, in one pass, the statistics of what reaches it. Offsets around 1
    keep most ReLUs open: around 0 the network is chaotic, and rounding alone moves its features visibly.
    """
    generator = torch.Generator().manual_seed(seed)
    network = InceptionNetwork()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.7, 1.3, generator=generator)
            nn.init.normal_(module.bias, 1.0, 0.3, generator=generator)
            module.momentum = None  # running statistics become those of the one batch
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.1, generator=generator)
            nn.init.normal_(module.bias, 0.0, 0.1, generator=generator)
    images = torch.from_numpy(make_calibration_images(8, seed=seed))
    with torch.no_grad():
        network.train()(images / 127.5 - 1.0)
    buffer = io.BytesIO()  # given a path, torch.save writes the file's name into it, and into its hash
    torch.save(network.state_dict(), buffer)
    path.write_bytes(buffer.getvalue())
    return path
