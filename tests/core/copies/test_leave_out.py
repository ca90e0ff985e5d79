"""The real set against itself: repeats are put together, and a match is held against the set without the image."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.copies.known_pairs import align_known_pairs
from core.copies.leave_out import leave_out
from core.copies.search import CopyMatches, search_copies
from core.copies.thumbnails import Thumbnails
from core.copies.transforms import Transform
from core.errors import TooFewImagesError
from tests.core.copies.films import draw_films, make_thumbnails


def search_distances(distances: NDArray[np.float64], seen: list[int]):
    """A search over a given matrix of distances."""

    def search(rows: NDArray[np.intp], groups: NDArray[np.intp]) -> CopyMatches:
        seen.append(len(rows))
        free = np.where(groups[rows][:, None] == groups[None, :], np.inf, distances[rows])
        if np.isinf(free).all(axis=1).any():
            raise TooFewImagesError("none is left")
        index = free.argmin(axis=1)
        n = len(rows)
        return CopyMatches(
            index, free[np.arange(n), index], np.ones(n), np.ones(n), np.zeros(n, np.intp),
            np.zeros((n, 2, 3)), np.ones(n, np.bool_),
        )  # fmt: skip

    return search


def make_distances(n: int, seed: int) -> NDArray[np.float64]:
    distances = np.random.default_rng(seed).uniform(0.5, 2.0, (n, n))
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    return distances


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("patients", [1, 3])
def test_match_radius_equals_leaving_each_image_out_by_hand(seed: int, patients: int) -> None:
    n = 30
    distances, groups = make_distances(n, seed), np.arange(n) // patients
    search = search_distances(distances, [])
    found = leave_out(search, groups)
    assert np.array_equal(found.groups, groups)
    radius = found.compute_match_radius(search)
    for row in range(n):
        match = found.matches.real_index[row]
        kept = (groups != groups[row]) & (groups != groups[match])
        assert found.radius[row] == distances[row][groups != groups[row]].min()
        assert radius[row] == distances[match][kept].min()


def test_repeats_are_put_together_and_only_they_look_again() -> None:
    distances = make_distances(20, 0)
    for one, other in ((3, 7), (7, 12), (5, 6)):
        distances[one, other] = distances[other, one] = 0.1
    seen: list[int] = []
    found = leave_out(search_distances(distances, seen), np.arange(20))
    assert found.groups[[3, 7, 12]].tolist() == [3, 3, 3]
    assert found.groups[[5, 6]].tolist() == [5, 5]
    assert (found.radius >= 0.4).all()
    assert seen == [20, 5]


def test_a_set_of_one_picture_cannot_be_left_out() -> None:
    distances = np.full((4, 4), 0.1)
    with pytest.raises(TooFewImagesError):
        leave_out(search_distances(distances, []), np.arange(4))


def test_known_pairs_are_what_a_search_among_that_one_image_finds() -> None:
    films, _ = draw_films(0, 12)
    real = make_thumbnails(films)
    queries = make_thumbnails([films[3][:, ::-1], films[5], films[1]])
    index = np.array([3, 7, 1])
    found = align_known_pairs(queries=queries, real=real, real_index=index)
    assert found.real_index.tolist() == [3, 7, 1]
    assert found.transforms[0] is Transform.MIRRORED_LEFT_RIGHT
    assert found.distance[[0, 2]].tolist() == [0.0, 0.0]
    alone = search_copies(queries=queries.take(slice(1, 2)), real=Thumbnails(real.values[7:8]))
    assert found.distance[1] == alone.distance[0] > 0.4
    assert len(align_known_pairs(queries=queries.take(slice(0, 0)), real=real, real_index=index[:0])) == 0
