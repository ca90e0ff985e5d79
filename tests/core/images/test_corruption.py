"""Random corruption of every kind of file: a watched child with little memory and time reads or refuses all.

No mutation may end the process, hang, need memory beyond what a small picture takes, open a file elsewhere, or be
refused by anything but one line that quotes nothing of the file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.core.images.corruption_seeds import SECRET, make_seeds

ROOT = Path(__file__).resolve().parents[3]
N_EACH = 75
TIMEOUT_S = 240

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by a call that only Linux honours"),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the child tells of all mutations."""
    folder = tmp_path_factory.mktemp("root")
    empty = tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.images.corruption_child", str(folder), str(N_EACH), "0"],
        cwd=empty,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    last = folder / "last"
    where = last.read_text() if last.exists() else "before the first mutation"
    # libtiff writes to the standard error what it finds wrong with a strip.
    assert done.returncode == 0, (where, done.stderr[-2000:])
    assert not any(word in done.stderr for word in SECRET.split("^"))
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def test_mutated_files_are_read_or_refused_in_one_line(told: dict[str, Any]) -> None:
    assert told["faults"] == []
    assert told["slowest_s"] < 10


def test_no_mutation_takes_much_memory(told: dict[str, Any]) -> None:
    assert told["grown_bytes"] < 150_000_000


def test_nothing_outside_the_folder_is_opened(told: dict[str, Any]) -> None:
    assert told["breaches"] == []
    assert told["n_opened"] > 2 * N_EACH * len(told["outcomes"])


def test_mutations_are_neither_harmless_nor_hopeless(told: dict[str, Any]) -> None:
    outcomes = {name: Counter(counts) for name, counts in told["outcomes"].items()}
    assert set(outcomes) == set(make_seeds())
    assert sum(map(Counter.total, outcomes.values())) > 5 * N_EACH * len(outcomes)
    for name, counts in outcomes.items():
        own = _OWN_READERS[name.split("-")[0]]
        read = sum(counts[f"{reader} read"] for reader in own)
        refused = sum(counts[f"{reader} refused"] for reader in own)
        assert read + refused >= N_EACH, (name, counts)
        assert refused > N_EACH // 8, (name, counts)
        # Nearly every change of a wrapper with a check sum is noticed.
        assert read > 0, (name, counts)


_OWN_READERS = {
    "png": ("picture",), "jpeg": ("picture",), "bmp": ("picture",), "webp": ("picture",),
    "tiff": ("volume",), "slide": ("slide",), "nifti": ("volume",), "npy": ("picture", "volume"),
    "npz": ("picture", "volume"), "dicom": ("picture", "volume"),
}  # fmt: skip
