"""What the child process of `test_corruption` does: it reads mutated files within limits, and is watched.

Run by hand over other seeds: `python -m tests.core.images.corruption_child FOLDER N_PER_SEED SEED [FILES...]`.
"""

from __future__ import annotations

import faulthandler
import io
import json
import logging
import os
import resource
import sys
import sysconfig
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ImageReadError
from core.images.dicom.header import read_header
from core.images.dicom.image import decode_dicom
from core.images.display import display_image
from core.images.intensity import PRESETS
from core.images.loaded_volume import LoadedVolume
from core.images.overview import picture_volume
from core.images.reading import decode_image, read_bytes
from core.images.slide import open_slide
from core.images.volume_reading import decode_series, decode_volume
from tests.core.images.corruption_seeds import N_SERIES, SECRET, make_seeds, make_series, seal, unseal

MORE_BYTES = 300_000_000
FILE_LIMIT_S = 20
MAX_PIXELS = 200_000
KEY = b"k" * 32

_EXTREMES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 62,
    2**64 - 1,
)
_SECRETS = {word[at : at + 4] for word in SECRET.split("^") for at in range(len(word) - 3)}
_REFUSED_EVENTS = (
    "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename", "os.rmdir", "os.mkdir",
    "os.listdir", "os.scandir", "os.symlink", "os.link", "os.truncate", "os.chmod", "subprocess.Popen",
    "socket.connect", "socket.getaddrinfo", "pickle.find_class", "shutil.rmtree", "tempfile.mkstemp",
    "glob.glob", "urllib.Request", "ctypes.dlopen",
)  # fmt: skip


class Watch:
    """Records what is opened or done beside reading files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = os.path.realpath(folder) + os.sep
        paths = sysconfig.get_paths()
        self.libraries = tuple(
            os.path.realpath(path) + os.sep
            for path in {
                *paths.values(),
                sys.prefix,
                sys.base_prefix,
                sys.pycache_prefix or paths["stdlib"],
                *sys.path,
            }
        )
        self.is_on = False
        self.breaches: list[str] = []
        self.n_opened = 0
        sys.addaudithook(self._see)

    def _see(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open":
            self.n_opened += 1
            if not self._is_allowed(args[0]):
                self.breaches.append(f"open {args[0]!r}")
        elif event.startswith(_REFUSED_EVENTS):
            self.breaches.append(f"{event} {args[:1]!r}")

    def _is_allowed(self, path: object) -> bool:
        if not isinstance(path, str | bytes):
            return isinstance(path, int)  # a handle that was opened before
        real = os.path.realpath(os.fsdecode(path))
        # A library may load a part of its own when it is first needed.
        is_code = real.endswith((".py", ".pyc", ".so"))
        return real.startswith(self.folder) or (is_code and real.startswith(self.libraries))


def mutate(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Change a file in one to eight ways, most of them in its header."""
    changed = bytearray(data)
    for _ in range(int(rng.choice([1, 1, 2, 4, 8]))):
        if not changed:
            break
        reach = len(changed) if rng.random() < 0.4 else min(len(changed), 600)
        at = int(rng.integers(reach))
        match int(rng.integers(8)):
            case 0 | 1:
                changed[at] ^= 1 << int(rng.integers(8))
            case 2:
                changed[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))]))
            case 3:  # a run of one byte, or of any
                n = int(rng.integers(1, 40))
                run = bytes([int(rng.integers(256))]) * n if rng.random() < 0.5 else rng.bytes(n)
                changed[at : at + n] = run[: len(changed) - at]
            case 4:
                del changed[at + int(rng.integers(60)) :]
            case 5:  # a stretch said twice, or many times
                stretch = changed[at : at + int(rng.integers(1, 80))]
                changed[at:at] = stretch * int(rng.choice([1, 2, 50]))
            case 6:  # a length or count set to an extreme
                width = int(rng.choice([2, 4, 8]))
                number = int(rng.choice([*range(len(_EXTREMES)), -1, -2]))
                value = (*_EXTREMES, len(data) - 1, len(data) + 1)[number] & ((1 << 8 * width) - 1)
                order = "little" if rng.random() < 0.7 else "big"
                at = at // 2 * 2
                changed[at : at + width] = value.to_bytes(width, order)[: len(changed) - at]  # type: ignore[arg-type]
            case 7:  # the beginning of one file and the end of another
                if rng.random() < 0.5:
                    changed[at:] = other[int(rng.integers(len(other) + 1)) :]
                else:
                    n = int(rng.integers(1, 200))
                    start = int(rng.integers(len(other) + 1))
                    changed[at : at + n] = other[start : start + n]
    return bytes(changed)


def list_readers(
    data: bytes, folder: Path, series: dict[str, bytes]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """All ways in which a file is read."""
    yield "picture", lambda: _show(data)
    yield "volume", lambda: _show_volume(decode_volume(data, max_pixels=MAX_PIXELS, key=KEY))
    if data[128:132] == b"DICM":
        files = {**series, "slice1": data}
        read = files.__getitem__
        yield "header", lambda: read_header(io.BytesIO(data), max_pixels=MAX_PIXELS, key=KEY)
        yield "frames", lambda: _show_frames(data)
        yield (
            "series",
            lambda: _show_volume(decode_series(tuple(files), read, max_pixels=MAX_PIXELS, key=KEY)),
        )
    path = folder / "mutated"
    _replace_content(path, data)
    limits: dict[str, Any] = {"max_file_bytes": 10_000_000, "confined_to": (folder,)}
    yield "bytes", lambda: read_bytes(path, **limits)
    for keep_values in (False, True):
        yield "slide", lambda keep_values=keep_values: _read_slide(path, keep_values=keep_values, **limits)


def _replace_content(path: Path, data: bytes) -> None:
    """Write a file without making it anew, which takes longer than reading it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.pwrite(handle, data, 0)
    os.ftruncate(handle, len(data))
    os.close(handle)


def _show(data: bytes) -> None:
    image = decode_image(data, max_pixels=MAX_PIXELS, key=KEY)
    assert image.pixels.dtype.kind != "f" or np.isfinite(image.pixels).all()
    display_image(image)


def _show_volume(loaded: LoadedVolume) -> None:
    assert np.isfinite(loaded.volume.values).all()
    picture_volume(loaded)


def _show_frames(data: bytes) -> None:
    image = decode_dicom(data, max_pixels=MAX_PIXELS, key=KEY)
    assert np.isfinite(image.values).all()
    for frame in range(len(image.values)):
        image.render(PRESETS["film"], frame=frame)


def _limit_memory() -> None:
    """Allow little more than what the process has already."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmData:"))
    n_bytes = int(line.split()[1]) * 1024 + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, n_bytes))


def _read_slide(path: Path, **options: Any) -> None:
    with open_slide(path, max_pixels=MAX_PIXELS, **options) as slide:
        for index, level in enumerate(slide.levels):
            width, height = min(level.width, 70), min(level.height, 70)
            slide.read_region(index, 0, 0, width, height)
            slide.read_region(index, level.width - width, level.height - height, width, height)


def run(folder: Path, n_each: int, seed: int, files: list[Path]) -> dict[str, Any]:
    """Read `n_each` mutations of every seed, and tell what came of them."""
    seeds = {path.name: path.read_bytes() for path in files} or make_seeds()
    series, folder = make_series(), folder.resolve()
    watch = Watch(folder)
    texts = io.StringIO()
    logging.basicConfig(stream=texts, level=logging.INFO)
    warnings.simplefilter("always")
    warnings.showwarning = lambda message, *_: texts.write(f"{message}\n")
    names = list(seeds)
    for data in (*seeds.values(), b"", b"nothing"):  # what libraries load at first use is loaded
        for _, read in list_readers(data, folder, series):
            try:
                read()
            except ImageReadError:
                continue
    assert len(series) == N_SERIES
    _limit_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in names}
    messages: Counter[str] = Counter()
    faults: list[str] = []
    slowest = 0.0
    for name in names:
        rng = np.random.default_rng([seed, *name.encode()])
        inner = unseal(name, seeds[name])
        for number in range(n_each):
            other = seeds[names[int(rng.integers(len(names)))]]
            if inner is not None and number % 2:
                data = seal(name, mutate(inner, other, rng))
            else:
                data = mutate(seeds[name], other, rng)
            _replace_content(folder / "last", f"{name} {number}".encode())  # where to look after a crash
            faulthandler.dump_traceback_later(FILE_LIMIT_S, exit=True)
            for reader, read in list_readers(data, folder, series):
                started = time.perf_counter()
                watch.is_on = True
                try:
                    read()
                    outcome = "read"
                except ImageReadError as error:
                    outcome, text = "refused", str(error)
                    messages[text] += 1
                    if not text.isprintable() or len(text) > 250 or any(word in text for word in _SECRETS):
                        faults.append(f"{name} {number} {reader}: message {text[:300]!r}")
                    if "memory" in text and "into memory" in text:
                        faults.append(f"{name} {number} {reader}: {text}")
                except Exception as error:  # a fault of the reader: told, and the others go on
                    outcome = "fault"
                    faults.append(f"{name} {number} {reader}: {type(error).__name__}: {error!s:.200}")
                    (folder / f"fault-{name}-{number}").write_bytes(data)
                finally:
                    watch.is_on = False
                outcomes[name][f"{reader} {outcome}"] += 1
                slowest = max(slowest, time.perf_counter() - started)
            said = texts.getvalue()
            if any(word in said for word in _SECRETS):
                faults.append(f"{name} {number}: logged {said[:300]!r}")
            texts.seek(0)
            texts.truncate()
    faulthandler.cancel_dump_traceback_later()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "outcomes": outcomes, "faults": faults[:40], "n_faults": len(faults), "breaches": watch.breaches[:40],
        "n_opened": watch.n_opened, "slowest_s": slowest, "grown_bytes": grown * 1024,
        "messages": messages.most_common(400),
    }  # fmt: skip


if __name__ == "__main__":
    where, each, start, *paths = sys.argv[1:]
    print(json.dumps(run(Path(where), int(each), int(start), [Path(path) for path in paths])))
