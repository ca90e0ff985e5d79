"""Shards: whole or absent, found again, and never trusted when damaged."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import StoreError
from core.shards import ShardFolder


def digests(n: int, start: int = 0) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(start, start + n)]


def rows(n: int, start: int = 0) -> dict[str, np.ndarray]:
    numbers = np.arange(start, start + n)
    return {"features": np.outer(numbers, [1.0, 10.0]).astype("f4"), "name": numbers.astype("U8")}


def test_rows_are_found_again_in_the_order_asked(tmp_path: Path) -> None:
    ShardFolder(tmp_path).write(digests(5), rows(5))
    ShardFolder(tmp_path).write(digests(5, 5), rows(5, 5))
    asked = [digests(1, 7)[0], digests(1, 99)[0], digests(1, 2)[0], digests(1, 7)[0]]
    found = ShardFolder(tmp_path).read(asked)
    assert found.positions.tolist() == [0, 2, 3]
    assert found.columns["name"].tolist() == ["7", "2", "7"]
    np.testing.assert_array_equal(found.columns["features"][:, 1], [70, 20, 70])


def test_an_open_folder_sees_what_others_write(tmp_path: Path) -> None:
    reader = ShardFolder(tmp_path)
    assert len(reader.read(digests(3)).positions) == 0
    ShardFolder(tmp_path).write(digests(3), rows(3))
    assert len(reader.read(digests(3)).positions) == 3


def test_nothing_to_write_makes_no_file(tmp_path: Path) -> None:
    ShardFolder(tmp_path / "none").write([], {"features": np.empty((0, 2))})
    assert not (tmp_path / "none").exists()


def test_columns_must_match_digests(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one row a digest"):
        ShardFolder(tmp_path).write(digests(3), rows(2))


@pytest.mark.parametrize("where", [0.1, 0.5, 0.95])
def test_damage_anywhere_is_detected_and_set_aside(tmp_path: Path, where: float) -> None:
    ShardFolder(tmp_path).write(digests(200), rows(200))
    ShardFolder(tmp_path).write(digests(3, 500), rows(3, 500))
    damaged = min(tmp_path.glob("*.npz"))
    content = bytearray(damaged.read_bytes())
    content[int(len(content) * where)] ^= 0xFF
    damaged.write_bytes(content)
    fresh = ShardFolder(tmp_path)
    found = fresh.read([*digests(200), *digests(3, 500)])
    # Either the flipped byte was in padding and every row is right, or none of the shard's rows is given out.
    assert found.positions[-3:].tolist() == [200, 201, 202]
    if len(found.positions) > 3:
        np.testing.assert_array_equal(found.columns["features"][:200], rows(200)["features"])
    else:
        assert list(tmp_path.glob("*.damaged"))
        fresh.write(digests(200), rows(200))
        assert len(ShardFolder(tmp_path).read(digests(200)).positions) == 200


def test_a_truncated_shard_counts_as_absent(tmp_path: Path) -> None:
    ShardFolder(tmp_path).write(digests(50), rows(50))
    shard = next(tmp_path.glob("*.npz"))
    shard.write_bytes(shard.read_bytes()[:-100])
    assert len(ShardFolder(tmp_path).read(digests(50)).positions) == 0
    assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]


def test_damage_after_indexing_is_detected_too(tmp_path: Path) -> None:
    folder = ShardFolder(tmp_path)
    folder.write(digests(50), rows(50))
    shard = next(tmp_path.glob("*.npz"))
    content = bytearray(shard.read_bytes())
    content[content.index(np.float32(370).tobytes())] ^= 0x01
    shard.write_bytes(content)
    assert len(folder.read(digests(50)).positions) == 0


def test_a_pickle_in_a_shard_is_never_loaded(tmp_path: Path) -> None:
    keys = np.frombuffer(bytes.fromhex(digests(1)[0]), np.uint8).reshape(1, 32)
    evil = np.array([object()], dtype=object)
    tmp_path.mkdir(exist_ok=True)
    np.savez(tmp_path / "0.npz", digests=keys, features=evil)
    assert len(ShardFolder(tmp_path).read(digests(1)).positions) == 0


def _write_forever(folder: str, start: int) -> None:
    shards = ShardFolder(Path(folder))
    while True:
        shards.write(digests(400, start), {"features": np.full((400, 512), float(start), np.float32)})
        start += 400


def test_a_kill_in_mid_write_leaves_only_whole_shards(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_forever, args=(str(tmp_path), base)) for base in (0, 10**7)]
    for writer in writers:
        writer.start()
    wanted = [*digests(800), *digests(400, 10**7)]
    deadline = time.monotonic() + 60
    while len(ShardFolder(tmp_path).read(wanted).positions) < len(wanted) and time.monotonic() < deadline:
        time.sleep(0.01)
    for writer in writers:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    found = ShardFolder(tmp_path).read(wanted)
    assert len(found.positions) == len(wanted)
    assert not list(tmp_path.glob("*.damaged"))
    np.testing.assert_array_equal(found.columns["features"][:, 0], [0.0] * 400 + [400.0] * 400 + [1e7] * 400)


def test_stale_drafts_are_swept_and_fresh_ones_left(tmp_path: Path) -> None:
    stale, fresh = tmp_path / "a.draft", tmp_path / "b.draft"
    stale.touch()
    fresh.touch()
    os.utime(stale, (0, 0))
    ShardFolder(tmp_path).read(digests(1))
    assert not stale.exists()
    assert fresh.exists()


def test_a_workspace_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StoreError, match="MEDSYN_HOME"):
        ShardFolder(blocked / "below").write(digests(1), rows(1))


def test_a_shard_with_other_columns_counts_as_damaged(tmp_path: Path) -> None:
    ShardFolder(tmp_path).write(digests(3), {"faetures": np.zeros((3, 2))})
    ShardFolder(tmp_path).write(digests(3, 10), {"features": np.ones((3, 2))})
    found = ShardFolder(tmp_path, ("features",)).read([*digests(3), *digests(3, 10)])
    assert found.positions.tolist() == [3, 4, 5]
    assert (found.columns["features"] == 1).all()
