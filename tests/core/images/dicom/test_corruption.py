"""Damaged files: several hundred mutations of small ones, in a process with limits of memory and time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from tests.core.images.dicom.files import make_dataset, make_file, write

ROOT = Path(__file__).resolve().parents[4]
N_MUTATIONS = 600

CHILD = """
import io, random, resource, sys, time
from pathlib import Path
import numpy as np
from core.errors import ImageReadError
from core.images.dicom.header import read_header
from core.images.dicom.image import decode_dicom
from core.images.intensity import PRESETS
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
files = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
rng, outcomes, slowest = random.Random(0), [0, 0], 0.0
for _ in range(int(sys.argv[2])):
    data = bytearray(rng.choice(files))
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        # Mostly in the header, behind the empty preamble.
        place = rng.randrange(128, len(data) if rng.random() < 0.3 else min(len(data), 1400))
        data[place] = rng.choice((rng.randrange(256), 0, 255))
    if rng.random() < 0.25:
        del data[rng.randrange(len(data)):]
    started = time.perf_counter()
    for read in (
        lambda: read_header(io.BytesIO(data), max_pixels=1_000_000, key=b"k"),
        lambda: decode_dicom(bytes(data), max_pixels=1_000_000, key=b"k"),
    ):
        try:
            found = read()
        except ImageReadError as error:
            assert "\\n" not in str(error) and len(str(error)) < 200
            outcomes[1] += 1
            continue
        outcomes[0] += 1
        if hasattr(found, "values"):
            assert np.isfinite(found.values).all()
            for frame in range(len(found.values)):
                found.render(PRESETS["film"], frame=frame)
    slowest = max(slowest, time.perf_counter() - started)
print(*outcomes, slowest)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One small file of every kind."""
    grey = (np.arange(40 * 34) * 37 % 4096).astype(np.uint16).reshape(40, 34)
    colour = np.stack([grey, grey.T.reshape(grey.shape), grey[::-1]], axis=-1).astype(np.uint8)
    table = Dataset()
    table.LUTDescriptor, table.LUTExplanation = [4, 0, 12], "x"
    table.add_new(0x00283006, "OW", np.array([0, 9, 99, 4095], "<u2").tobytes())
    place, frame = Dataset(), Dataset()
    place.ImagePositionPatient = [0, 0, 1]
    frame.PlanePositionSequence = Sequence([place])
    kinds = {
        "plain": make_file(grey, RescaleSlope=2, RescaleIntercept=-9, WindowCenter=4, WindowWidth=9),
        "table": make_file(grey, VOILUTSequence=Sequence([table]), BitsStored=12),
        "frames": make_file(
            np.stack([grey, grey]), PerFrameFunctionalGroupsSequence=Sequence([frame, frame])
        ),
        "colour": make_file(colour, PhotometricInterpretation="YBR_FULL"),
        "deflated": write(make_dataset(grey), syntax=DeflatedExplicitVRLittleEndian),
    }
    for syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless):
        dataset = make_dataset(np.stack([grey, grey[::-1]]))
        dataset.compress(syntax, generate_instance_uid=False)
        kinds[syntax] = write(dataset, syntax=syntax)
    for name, data in kinds.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as on Linux")
def test_damaged_files_are_refused_or_read(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(folder), str(N_MUTATIONS)],
        capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    read, refused, slowest = done.stdout.split()
    assert int(read) + int(refused) == 2 * N_MUTATIONS
    assert int(read) > 100
    assert int(refused) > 100
    assert float(slowest) < 10
    assert done.stderr == ""
