"""Mutated volumes: a child process with little memory and time ends with volumes and refusals only."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile

from core.errors import ImageReadError
from core.images.nifti import decode_nifti
from core.images.numpy_archive import decode_npz
from core.images.numpy_array import decode_npy_volume
from core.images.tiff import decode_tiff
from core.images.volume import Volume

ROOT = Path(__file__).resolve().parents[3]
PER_FILE = 60
MEMORY_BYTES = 1_500_000_000
TIMEOUT_S = 60


def write_files() -> dict[str, tuple[bytes, Callable[..., Volume]]]:
    """One small file of each kind that the readers know."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4000, (3, 24, 20)).astype(np.int16)
    nifti = nibabel.Nifti1Image(values, np.diag([-2.0, 2.0, 3.0, 1.0])).to_bytes()
    files = {
        "nifti": (nifti, decode_nifti),
        "nifti2": (nibabel.Nifti2Image(values, np.eye(4)).to_bytes(), decode_nifti),
        "nifti-gz": (gzip.compress(nifti), decode_nifti),
    }
    for name, options in {
        "tiff": {},
        "tiff-big-tiles": {"bigtiff": True, "tile": (16, 16)},
        "tiff-deflate": {"compression": "zlib", "predictor": True},
        "tiff-lzw": {"compression": "lzw"},
        "tiff-packbits": {"compression": "packbits", "byteorder": ">"},
        "tiff-imagej": {"imagej": True, "metadata": {"axes": "ZYX", "unit": "mm", "spacing": 2}},
    }.items():
        stream = io.BytesIO()
        tifffile.imwrite(stream, values.astype(np.uint16), photometric="minisblack", **options)
        files[name] = (stream.getvalue(), decode_tiff)
    jpeg = io.BytesIO()
    tifffile.imwrite(
        jpeg, rng.integers(0, 255, (32, 32, 3), dtype=np.uint8), compression="jpeg", photometric="rgb"
    )
    files["tiff-jpeg"] = (jpeg.getvalue(), decode_tiff)
    for name, save, decode in (("npy", np.save, decode_npy_volume), ("npz", np.savez_compressed, decode_npz)):
        stream = io.BytesIO()
        save(stream, values)
        files[name] = (stream.getvalue(), decode)
    return files


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change bytes, most of them in the header; or cut, repeat or overwrite a stretch."""
    changed = bytearray(data)
    reach = len(changed) if rng.random() < 0.4 else min(len(changed), 400)
    for _ in range(rng.integers(1, 9)):
        place = int(rng.integers(reach))
        kind = rng.random()
        if kind < 0.6:
            changed[place] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))]))
        elif kind < 0.7:
            changed[place : place + 4] = b"\xff\xff\xff\x7f"[: len(changed) - place]
        elif kind < 0.8:
            del changed[place + 40 :]
        elif kind < 0.9:
            changed[place:place] = changed[: int(rng.integers(40))]
        else:
            changed[place : place + 8] = rng.bytes(min(8, len(changed) - place))
        reach = max(1, min(reach, len(changed)))
    return bytes(changed)


def read_mutated_files() -> None:
    """What the child does: read every mutated file and print how many were read and refused."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("error")
    counts = {}
    for name, (data, decode) in write_files().items():
        decode(data, max_pixels=1_000_000)
        rng = np.random.default_rng(list(name.encode()))
        read = refused = 0
        for number in range(PER_FILE):
            mutated = mutate(data, rng)
            try:
                volume = decode(mutated, max_pixels=1_000_000)
            except ImageReadError as error:
                refused += 1
                assert "\n" not in str(error) and len(str(error)) < 250, (name, number, str(error))
            else:
                read += 1
                assert np.isfinite(volume.values).all(), (name, number)
        counts[name] = (read, refused)
    sys.stdout.write(json.dumps(counts))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by a call that only Linux honours")
def test_mutated_files_are_read_or_refused() -> None:
    code = f"from {__name__} import read_mutated_files; read_mutated_files()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout)
    assert len(counts) == 12
    # A mutation that no reader notices, or none that any reads, would show nothing.
    assert all(refused > PER_FILE // 4 for _, refused in counts.values()), counts
    assert sum(read for read, _ in counts.values()) > PER_FILE
