"""Inheritance: 1 for a set that carries the mark, 0 without, -1 where it marks the other class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.bias.inheritance import compute_inheritance, map_inheritance
from core.bias.patch_probe import ProbeOptions, compute_patch_probe, compute_transfer_probe
from core.bias.patches import PatchGrid
from core.bias.suspects import find_suspects
from core.metrics.estimate import Estimate
from tests.core.bias.planted import SIDE, mark, mark_other, plant

GRID = PatchGrid(side_px=SIDE, patch_px=16, stride_px=8)
OPTIONS = ProbeOptions(grid=GRID, n_permutations=99)
REAL = plant(mark)
PROBE = compute_patch_probe(REAL, OPTIONS)
REGION = find_suspects(PROBE, GRID)[0].positions


def half(pixels: Any, codes: Any, rng: np.random.Generator) -> None:
    """The mark in half of the images of class b."""
    chosen = codes * (rng.random(len(codes)) < 0.5)
    mark(pixels, chosen, rng)


def inherit(sign: Callable[..., None] | None, *, own: bool = False, seed: int = 1, n: int = 80) -> Estimate:
    synthetic = plant(sign, seed=seed, n=n)
    probe = (
        compute_patch_probe(synthetic, ProbeOptions(grid=GRID, n_permutations=0))
        if own
        else compute_transfer_probe(real=REAL, synthetic=synthetic, grid=GRID)
    )
    return compute_inheritance(
        real=REAL, synthetic=synthetic, real_probe=PROBE, synthetic_probe=probe, positions=REGION
    )


def test_scale_from_all_to_none_to_swapped() -> None:
    all_, some, none, swapped = (inherit(sign) for sign in (mark, half, None, mark_other))
    assert all_.value == pytest.approx(1, abs=0.1)
    assert 0.25 < some.value < 0.75
    assert none.value == pytest.approx(0, abs=0.3)
    assert swapped.value == pytest.approx(-1, abs=0.1)
    for one in (all_, some, none, swapped):
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.value <= one.high
        assert one.high - one.low > 0.005
        assert (one.n_real, one.n_synthetic) == (80, 80)
    assert some.high is not None
    assert none.low is not None
    assert some.high < all_.value
    assert none.low < 0


def test_any_sign_sees_what_the_real_probe_takes_for_the_other_class() -> None:
    assert inherit(mark_other, own=True).value == pytest.approx(1, abs=0.1)


def test_interval_narrows_with_more_images() -> None:
    few, many = inherit(None, n=40), inherit(None, n=320)
    assert few.high is not None
    assert few.low is not None
    assert many.high is not None
    assert many.low is not None
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_interval_holds_zero_for_sets_without_the_mark() -> None:
    held = 0
    for seed in range(20):
        one = inherit(None, seed=100 + seed, n=60)
        assert one.low is not None
        assert one.high is not None
        held += one.low <= 0 <= one.high
    assert held >= 17


def test_map_is_empty_where_the_real_set_tells_nothing() -> None:
    transfer = compute_transfer_probe(real=REAL, synthetic=plant(mark, seed=1), grid=GRID)
    shares = map_inheritance(real_probe=PROBE, synthetic_probe=transfer)
    assert PROBE.threshold is not None
    assert np.array_equal(np.isfinite(shares), PROBE.auroc > PROBE.threshold)
    assert shares[0, 6] == pytest.approx(1, abs=0.05)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one position"):
        compute_inheritance(
            real=REAL,
            synthetic=REAL,
            real_probe=PROBE,
            synthetic_probe=PROBE,
            positions=np.zeros_like(REGION),
        )
    chance = np.unravel_index(PROBE.auroc.argmin(), PROBE.auroc.shape)
    alone = np.zeros_like(REGION)
    alone[chance] = True
    with pytest.raises(ValueError, match="tells nothing"):
        compute_inheritance(
            real=REAL, synthetic=REAL, real_probe=PROBE, synthetic_probe=PROBE, positions=alone
        )
