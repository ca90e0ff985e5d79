from __future__ import annotations

import numpy as np
import pytest

from core.copies import retrieval
from core.copies.retrieval import RealIndex, find_candidates
from core.copies.thumbnails import Thumbnails, stack_thumbnails
from core.copies.transforms import TRANSFORMS, apply_transform
from core.copies.variants import (
    QUERY_SIDE,
    VARIANT_SIDE,
    VARIANT_WARPS,
    make_variant_masks,
    make_variants,
)
from tests.core.copies.films import draw_films, make_thumbnails


@pytest.fixture(scope="module")
def real() -> Thumbnails:
    return make_thumbnails(draw_films(0, 24)[0])


@pytest.fixture(scope="module")
def queries() -> Thumbnails:
    return make_thumbnails(draw_films(1, 6)[0])


def test_scores_are_masked_correlations(real: Thumbnails, queries: Thumbnails) -> None:
    """Against a naive double loop; both sides are rounded to about a thousandth of their length."""
    found = find_candidates(queries=queries, real=RealIndex(real), n_candidates=24 * 8)
    planes = real.normalise(VARIANT_SIDE).reshape(24, -1).astype(np.float64)
    masks = make_variant_masks().astype(bool)
    for query in range(0, 6, 3):
        rows = np.flatnonzero(found.query == query)
        assert len(rows) == 24 * 8
        assert (np.diff(found.score[rows]) <= 0).all()
        for row in rows[::17]:
            picture = queries.take(slice(query, query + 1)).normalise(QUERY_SIDE)
            turned = apply_transform(picture, TRANSFORMS[found.transform[row]], axes=(1, 2))
            moved = make_variants(turned)[:, 0]
            scores = [
                np.corrcoef(variant[mask], planes[found.real[row]][mask])[0, 1]
                for variant, mask in zip(moved, masks, strict=True)
            ]
            assert found.score[row] == pytest.approx(max(scores), abs=2e-3)
            chosen = [np.array_equal(warp, found.warps[row]) for warp in VARIANT_WARPS]
            assert scores[chosen.index(True)] == pytest.approx(max(scores), abs=2e-3)


def test_variants_lie_where_their_warps_say() -> None:
    """A blob in the query turns up at its warped position."""
    line = (2 * np.arange(QUERY_SIDE) + 1) / QUERY_SIDE - 1
    spot = np.array([0.3, -0.2])
    plane = np.exp(-((line[None] - spot[0]) ** 2 + (line[:, None] - spot[1]) ** 2) / 0.02)
    variants = make_variants(plane[None].astype(np.float32))[:, 0]
    masks = make_variant_masks()
    coarse = (2 * np.arange(VARIANT_SIDE) + 1) / VARIANT_SIDE - 1
    for warp, variant, mask in zip(VARIANT_WARPS, variants, masks, strict=True):
        weight = np.where(mask > 0, np.maximum(variant - 0.1 * variant.max(), 0), 0).reshape(16, 16)
        place = [(weight.sum(axis=axis) * coarse).sum() / weight.sum() for axis in (0, 1)]
        np.testing.assert_allclose(place, warp @ [*spot, 1.0], atol=0.02)
        assert (variant[mask == 0] == 0).all()


def test_blocks_change_nothing_ties_included(real, queries, monkeypatch: pytest.MonkeyPatch) -> None:
    repeated = real.take(np.arange(24).repeat(2))
    expected = find_candidates(queries=queries, real=RealIndex(repeated), n_candidates=7)
    for n_bytes in (1, 5 * 4 * 8 * 6 * len(VARIANT_WARPS), 2**30):
        monkeypatch.setattr(retrieval, "_BLOCK_BYTES", n_bytes)
        monkeypatch.setattr(retrieval, "_INDEX_ROWS", 5)
        got = find_candidates(queries=queries, real=RealIndex(repeated), n_candidates=7)
        for name in ("query", "real", "transform", "warps", "score"):
            np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


def test_groups_are_left_out(real: Thumbnails) -> None:
    groups = np.arange(24) // 3
    found = find_candidates(
        queries=real, real=RealIndex(real), n_candidates=5, query_groups=groups, real_groups=groups
    )
    assert (groups[found.query] != groups[found.real]).all()
    assert (np.bincount(found.query, minlength=24) == 5).all()
    alone = np.zeros(24, dtype=np.intp)
    nothing = find_candidates(
        queries=real, real=RealIndex(real), n_candidates=5, query_groups=alone, real_groups=alone
    )
    assert len(nothing.query) == 0


def test_a_constant_image_finds_its_like_first(real: Thumbnails) -> None:
    flat = stack_thumbnails([np.full((64, 64), value, dtype=np.uint16) for value in (0, 30_000)])
    mixed = Thumbnails(np.concatenate([real.values[:5], flat.values[:1], real.values[5:]]))
    found = find_candidates(queries=flat, real=RealIndex(mixed), n_candidates=3)
    first = np.flatnonzero(np.diff(found.query, prepend=-1))
    assert found.real[first].tolist() == [5, 5]
    np.testing.assert_array_equal(found.score[first], 1.0)
