from __future__ import annotations

import threading

import numpy as np
import pytest

from core.copies.search import CopyMatches, SearchPreset, search_copies
from core.copies.thumbnails import Thumbnails, stack_thumbnails
from core.copies.transforms import TRANSFORMS, Transform, apply_transform, invert_transform
from core.errors import CancelledError, TooFewImagesError
from core.progress import SilentProgress
from tests.core.copies.films import MANIPULATIONS, draw_films, make_thumbnails

N = 40
COLUMNS = ("real_index", "distance", "pixel_agreement", "overlap", "transform", "warps", "converged")


@pytest.fixture(scope="module")
def films() -> tuple[np.ndarray, ...]:
    return draw_films(0, N)[0]


@pytest.fixture(scope="module")
def real(films) -> Thumbnails:
    return make_thumbnails(films)


@pytest.fixture(scope="module")
def strangers() -> Thumbnails:
    return make_thumbnails(draw_films(1, 20)[0])


def assert_equal(got: CopyMatches, expected: CopyMatches, rows: np.ndarray | slice = slice(None)) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name)[rows], err_msg=name)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_turned_copy_is_at_distance_zero_and_says_how_to_turn_it_back(films, real, transform) -> None:
    copies = [apply_transform(film, transform) for film in films]
    found = search_copies(queries=make_thumbnails(copies), real=real)
    np.testing.assert_array_equal(found.real_index, np.arange(N))
    np.testing.assert_array_equal(found.distance, 0.0)
    np.testing.assert_array_equal(found.pixel_agreement, 1.0)
    np.testing.assert_array_equal(found.overlap, 1.0)
    assert set(found.transforms) == {invert_transform(transform)}
    np.testing.assert_array_equal(found.warps, np.broadcast_to(np.eye(2, 3), (N, 2, 3)))
    assert found.converged.all()


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_manipulated_copies_are_found_nearer_than_any_stranger(films, real, strangers, name: str) -> None:
    rng = np.random.default_rng(0)
    found = search_copies(
        queries=make_thumbnails(MANIPULATIONS[name](film, rng) for film in films), real=real
    )
    np.testing.assert_array_equal(found.real_index, np.arange(N))
    assert found.distance.max() < search_copies(queries=strangers, real=real).distance.min()
    assert found.pixel_agreement.min() > 0.97
    assert found.converged.mean() > 0.9


def test_a_known_shift_comes_back_as_the_warp(films, real) -> None:
    down, right = 5, -3  # pixels of 128
    moved = make_thumbnails(np.roll(film, (down, right), (0, 1)) for film in films)
    found = search_copies(queries=moved, real=real)
    expected = np.array([[1, 0, -2 * right / 128], [0, 1, -2 * down / 128]])
    # The median: a fit may settle a fraction of a pixel away.
    np.testing.assert_allclose(np.median(found.warps, axis=0), expected, atol=0.01)


def test_gain_and_offset_leave_the_match(films, real) -> None:
    changed = [film.astype(np.float64) * 0.5 + 60 for film in films]
    found = search_copies(queries=make_thumbnails(changed), real=real)
    np.testing.assert_array_equal(found.real_index, np.arange(N))
    assert found.distance.max() < 0.02


def test_other_sizes_and_aspect_ratios_are_the_same_picture(films, real) -> None:
    wide = [np.kron(film, np.ones((1, 2), dtype=film.dtype)) for film in films]
    found = search_copies(queries=make_thumbnails(wide), real=real)
    np.testing.assert_array_equal(found.real_index, np.arange(N))
    assert found.distance.max() < 0.2
    turned = search_copies(queries=make_thumbnails(np.rot90(film) for film in wide), real=real)
    np.testing.assert_array_equal(turned.real_index, found.real_index)
    np.testing.assert_array_equal(turned.distance, found.distance)
    assert set(turned.transforms) == {Transform.TURNED_CLOCKWISE}


def test_results_depend_on_neither_blocks_nor_threads_nor_company(real, strangers) -> None:
    expected = search_copies(queries=strangers, real=real, workers=1)
    for block_queries, workers in ((1, 1), (7, 3), (64, 2)):
        got = search_copies(queries=strangers, real=real, block_queries=block_queries, workers=workers)
        assert_equal(got, expected)
    order = np.random.default_rng(1).permutation(20)
    assert_equal(search_copies(queries=strangers.take(order), real=real), expected, order)


def test_the_order_of_real_images_does_not_matter(real, strangers) -> None:
    expected = search_copies(queries=strangers, real=real)
    order = np.random.default_rng(2).permutation(N)
    got = search_copies(queries=strangers, real=real.take(order))
    np.testing.assert_array_equal(order[got.real_index], expected.real_index)
    for name in COLUMNS[1:]:
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


def test_of_equal_real_images_the_first_is_taken(real) -> None:
    found = search_copies(queries=real, real=real.take(np.arange(N).repeat(3)))
    np.testing.assert_array_equal(found.real_index, 3 * np.arange(N))


def test_left_out_images_meet_no_image_of_their_group(real) -> None:
    groups = draw_films(0, N)[1]
    alone = np.arange(N)
    by_image = search_copies(queries=real, real=real, query_groups=alone, real_groups=alone)
    by_patient = search_copies(queries=real, real=real, query_groups=groups, real_groups=groups)
    assert (by_image.real_index != alone).all()
    assert (groups[by_patient.real_index] != groups).all()
    # Films of one patient are alike: leaving them out moves the nearest away.
    assert by_patient.distance.mean() > by_image.distance.mean() + 0.05
    assert by_image.distance.min() > 0


def test_constant_images_match_each_other_and_nothing_else(real) -> None:
    flat = stack_thumbnails([np.full((64, 64), 5000, dtype=np.uint16)])
    against_pictures = search_copies(queries=flat, real=real)
    assert against_pictures.distance[0] == pytest.approx(np.sqrt(2))
    assert against_pictures.pixel_agreement[0] == 0
    with_flat = Thumbnails(np.concatenate([real.values, flat.values]))
    found = search_copies(queries=with_flat, real=with_flat)
    np.testing.assert_array_equal(found.real_index, np.arange(N + 1))
    np.testing.assert_array_equal(found.distance, 0.0)


def test_one_real_image_is_enough_and_none_is_too_few(real, strangers) -> None:
    one = search_copies(queries=strangers, real=real.take(slice(0, 1)))
    assert (one.real_index == 0).all() and (one.distance > 0).all()
    with pytest.raises(TooFewImagesError, match="at least one real image"):
        search_copies(queries=strangers, real=real.take(slice(0, 0)))
    same = np.zeros(N, dtype=np.intp)
    with pytest.raises(TooFewImagesError, match="other groups"):
        search_copies(queries=real, real=real, query_groups=same, real_groups=same)
    with pytest.raises(ValueError, match="both sides"):
        search_copies(queries=real, real=real, real_groups=same)


def test_no_query_gives_no_match(real) -> None:
    found = search_copies(queries=real.take(slice(0, 0)), real=real)
    assert len(found) == 0 and found.warps.shape == (0, 2, 3) and found.transforms == ()


def test_a_smaller_preset_still_finds_plain_copies(real) -> None:
    found = search_copies(queries=real, real=real, preset=SearchPreset(n_candidates=1, n_refined=1))
    np.testing.assert_array_equal(found.distance, 0.0)


class Recorder(SilentProgress):
    def __init__(self, limit: int | None = None) -> None:
        self.stages: list[tuple[str, int]] = []
        self.done, self.limit = 0, limit

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.stages.append((stage, total))

    def advance(self, steps: int = 1) -> None:
        self.done += steps
        if self.limit is not None and self.done >= self.limit:
            raise CancelledError("stopped")


def test_progress_hears_of_every_query(real, strangers) -> None:
    progress = Recorder()
    search_copies(queries=strangers, real=real, block_queries=6, progress=progress, stage="Looking")
    assert progress.stages == [("Looking", 20)] and progress.done == 20


def test_a_cancelled_search_stops_and_leaves_no_thread(real) -> None:
    many = real.take(np.arange(N).repeat(20))
    before = threading.active_count()
    progress = Recorder(limit=8)
    with pytest.raises(CancelledError):
        search_copies(queries=many, real=real, block_queries=4, workers=2, progress=progress)
    assert progress.done == 8
    assert threading.active_count() == before
