"""Unpacking in bounded steps, against gzip itself."""

from __future__ import annotations

import gzip
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ImageReadError
from core.images.unpacking import ByteSource, inflate

NOISE = np.random.default_rng(0).bytes(600_000)  # longer than a step, packed and unpacked


@given(st.binary(max_size=300), st.lists(st.integers(1, 90), max_size=8), st.booleans(), st.integers(1, 300))
def test_pieces_together_are_the_file(
    content: bytes, steps: list[int], is_packed: bool, member_bytes: int
) -> None:
    members = [content[at : at + member_bytes] for at in range(0, len(content), member_bytes)] or [b""]
    plain = not is_packed and not content.startswith(b"\x1f\x8b")
    source = ByteSource(content if plain else b"".join(map(gzip.compress, members)))
    read = b""
    for step in steps:
        piece = bytes(source.read(step))
        assert len(piece) == min(step, len(content) - len(read))
        read += piece
    assert read + bytes(source.read(1000)) == content


@pytest.mark.parametrize("data", [NOISE, gzip.compress(NOISE, 1)], ids=["plain", "packed"])
def test_skipping_is_reading_without_keeping(data: bytes) -> None:
    source = ByteSource(data)
    assert source.skip(300_001)
    assert bytes(source.read(5)) == NOISE[300_001:300_006]
    assert not source.skip(300_000)


def test_damage_is_said() -> None:
    packed = gzip.compress(NOISE, 1)
    with pytest.raises(ImageReadError, match="cut off"):
        ByteSource(packed[:-5]).read(len(NOISE) + 1)
    with pytest.raises(ImageReadError, match="damaged"):
        ByteSource(packed[:5000] + bytes(100) + packed[5100:]).read(len(NOISE) + 1)
    # What stands behind the last part and is no gzip is not part of it.
    assert len(ByteSource(packed + b"\0" * 512).read(len(NOISE) + 1)) == len(NOISE)


def test_inflate_gives_no_more_than_asked() -> None:
    packed = zlib.compress(NOISE, 1)
    assert inflate(packed, 1000) == NOISE[:1000]
    assert inflate(packed, 0) == b""
    assert inflate(packed, 10**9) == NOISE
    with pytest.raises(ImageReadError, match="deflate"):
        inflate(b"no deflate", 10)
